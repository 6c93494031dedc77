# Turns a page of Markdown, as this project writes it, into a manual page: headings, paragraphs, lists,
# tables, indented blocks, code, emphasis, links. Variables: name, section, title, version.
#   awk -v name=skad-protocol -v section=7 -v title="..." -v version=0.1.0 -f md2man.awk PROTOCOL.md

function plain(text) {
    gsub(/\\/, "\\e", text)
    gsub(/-/, "\\-", text)
    return text
}

# Code, bold, emphasis, links; a line may not begin with a dot or a quote.
function styled(text,    out, at, rest) {
    out = ""
    while (match(text, /`[^`]*`|\*\*[^*]*\*\*|\*[^* ][^*]*\*|\[[^\]]*\]\([^)]*\)/)) {
        out = out plain(substr(text, 1, RSTART - 1))
        at = substr(text, RSTART, RLENGTH)
        rest = substr(text, RSTART + RLENGTH)
        if (at ~ /^`/) {
            out = out "\\fB" plain(substr(at, 2, length(at) - 2)) "\\fP"
        } else if (at ~ /^\*\*/) {
            out = out "\\fB" plain(substr(at, 3, length(at) - 4)) "\\fP"
        } else if (at ~ /^\*/) {
            out = out "\\fI" plain(substr(at, 2, length(at) - 2)) "\\fP"
        } else {
            sub(/^\[/, "", at)
            sub(/\]\(.*$/, "", at)
            out = out styled(at)
        }
        text = rest
    }
    out = out plain(text)
    return out
}

function line(text) {
    text = styled(text)
    if (text ~ /^[.']/) {
        text = "\\&" text
    }
    print text
}

function end_block() {
    if (block) {
        print ".EE\n.RE"
        block = 0
    }
}

# A row: what its first cell names, then the others.
function row(text,    cells, count, i, rest) {
    gsub(/\\\|/, "\001", text)
    sub(/^\| */, "", text)
    sub(/ *\|? *$/, "", text)
    count = split(text, cells, / *\| */)
    rest = ""
    for (i = 2; i <= count; i++) {
        if (cells[i] != "") {
            rest = rest (rest == "" ? "" : "; ") cells[i]
        }
        gsub(/\001/, "|", rest)
    }
    gsub(/\001/, "|", cells[1])
    print ".TP"
    line(cells[1] == "" ? rest : cells[1])
    if (rest != "" && cells[1] != "") {
        line(rest)
    }
}

BEGIN {
    printf ".TH %s %s \"\" \"skad %s\" \"%s\"\n", toupper(name), section, version, title
    printf ".SH NAME\n%s \\- %s\n", plain(name), plain(title)
}

# A paragraph begins where there is text again.
function paragraph() {
    if (gap) {
        print ".PP"
    }
    gap = 0
}

/^# / { print ".SH DESCRIPTION"; headed = 1; next }
/^## / { end_block(); sub(/^## /, ""); print ".SH " toupper(styled($0)); gap = 0; headed = 1; next }
/^###+ / { end_block(); sub(/^###+ /, ""); print ".SS " styled($0); gap = 0; headed = 1; next }
/^\|[-| :]*\|? *$/ { next }
/^\|/ { end_block(); gap = 0; row($0); table = 1; next }
table { table = 0; gap = 1 }
/^```/ { if (block) end_block(); else { print ".RS 4\n.EX"; block = 1; fenced = 1 } next }
/^    [^ ]/ || (block && /^    /) {
    if (!block) { paragraph(); print ".RS 4\n.EX"; block = 1; fenced = 0 }
    text = plain(substr($0, fenced ? 1 : 5))
    print (text ~ /^[.']/ ? "\\&" : "") text
    next
}
block && fenced { text = plain($0); print (text ~ /^[.']/ ? "\\&" : "") text; next }
/^$/ { if (block) end_block(); gap = !headed; next }
{ headed = 0 }
/^- / { end_block(); gap = 0; print ".IP \\(bu 2"; line(substr($0, 3)); next }
/^[0-9]+\. / { end_block(); gap = 0; print ".IP " $1 " 4"; sub(/^[0-9]+\. /, ""); line($0); next }
{ end_block(); sub(/^ +/, ""); paragraph(); line($0) }
END { end_block() }
