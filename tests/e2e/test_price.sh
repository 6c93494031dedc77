#!/usr/bin/env bash
# skad price: what identities cost, for people and for scripts; what is wrong is told in a line.
. "$(dirname "$0")/lib.sh"

# field JSON NAME: the number behind the first member of that name.
field() {
    grep -o "\"$2\":[0-9.e+-]*" <<<"$1" | head -n 1 | cut -d: -f2
}

say "one row for each good"
expect 0 "$skad" price --profile test --seconds 1
for row in "^skad-test-1: 8 KiB a try" "a core of this machine: " "attacker of reference: " "^one identity " \
    "^one percent of the network, 100 " "^a key: 256 all over its region " "^a key: 256 before the first honest node "; do
    grep -q "$row" "$work/out" || fail "no '$row' in: $(cat "$work/out")"
done

say "the figures follow from the options"
json=$("$skad" price --profile test --seconds 1 --nodes 16000 --ids 10 --core-rate 80 --gpu-rate 160 \
    --core-hour 36 --gpu-hour 90 --json)
[ "$(grep -c '^{.*}$' <<<"$json")" -eq 1 ] || fail "no object: $json"
percent=${json#*'"percent":'}
region=${json#*'"capture_region":'}
nearest=${json#*'"capture_nearest":'}
# An identity: 2^4 and 2^6 tries, a second of a core.
[ "$(field "$json" tries)" = 80 ] || fail "an identity: $json"
[ "$(field "$percent" identities)" = 160 ] || fail "a percent: $percent"
# Ten in a region of a thousandth: 10,000 draws of 16, ten nonces of 64; 2,008 core-seconds.
[ "$(field "$region" tries)" = 160640 ] || fail "a region: $region"
[ "$(field "$region" core_hours)" = 0.557778 ] || fail "core-hours: $region"
[ "$(field "$region" gpu_hours)" = 0.278889 ] || fail "GPU-hours: $region"
[ "$(field "$region" money)" = 20.08 ] || fail "money: $region"
[ "$(field "$nearest" tries)" = 2.56064e+06 ] || fail "the nearest: $nearest"

say "bad input"
while read -r line; do
    read -ra words <<<"$line"
    expect 2 "$skad" price "${words[@]}"
    head -n 1 "$work/err" | grep -q "^skad: --" || fail "no complaint: $line: $(cat "$work/err")"
done <<EOF2
--nodes 0
--ids 0
--core-rate fast
--gpu-rate 0
--core-hour -1
--gpu-hour cheap
--seconds 0
--profile none
EOF2
say "passed"
