"""Bodies of requests: their form is checked after the signature, and decides whether there is an
answer. PROTOCOL.md, "Bodies"."""

from typing import Any, List, Tuple

import wire
from harness import Context, check_each
from strict_msgpack import Raw, encode
from target import demand
from wire import (
    ANNOUNCE,
    AUDIT,
    CALL,
    COMPARE,
    FIND_NODE,
    FIND_VALUE,
    FORWARD,
    INTRODUCE,
    MATCH,
    PING,
    PROBE,
    PROVE,
    STORE,
)

KEY = bytes(range(32))
RECORD = encode([1, b"x"])

FLAWS: List[Tuple[str, int, Any]] = [
    ("an element", PING, [None]),
    ("an empty array in two bytes too many", PING, Raw(b"\xdc\x00\x00")),
    ("nil", PING, None),
    ("a map", PING, Raw(b"\x80")),
    ("an integer", PING, 0),
    ("an empty bin", PING, b""),
    ("a byte after it", PING, Raw(b"\x90\xc0")),
    ("two bodies", PING, Raw(b"\x90\x90")),
    ("nothing", FIND_NODE, []),
    ("no want", FIND_NODE, [KEY]),
    ("a third element", FIND_NODE, [KEY, 3, 0]),
    ("a target of 31 bytes", FIND_NODE, [KEY[1:], 3]),
    ("a target of 33 bytes", FIND_NODE, [KEY + b"x", 3]),
    ("a target of no bytes", FIND_NODE, [b"", 3]),
    ("a target nil", FIND_NODE, [None, 3]),
    ("a target with bin 16", FIND_NODE, [Raw(b"\xc5\x00\x20" + KEY), 3]),
    ("a target as str", FIND_NODE, [Raw(b"\xd9\x20" + KEY), 3]),
    ("want 0", FIND_NODE, [KEY, 0]),
    ("want 4", FIND_NODE, [KEY, 4]),
    ("want 257", FIND_NODE, [KEY, 257]),
    ("want nil", FIND_NODE, [KEY, None]),
    ("want in two bytes", FIND_NODE, [KEY, Raw(b"\xcc\x03")]),
    ("want as int 8", FIND_NODE, [KEY, Raw(b"\xd0\x03")]),
    ("no type", FIND_VALUE, [KEY, 3]),
    ("a fourth element", FIND_VALUE, [KEY, 3, 1, 0]),
    ("a publisher for type 1", FIND_VALUE, [KEY, 3, 1, KEY]),
    ("a publisher of 31 bytes", FIND_VALUE, [KEY, 3, 3, KEY[1:]]),
    ("a publisher nil", FIND_VALUE, [KEY, 3, 3, None]),
    ("a fifth element", FIND_VALUE, [KEY, 3, 3, KEY, 0]),
    ("a key of 31 bytes", FIND_VALUE, [KEY[1:], 3, 1]),
    ("want 0", FIND_VALUE, [KEY, 0, 1]),
    ("want 4", FIND_VALUE, [KEY, 4, 1]),
    ("type 0", FIND_VALUE, [KEY, 3, 0]),
    ("type 4", FIND_VALUE, [KEY, 3, 4]),
    ("type 257", FIND_VALUE, [KEY, 3, 257]),
    ("type nil", FIND_VALUE, [KEY, 3, None]),
    ("an empty record", STORE, [b"", None, 3600]),
    ("a record of 1006 bytes", STORE, [bytes(1006), None, 3600]),
    ("a record nil", STORE, [None, None, 3600]),
    ("a record as an array", STORE, [[1, b"x"], None, 3600]),
    ("no cas", STORE, [RECORD, 3600]),
    ("no life_s", STORE, [RECORD, None]),
    ("cas as a bin", STORE, [RECORD, b"\x01", 3600]),
    ("cas as int 8", STORE, [RECORD, Raw(b"\xd0\x01"), 3600]),
    ("life_s 0", STORE, [RECORD, None, 0]),
    ("life_s 2^32", STORE, [RECORD, None, 1 << 32]),
    ("life_s nil", STORE, [RECORD, None, None]),
    ("life_s in five bytes", STORE, [RECORD, None, Raw(b"\xce\x00\x00\x0e\x10")]),
    ("a fourth element", STORE, [RECORD, None, 3600, 0]),
    ("no record", ANNOUNCE, []),
    ("a second element", ANNOUNCE, [RECORD, None]),
    ("an empty record", ANNOUNCE, [b""]),
    ("a record of 1006 bytes", ANNOUNCE, [bytes(1006)]),
    ("a record nil", ANNOUNCE, [None]),
    ("arrays nested 5 deep", ANNOUNCE, [[[[[]]]]]),
]


def _is_dropped(context: Context, case: Tuple[str, int, Any]) -> None:
    _, kind, body = case
    if not context.client.token:
        context.client.ask(PING)
    sealed = context.client.seal(kind, encode(body), token=context.client.token)
    context.client.is_dropped(sealed, "body")


for flaw in FLAWS:
    check_each(f"Bodies: refused in {wire.KIND_NAMES[flaw[1]]}", [flaw], _is_dropped)

FLAWS_OF_COMPARE = [
    ("no print", COMPARE, [b""]),
    ("a print of 23 bytes", COMPARE, [bytes(23)]),
    ("a print of 25 bytes", COMPARE, [bytes(25)]),
    ("41 prints", COMPARE, [bytes(41 * 24)]),
    ("prints nil", COMPARE, [None]),
    ("prints twice", COMPARE, [bytes(24), bytes(24)]),
]

for flaw in FLAWS_OF_COMPARE:
    check_each("Bodies: refused in COMPARE", [flaw], _is_dropped)

