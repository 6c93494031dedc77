#!/bin/sh
# Copies the documents into a folder, in the tree that they have here, so that their links lead where they
# led. A link to what is not copied, such as a source file, becomes plain text.
#   install-docs.sh SOURCE_DIR DEST
set -eu
source=$1
dest=$2
cd "$source"

list() {
  for file in README.md CHANGELOG.md SECURITY.md CONTRIBUTING.md LICENSE proto/PROTOCOL.md; do
    echo "$file"
  done
  find docs -name '*.md' -o -name '*.png' -o -name '*.svg' -o -path 'docs/scenarios/*' -type f
  find tests/vectors contrib -type f
}

files=$(list | LC_ALL=C sort -u)
for file in $files; do
  mkdir -p "$dest/$(dirname "$file")"
  case $file in
  *.md)
    echo "$files" | awk -v file="$file" '
      # The files come first, on stdin; then the page.
      FILENAME == "-" { there[$0] = 1; n = split($0, parts, "/"); path = ""
                        for (i = 1; i < n; i++) { path = path parts[i]; there[path] = 1; path = path "/" }
                        next }

      # Where a link of this page leads, without its anchor.
      function target(link,    parts, count, i, out, depth) {
        sub(/#.*$/, "", link)
        sub(/\/$/, "", link)
        count = split(dir link, parts, "/")
        depth = 0
        for (i = 1; i <= count; i++) {
          if (parts[i] == "..") depth--
          else if (parts[i] != "." && parts[i] != "") out[++depth] = parts[i]
        }
        link = ""
        for (i = 1; i <= depth; i++) link = link (i > 1 ? "/" : "") out[i]
        return link
      }

      BEGIN { dir = file; if (!sub(/[^\/]*$/, "", dir)) dir = "" }
      { out = ""
        rest = $0
        while (match(rest, /\[[^]]*\]\([^) ]*\)/)) {
          link = substr(rest, RSTART, RLENGTH)
          text = link
          sub(/^\[/, "", text); sub(/\]\(.*$/, "", text)
          sub(/^.*\]\(/, "", link); sub(/\)$/, "", link)
          keep = link ~ /^(#|[a-z]+:)/ || (target(link) in there)
          out = out substr(rest, 1, RSTART - 1) (keep ? substr(rest, RSTART, RLENGTH) : text)
          rest = substr(rest, RSTART + RLENGTH)
        }
        print out rest }' - "$file" >"$dest/$file"
    ;;
  *) cp "$file" "$dest/$file" ;;
  esac
  chmod 644 "$dest/$file"
done
