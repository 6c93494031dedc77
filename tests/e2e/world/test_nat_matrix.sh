#!/usr/bin/env bash
# Who can store at and fetch from whom, behind which NAT: prints the matrix, what each node believes of
# itself, and how many seconds it needed. Each must put and get, and none may believe what is wrong.
# As a script: tests/e2e/world/test_nat_matrix.sh build/skad
# shellcheck disable=SC1091,SC2034,SC2154 # world.sh has the rest
. "$(dirname "$0")/world.sh"
. "$world_dir/nat.sh"
need python3

servers=(p1 p2 p3 p4 p5 p6 p7 p8)
guarded=(full address port symmetric double firewalled both)
verdicts_s=${verdicts_s:-75} # verdicts are waited for so long after the start of the nodes

make_internet
printf 'base = public\nname = nats\nstatic_bits = 4\ndynamic_bits = 6\n' >"$work/nats"
profile=$work/nats
add_public "${servers[@]}"
for name in "${servers[@]}"; do # half of them are known by each family
    first="${ipv4_of[p1]}:4700"
    [[ $name != p[2468] ]] || first="[${ipv6_of[p1]}]:4700"
    with at "$name" -- start_node "$name" --join "$first"
done
for name in "${servers[@]}"; do
    wait_for 20 joined "$name"
done
for kind in full address port symmetric firewalled; do
    add_nat "r-$kind" "$kind"
    add_inside "$kind" "r-$kind"
done
add_nat carrier port
add_nat home --behind carrier port
add_inside double home
add_nat r-both port open6
add_inside both r-both
for name in "${guarded[@]}"; do
    with at "$name" -- start_node "$name" --join "${ipv4_of[p3]}:4700" --join "[${ipv6_of[p4]}]:4700"
done
started=$SECONDS
for name in "${guarded[@]}"; do
    wait_for 20 joined "$name"
done
say "${#servers[@]} public nodes and ${#guarded[@]} behind routers have joined"

# ---- Verdicts ----

# What is true, by IPv4 and IPv6; `-` where there is no address of the family.
declare -A truth=([full]="yes -" [address]="no -" [port]="no -" [symmetric]="no -" [double]="no -"
    [firewalled]="- no" [both]="no yes")
for name in "${servers[@]}"; do
    truth[$name]="yes yes"
done
declare -A found=() needed=()
nodes=("${servers[@]}" "${guarded[@]}")

# look: notes what each node believes now. A wrong belief fails; all of them are right: true.
look() {
    local name open=0 i
    for name in "${nodes[@]}"; do
        local want has
        read -ra want <<<"${truth[$name]}"
        has=("$(field "$name" reach.ipv4.reached)" "$(field "$name" reach.ipv6.reached)")
        for i in 0 1; do
            [ "${want[i]}" != - ] || has[i]=-
            if [ "${has[i]}" = unknown ]; then
                [[ $name = p? ]] || open=1 # a public node that no stranger asked is a server all the same
            elif [ "${has[i]}" != "${want[i]}" ]; then
                fail "$name believes '${has[*]}', not '${want[*]}'"
            elif [ -z "${needed[$name]:-}" ] && [ "${has[*]}" = "${want[*]}" ]; then
                needed[$name]=$((SECONDS - started))
            fi
        done
        found[$name]="${has[*]}"
    done
    [ "$open" = 0 ]
}
until look || [ $((SECONDS - started)) -ge "$verdicts_s" ]; do
    sleep 1
done

# ---- The matrix ----

declare -A cell=() keys=()
all=(p1 p8 "${guarded[@]}")
for from in "${all[@]}"; do
    head -c 300 /dev/urandom >"$work/$from.value"
    keys[$from]=$(ask "$from" put "$work/$from.value") || fail "$from cannot put"
done
for to in "${all[@]}"; do
    for from in "${all[@]}"; do
        ask "$to" get "${keys[$from]}" -o "$work/got" || fail "$to cannot get what $from put"
        cmp -s "$work/got" "$work/$from.value" || fail "$to got another value than $from put"
        rm -f "$work/got"
        cell[$from,$to]=ok
    done
done

# Whether others would ask it: it holds what others put, and says that it is a server.
printf '\n%-10s  %-12s %-14s %-9s %-8s' node reached role seconds records
printf ' %-10s' "${all[@]}"
echo
for from in "${all[@]}"; do
    role="$(field "$from" reach.ipv4.role) $(field "$from" reach.ipv6.role)"
    records=$(field "$from" store.records)
    printf '%-10s  %-12s %-14s %-9s %-8s' "$from" "${found[$from]}" "$role" "${needed[$from]:--}" "$records"
    for to in "${all[@]}"; do
        printf ' %-10s' "${cell[$from,$to]}"
    done
    echo
done
echo 'rows put, columns get; seconds from the start of the node to a verdict that is right'

sure=0
for name in "${guarded[@]}"; do
    [ -z "${needed[$name]:-}" ] || sure=$((sure + 1))
done
[ "$sure" -ge 1 ] || fail "none of ${#guarded[@]} nodes behind routers knows what it is after $verdicts_s s"
say "passed: $sure of ${#guarded[@]} behind routers are sure"