FLAWS_OF_CALLS = [
    ("one element", PROBE, [0]),
    ("an ID of 31 bytes", CALL, [bytes(31), bytes((127, 0, 0, 1, 9, 9))]),
    ("an endpoint of 7 bytes", CALL, [bytes(32), bytes(7)]),
    ("no endpoint", CALL, [bytes(32)]),
    ("nothing", INTRODUCE, []),
    ("an ID of 33 bytes", INTRODUCE, [bytes(33)]),
    ("an endpoint", INTRODUCE, [bytes(32), bytes((127, 0, 0, 1, 9, 9))]),
]

for flaw in FLAWS_OF_CALLS:
    check_each("Bodies: refused in PROBE, CALL and INTRODUCE", [flaw], _is_dropped)

FLAWS_OF_MATCH = [
    ("63 digests", MATCH, [0, bytes(504)]),
    ("65 digests", MATCH, [0, bytes(520)]),
    ("128 bits", MATCH, [128, bytes(512)]),
    ("digests nil", MATCH, [0, None]),
    ("no bits", MATCH, [bytes(512)]),
]

for flaw in FLAWS_OF_MATCH:
    check_each("Bodies: refused in MATCH", [flaw], _is_dropped)

FLAWS_OF_FORWARD = [
    ("aim 3", FORWARD, [KEY, 3, 3, 0, 3000]),
    ("aim 5", FORWARD, [KEY, 5, 3, 0, 3000]),
    ("want 0", FORWARD, [KEY, 0, 0, 0, 3000]),
    ("want 4", FORWARD, [KEY, 0, 4, 0, 3000]),
    ("a budget of 33", FORWARD, [KEY, 0, 3, 33, 3000]),
    ("life_ms 0", FORWARD, [KEY, 0, 3, 0, 0]),
    ("life_ms 10001", FORWARD, [KEY, 0, 3, 0, 10001]),
    ("a target of 31 bytes", FORWARD, [bytes(31), 1, 3, 0, 3000]),
    ("a target of 33 bytes", FORWARD, [bytes(33), 2, 3, 0, 3000]),
    ("a target nil", FORWARD, [None, 0, 3, 0, 3000]),
    ("a record for a target", FORWARD, [encode([1, b"value"]), 1, 3, 0, 3000]),
    ("a key for a record", FORWARD, [KEY, 4, 3, 0, 3000]),
    ("an announcement", FORWARD, [encode([3, KEY, KEY, 1, 1 << 40, b"", b"", bytes(64)]), 4, 3, 0, 3000]),
    ("no life_ms", FORWARD, [KEY, 0, 3, 0]),
    ("a sixth element", FORWARD, [KEY, 0, 3, 0, 3000, 0]),
]

for flaw in FLAWS_OF_FORWARD:
    check_each("Bodies: refused in FORWARD", [flaw], _is_dropped)

FLAWS_OF_AUDITS = [
    ("a challenge of 15 bytes", AUDIT, [0, bytes(15)]),
    ("a challenge of 17 bytes", AUDIT, [0, bytes(17)]),
    ("no round", AUDIT, [bytes(16)]),
    ("a round of nil", AUDIT, [None, bytes(16)]),
    ("no point", PROVE, [0, b""]),
    ("a point and a byte", PROVE, [0, bytes(17)]),
    ("five points", PROVE, [0, bytes(80)]),
    ("three elements", PROVE, [0, bytes(16), 0]),
]

for flaw in FLAWS_OF_AUDITS:
    check_each("Bodies: refused in AUDIT and PROVE", [flaw], _is_dropped)

ANSWERS = [
    ("COMPARE of a print has COMPARED", COMPARE, wire.compare([bytes(24)]), wire.COMPARED),
    ("COMPARE of 40 prints has COMPARED", COMPARE, wire.compare([bytes(24)] * 40), wire.COMPARED),
    ("PING has a PONG", PING, encode([]), wire.PONG),
    ("FIND_NODE has NODES", FIND_NODE, wire.find_node(KEY), wire.NODES),
    ("want 1 is accepted", FIND_NODE, wire.find_node(KEY, 1), wire.NODES),
    ("want 2 is accepted", FIND_NODE, wire.find_node(KEY, 2), wire.NODES),
    ("FIND_VALUE has a VALUE", FIND_VALUE, wire.find_value(KEY, 1), wire.VALUE),
    ("FIND_VALUE of type 2 has a VALUE", FIND_VALUE, wire.find_value(KEY, 2), wire.VALUE),
    ("FIND_VALUE of type 3 has a VALUE", FIND_VALUE, wire.find_value(KEY, 3), wire.VALUE),
    ("STORE has STORED", STORE, wire.store(RECORD), wire.STORED),
    ("STORE with the shortest life_s has STORED", STORE, wire.store(RECORD, None, 1), wire.STORED),
    ("STORE with the longest life_s has STORED", STORE, wire.store(RECORD, None, 2**32 - 1),
     wire.STORED),
    ("STORE of a record of 1 byte has an ERROR", STORE, wire.store(b"\xc0"), wire.ERROR),
    ("STORE of 1005 bytes that are no record has an ERROR", STORE, wire.store(bytes(1005)),
     wire.ERROR),
    ("ANNOUNCE of 1005 bytes that are no record has an ERROR", ANNOUNCE,
     wire.announce(bytes(1005)), wire.ERROR),
]


def _is_answered(context: Context, case: Tuple[str, int, bytes, int]) -> None:
    _, kind, body, answer = case
    sender = context.offender() if answer == wire.ERROR else context.client
    reply = sender.ask_with_token(kind, body)
    demand(reply.kind == answer, f"{reply.name} instead of {wire.KIND_NAMES[answer]}")


check_each("Bodies", ANSWERS, _is_answered)
