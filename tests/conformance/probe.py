#!/usr/bin/env python3
"""Probes a node of the network `test` for what PROTOCOL.md demands of it.

It sends datagrams to ADDR:PORT, correct ones and broken ones, and compares what comes back with the
protocol. It starts nothing itself. The last line is `N passed, N failed`; the exit code is 0 if
nothing failed, 1 if something did, 2 if the node could not be probed at all.
"""

import argparse
import importlib.util
import os
import subprocess
import sys
from typing import List, Tuple

if importlib.util.find_spec("nacl") is None:
    sys.exit("probe: needs PyNaCl (Debian: python3-nacl)")

import checks_batch
import checks_body
import checks_envelope
import checks_families
import checks_forward
import checks_holder
import checks_lookup
import checks_records
import checks_requester
import checks_sender
import checks_token
from harness import CHECKS, Context, check, run_checks
from target import Counters, Endpoint, Failure, Loop, Target, demand

MODULES = (
    checks_envelope, checks_sender, checks_body, checks_batch, checks_token, checks_records,
    checks_holder, checks_lookup, checks_forward, checks_requester, checks_families,
)  # the order of the checks


@check("Drop reasons: what had to be dropped was not answered later either")
def nothing_came_late(context: Context) -> None:
    context.loop.run(0.3)
    late = context.target.late_replies()
    demand(late == 0, f"{late} late replies to datagrams that had to be dropped")


@check("Envelope: everything that the node sent is acceptable")
def all_was_acceptable(context: Context) -> None:
    faults = context.client.faults
    demand(not faults, f"{len(faults)} unacceptable datagrams, for example: {faults[:1]}")


def split_address(text: str) -> Tuple[str, int]:
    """`192.0.2.1:4700` or `[2001:db8::1]:4700`."""
    host, colon, port = text.rpartition(":")
    if not colon or not port.isdigit() or not 0 < int(port) < 65536:
        raise argparse.ArgumentTypeError(f"{text!r} is not ADDR:PORT")
    return host.strip("[]"), int(port)


def parse(arguments: List[str]) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("address", metavar="ADDR:PORT", nargs="?", type=split_address)
    parser.add_argument("--also", metavar="ADDR:PORT", type=split_address,
                        help="the same node at an address of the other family")
    parser.add_argument("--status", metavar="CMD",
                        help="a command that prints `skad status --json` of the node, or the path "
                             "of its control socket: drops are then checked by their reasons, too")
    parser.add_argument("--only", metavar="TEXT", help="checks whose name contains the text")
    parser.add_argument("--list", action="store_true", help="print the names of the checks")
    parser.add_argument("--slow", action="store_true",
                        help="wait until a token expires, which takes eighty minutes, and until a "
                             "node that holds nothing else knows its digests")
    parser.add_argument("-v", "--verbose", action="store_true", help="name what passes, too")
    options = parser.parse_args(arguments)
    if options.address is None and not options.list:
        parser.error("ADDR:PORT is missing")
    return options


def main(arguments: List[str]) -> int:
    """Runs the prober; returns its exit code."""
    options = parse(arguments)
    chosen = [one for one in CHECKS if options.only is None or options.only in one.name]
    if options.list:
        print("\n".join(one.name for one in chosen))
        return 0
    loop = Loop()
    try:
        counters = Counters.of(options.status)
        if counters:
            counters.drops()
        target = Target(*options.address, loop, counters)
        other = Target(*options.also, loop, counters) if options.also else None
        for each in filter(None, (target, other)):
            each.learn(Endpoint(each))
    except (Failure, OSError, KeyError, ValueError, subprocess.SubprocessError) as error:
        print(f"probe: {error}", file=sys.stderr)
        return 2
    context = Context(target, other, loop, options.slow)
    failed = run_checks(context, chosen, options.verbose, sys.stdout)
    return 1 if failed else 0


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except BrokenPipeError:
        os._exit(1)
    except KeyboardInterrupt:
        sys.exit(130)
