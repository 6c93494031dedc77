#!/usr/bin/env python3
"""Plays all scenes with a client of the control protocol.

  conformance.py [--only TEXT] ADAPTER [ARGUMENT...]

ADAPTER is a program that drives the client (README.md). Prints each scene; the exit code is 1 if one
fails, and 2 if the adapter cannot be begun. `--only` plays those whose names contain the text.
"""
import sys

from harness import Adapter, Broken, Skipped, play
from scenes import SCENES


def main():
    arguments = sys.argv[1:]
    only = ""
    if arguments[:1] == ["--only"] and len(arguments) > 1:
        only, arguments = arguments[1], arguments[2:]
    if not arguments:
        print(__doc__, file=sys.stderr)
        sys.exit(2)
    try:
        Adapter(arguments).close()
    except (Broken, OSError, ValueError) as problem:
        print(f"conformance: {arguments[0]} cannot be begun: {problem}", file=sys.stderr)
        sys.exit(2)
    passed, failed, skipped = 0, 0, 0
    for name, scene in SCENES:
        if only not in name:
            continue
        wrong = play(scene, arguments)
        if wrong is None:
            passed += 1
            print(f"ok    {name}")
        elif isinstance(wrong, Skipped):
            skipped += 1
            print(f"skip  {name}: the adapter does not do '{wrong}'")
        else:
            failed += 1
            print(f"FAIL  {name}: {wrong}")
    print(f"{passed} passed, {failed} failed, {skipped} skipped")
    sys.exit(1 if failed or not passed else 0)


main()
