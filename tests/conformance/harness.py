"""The list of checks, and running them."""

import time
import traceback
from typing import Any, Callable, List, NamedTuple, Optional, TextIO

import wire
from target import Endpoint, Failure, Loop, Skip, Target, Unanswered


class Check(NamedTuple):
    """A check's name is `SECTION: what the sentence demands`."""

    name: str
    run: Callable[["Context"], None]


CHECKS: List[Check] = []

OFFENCES_MAX = 8  # of one endpoint
UNANSWERED_MAX = 5  # checks in a row, after which the node is given up
RUN_S = 110


def check(name: str) -> Callable[[Callable[["Context"], None]], Callable[["Context"], None]]:
    """Adds the function below to the list."""

    def add(function: Callable[["Context"], None]) -> Callable[["Context"], None]:
        CHECKS.append(Check(name, function))
        return function

    return add


def check_each(section: str, cases: List[Any], run: Callable[["Context", Any], None]) -> None:
    """Adds one check for each case; a case's first element is its description."""
    for case in cases:
        CHECKS.append(Check(f"{section}: {case[0]}", lambda context, case=case: run(context, case)))


class Context:
    """What the checks of one run share."""

    def __init__(self, target: Target, other: Optional[Target], loop: Loop, slow: bool):
        self.target = target
        self.other = other  # the same node at an address of the other family
        self.loop = loop
        self.slow = slow
        self.client = Endpoint(target)
        self._nodes: List[Endpoint] = []
        self._offender = self.client
        self._offences = 0

    def fresh(self, plays_node: bool = False) -> Endpoint:
        """An endpoint of its own, with an identity that the target has never seen."""
        return Endpoint(self.target, plays_node)

    def offender(self) -> Endpoint:
        """An endpoint for one record that is no record, which a node may count against its sender.
        It changes before there are many."""
        if self._offences % OFFENCES_MAX == 0:
            self._offender = self.fresh()
        self._offences += 1
        return self._offender

    def needs_counters(self) -> Any:
        """The counters; skips the check without them."""
        if self.target.counters is None:
            raise Skip("no --status")
        return self.target.counters

    def needs_other(self) -> Target:
        """The node's address of the other family; skips the check without one."""
        if self.other is None:
            raise Skip("no --also")
        return self.other

    def nodes(self, count: int = 20) -> List[Endpoint]:
        """So many endpoints that the target has met as nodes and keeps as contacts."""
        while len(self._nodes) < count:
            self._nodes.append(Endpoint(self.target, plays_node=True))
        missing = [node for node in self._nodes if not node.requests]
        for node in missing:
            node.ask(wire.PING)
        if missing:
            self.loop.run(10.0, lambda: all(node.requests for node in missing))
            self.loop.run(0.2)  # the node hears the last answers, and looks itself up
        return self._nodes


class Outcome(NamedTuple):
    """How a check ended, and what there is to say about it."""

    word: str  # pass, skip or FAIL
    detail: str = ""
    answered: bool = True


def _run_one(context: Context, function: Callable[[Context], None]) -> Outcome:
    try:
        function(context)
    except Skip as reason:
        return Outcome("skip", str(reason))
    except Failure as failure:
        return Outcome("FAIL", str(failure), not isinstance(failure, Unanswered))
    except Exception:  # a fault of the prober or of the machine: told, and counted as a failure
        return Outcome("FAIL", traceback.format_exc())
    return Outcome("pass")


def run_checks(context: Context, chosen: List[Check], verbose: bool, out: TextIO) -> int:
    """Runs checks in their order; returns how many failed."""
    counts = {"pass": 0, "skip": 0, "FAIL": 0}
    unanswered = 0
    started = time.monotonic()
    for place, (name, function) in enumerate(chosen):
        late = time.monotonic() - started > RUN_S and not context.slow
        if late or unanswered == UNANSWERED_MAX:
            left = len(chosen) - place
            why = f"{RUN_S} s are over" if late else "the node answers no more"
            print(f"FAIL  {left} checks were not run: {why}", file=out)
            counts["FAIL"] += left
            break
        outcome = _run_one(context, function)
        counts[outcome.word] += 1
        unanswered = 0 if outcome.answered else unanswered + 1
        if verbose or outcome.word == "FAIL":
            print(f"{outcome.word}  {name}", file=out)
            if outcome.detail:
                print(f"      {outcome.detail}", file=out)
            out.flush()
    if counts["skip"]:
        print(f"{counts['skip']} skipped: they need --status, --also or --slow", file=out)
    print(f"{counts['pass']} passed, {counts['FAIL']} failed", file=out, flush=True)
    return counts["FAIL"]
