#!/usr/bin/env bash
# The report: one file that asks for nothing else, with a figure for everything that was measured, each
# with its command, seeds, version and kind of cryptography; what is missing is told.
. "$(dirname "$0")/lib.sh"
here=$(cd "$(dirname "$0")" && pwd)
says() { # TEXT: the last complaint is one line that contains it
    grep -qF -- "$1" "$work/err" || fail "no '$1' in: $(cat "$work/err")"
    [ "$(wc -l <"$work/err")" -eq 1 ] || fail "more than a line: $(cat "$work/err")"
}

say "sweeps to report"
"$skad" sim adversary --nodes 200 --fraction 0:0.6:0.2 --paths 1,4 --lookups 50 --worlds 2 --out "$work/adversary.jsonl" >/dev/null
"$skad" sim run /dev/null --set nodes=60 --set values=3 --set get_every_ms=200 --set lookups=200 --set churn=exponential \
    --set uptime_min=2 --set duration_s=60 --set report_every_s=10 --worlds 2 --out "$work/run.jsonl" >/dev/null
"$skad" sim ablate --attack none,crowd,drop --without none,regions,all --nodes 60 --worlds 2 --set duration_s=10 \
    --set lookups=10 --out "$work/ablate.jsonl" >"$work/matrix"
grep -q '^crowd  *gets ' "$work/matrix" || fail "no matrix: $(cat "$work/matrix")"
"$skad" sim capture --honest 100 --ground 16 --placement nearest,spread --worlds 2 --gets 4 --wait 20 --out "$work/capture.jsonl" >/dev/null

say "CSV without gnuplot"
cd "$work"
timeout=$(command -v timeout)
env PATH=/nonexistent "$timeout" 60 "$skad" sim report adversary.jsonl --csv || fail "CSV needs gnuplot"
[ "$(head -n 1 report.csv | tr -d '\r')" = "command,setting,section,measure,value,low,high,by,over" ] || fail "$(head -n 1 report.csv)"
[ "$(grep -c '"adversary","adversary_share=0.4 paths=4",lookups,success,' report.csv)" -eq 1 ] || fail "no row of one setting"
python3 -c '
import csv
rows = list(csv.DictReader(open("report.csv", newline="")))
assert len(rows) > 8 * 8 and all(len(row) == 9 and None not in row for row in rows)
assert all(float(r["low"]) <= float(r["value"]) <= float(r["high"]) for r in rows if r["by"])' || fail "the CSV is none"
rm report.csv

say "a missing gnuplot is told in one line, and leaves no page"
code=0
env PATH=/nonexistent "$timeout" 60 "$skad" sim report adversary.jsonl -o none.html 2>err || code=$?
[ "$code" -eq 1 ] || fail "exit code $code"
says "there is no gnuplot: install it (apt-get install gnuplot-nox)"
[ ! -e none.html ] || fail "half a page"

say "bad input"
for case in "report: give -o FILE.html|adversary.jsonl" "cannot read|missing.jsonl -o x.html" "RESULTS: is missing|-o x.html"; do
    # shellcheck disable=SC2086 # words
    expect 2 "$skad" sim report ${case#*|}
    says "${case%%|*}"
done
if ! command -v gnuplot >/dev/null; then
    echo "skipped: figures, without gnuplot (script/bootstrap tools)"
    exit 77
fi

say "one page, and each figure tells where it is from"
# Shards of one sweep go together; one that lacks an experiment says so.
sed '/"line":"result","experiment":3,/d' capture.jsonl >part.jsonl
mkdir page
"$skad" sim report ablate.jsonl adversary.jsonl run.jsonl part.jsonl -o page/report.html --csv --svg page >out
grep -q "part.jsonl: 1 of 4 experiments are missing: 3" out || fail "said: $(cat out)"
grep -q '<p class="missing">This sweep was interrupted: 1 of 4 experiments are missing: 3. Run it again with --resume' page/report.html ||
    fail "nothing is missing"
[ -s page/report.csv ] || fail "no CSV beside it"
for name in ablate-1-ablation ablate-1-cost-requests adversary-2-lookups-success adversary-2-prefixes \
    run-3-gets-over-time run-3-lookups-over-time run-3-tables-over-time capture-4-gets-success capture-4-prefixes; do
    [ -s "page/$name.svg" ] || fail "no figure $name: $(ls page)"
    grep -q "id=\"$name\"" page/report.html || fail "$name is not in the page"
done
python3 - page/*.svg <<'EOF' || fail "an SVG is no XML"
import sys, xml.etree.ElementTree as tree
for path in sys.argv[1:]:
    root = tree.parse(path).getroot()
    assert root.attrib["aria-label"] and len(list(root.iter())) > 20, path
EOF
figures=$(grep -c '^<figure>' page/report.html)
[ "$figures" -eq "$(ls page/*.svg | wc -l)" ] || fail "$figures figures"
[ "$(grep -c 'skad sim .*</code>, seeds 1 to 2, skad [0-9.]*, modelled cryptography</figcaption>' page/report.html)" -eq "$figures" ] ||
    fail "a figure does not tell its command, seeds, version and cryptography"
! grep -qiE '<script|<link|<img|@import|url\(|src=' page/report.html || fail "it loads something"
grep -q 'prefers-color-scheme:dark' page/report.html || fail "no dark scheme"
grep -q '@media print' page/report.html || fail "no style for print"
python3 - page/report.html <<'EOF' || fail "tags or IDs do not fit together"
import sys
from html.parser import HTMLParser
class Checker(HTMLParser):
    void = {"meta", "br", "link"}
    open, ids = [], set()
    def handle_starttag(self, tag, attrs):
        for name, value in attrs:
            if name == "id":
                assert value not in self.ids, value
                self.ids.add(value)
        if tag not in self.void:
            self.open.append(tag)
    def handle_endtag(self, tag):
        assert self.open.pop() == tag, tag
checker = Checker()
checker.feed(open(sys.argv[1]).read())
assert not checker.open
EOF

say "a browser asks for the page alone, and shows every plot"
if ! command -v chromium >/dev/null; then
    echo "skipped: the browser, without chromium (script/bootstrap tools)"
    say "passed"
    exit 0
fi
[ "$(python3 "$here/browse.py" requests page report.html)" = "/report.html" ] || fail "it asked for more"
printf '<p>x<img src="http://elsewhere.example/picture.png">' >page/other.html
python3 "$here/browse.py" requests page other.html | grep -q "/picture.png" || fail "this test does not notice requests"
printf '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"></svg>' >page/blank.svg
(cd page && ls ./*.svg) | sed 's,^\./,,' | xargs python3 "$here/browse.py" pictures page
blank=$(stat -c %s page/blank.svg.png)
for picture in page/*.svg.png; do
    [ "$picture" = page/blank.svg.png ] || [ "$(stat -c %s "$picture")" -gt $((2 * blank)) ] || fail "$picture is empty"
done
[ -z "${SKAD_PICTURES:-}" ] || cp page/*.png "$SKAD_PICTURES"
say "passed"
