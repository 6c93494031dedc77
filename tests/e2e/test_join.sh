#!/usr/bin/env bash
# Joining through a list of addresses some of which cannot be used: these are named, the others do.
. "$(dirname "$0")/lib.sh"

say "one bad address among several is skipped and named"
start_node first --listen 127.0.0.1:0
wait_for 20 answers first
good=$(address_of first)
start_node second --listen 127.0.0.1:0 --join 192.0.2.1:4700 --join "$good" --join '[2001:4860::1]:9'
wait_for 20 status_is second joined true
grep -q 'warning: cannot join through 192.0.2.1:4700: nothing may be sent' "$work/second/log" ||
    fail "does not name the special-purpose address"
grep -q 'warning: cannot join through \[2001:4860::1\]:9: this node has no IPv6' "$work/second/log" ||
    fail "does not name the address of the other family"
stop_node "$started"

say "says when none can be used"
start_node third --listen 127.0.0.1:0 --join 192.0.2.1:4700
wait_for 20 grep -q 'error: cannot join: none of the addresses' "$work/third/log"
stop_node "$started"
say "passed"
