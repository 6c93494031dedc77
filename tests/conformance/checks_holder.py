"""What a holder answers given what it holds, and what it then gives to a requester.

PROTOCOL.md, "RPCs" (STORE, ANNOUNCE, FIND_VALUE, duties of a holder), "Error codes".
"""

import secrets
from dataclasses import replace
from typing import Any, List, Optional, Tuple

import identity as ids
import records
import wire
from checks_records import put
from harness import Context, check, check_each
from identity import Identity
from records import Announcement, Mutable, later
from strict_msgpack import encode
from target import Failure, Skip, demand, demand_code, demand_taken
from wire import AUDIT, CALL, COMPARE, FIND_VALUE, INTRODUCE, MATCH, PROBE, PROVE, STORE

OLDER, CONFLICT, CAS = 7, 8, 9


class State:
    """What one case wants a holder to have, then to be sent, and what it has to answer.

    `held` and `incoming` change the same record of a fresh publisher; `code` is None where the
    record is taken, `stays` tells which of the two is given afterwards."""

    def __init__(self, held: Optional[dict], incoming: dict, code: Optional[int],
                 detail: int = 0, cas: Optional[int] = None, stays: str = "incoming"):
        self.held = held
        self.incoming = incoming
        self.code = code
        self.detail = detail
        self.cas = cas
        self.stays = stays


SOON, LATE = later(1800), later(7200)

MUTABLE_STATES = [
    ("nothing held, no cas", State(None, {"sequence": 3}, None)),
    ("nothing held, cas 0", State(None, {"sequence": 3}, None, cas=0)),
    ("nothing held, cas 1", State(None, {"sequence": 3}, CAS, 0, cas=1)),
    ("a higher sequence replaces", State({"sequence": 3}, {"sequence": 4, "value": b"n"}, None)),
    ("a much higher sequence replaces",
     State({"sequence": 0}, {"sequence": 2**64 - 1, "value": b"n"}, None)),
    ("a lower sequence is older",
     State({"sequence": 3}, {"sequence": 2, "value": b"o"}, OLDER, 3, stays="held")),
    ("a lower sequence is older, its value the same",
     State({"sequence": 3}, {"sequence": 2}, OLDER, 3, stays="held")),
    ("the same bytes renew", State({"sequence": 3}, {"sequence": 3}, None)),
    ("a later expiry renews",
     State({"sequence": 3, "expiry": SOON}, {"sequence": 3, "expiry": LATE}, None)),
    ("an earlier expiry changes nothing and is acknowledged",
     State({"sequence": 3, "expiry": LATE}, {"sequence": 3, "expiry": SOON}, None, stays="held")),
    ("another value is a conflict",
     State({"sequence": 3}, {"sequence": 3, "value": b"other"}, CONFLICT, 3, stays="held")),
    ("another value is a conflict, with a later expiry, too",
     State({"sequence": 3, "expiry": SOON}, {"sequence": 3, "value": b"other", "expiry": LATE},
           CONFLICT, 3, stays="held")),
    ("a higher sequence may expire sooner",
     State({"sequence": 3, "expiry": LATE}, {"sequence": 4, "expiry": SOON}, None)),
    ("the right cas lets a higher sequence pass",
     State({"sequence": 3}, {"sequence": 4, "value": b"n"}, None, cas=3)),
    ("a wrong cas refuses a higher sequence",
     State({"sequence": 3}, {"sequence": 4, "value": b"n"}, CAS, 3, cas=2, stays="held")),
    ("cas 0 refuses where something is held",
     State({"sequence": 3}, {"sequence": 4, "value": b"n"}, CAS, 3, cas=0, stays="held")),
    ("cas is checked before the sequence",
     State({"sequence": 3}, {"sequence": 2, "value": b"o"}, CAS, 3, cas=2, stays="held")),
    ("cas is checked before a conflict",
     State({"sequence": 3}, {"sequence": 3, "value": b"other"}, CAS, 3, cas=9, stays="held")),
    ("the right cas does not excuse a lower sequence",
     State({"sequence": 3}, {"sequence": 2, "value": b"o"}, OLDER, 3, cas=3, stays="held")),
    ("the right cas does not excuse a conflict",
     State({"sequence": 3}, {"sequence": 3, "value": b"other"}, CONFLICT, 3, cas=3, stays="held")),
    ("the very bytes pass with any cas", State({"sequence": 3}, {"sequence": 3}, None, cas=7)),
    ("a renewal needs the right cas",
     State({"sequence": 3, "expiry": SOON}, {"sequence": 3, "expiry": LATE}, CAS, 3, cas=7,
           stays="held")),
    ("another salt is another record",
     State({"sequence": 3, "salt": b"a"}, {"sequence": 1, "salt": b"b"}, None)),
]

PORT_80, PORT_81 = bytes([192, 0, 2, 1, 0, 80]), bytes([192, 0, 2, 1, 0, 81])

ANNOUNCEMENT_STATES = [
    ("announcement, a higher sequence replaces",
     State({"sequence": 3}, {"sequence": 4, "metadata": b"n"}, None)),
    ("announcement, a lower sequence is older",
     State({"sequence": 3}, {"sequence": 2}, OLDER, 3, stays="held")),
    ("announcement, the same bytes renew", State({"sequence": 3}, {"sequence": 3}, None)),
    ("announcement, a later expiry renews",
     State({"sequence": 3, "expiry": SOON}, {"sequence": 3, "expiry": LATE}, None)),
    ("announcement, an earlier expiry changes nothing and is acknowledged",
     State({"sequence": 3, "expiry": LATE}, {"sequence": 3, "expiry": SOON}, None, stays="held")),
    ("announcement, another endpoint is a conflict",
     State({"sequence": 3, "endpoint": PORT_80}, {"sequence": 3, "endpoint": PORT_81}, CONFLICT, 3,
           stays="held")),
    ("announcement, an endpoint where there was none is a conflict",
     State({"sequence": 3}, {"sequence": 3, "endpoint": PORT_81}, CONFLICT, 3, stays="held")),
    ("announcement, other metadata are a conflict",
     State({"sequence": 3}, {"sequence": 3, "metadata": b"x"}, CONFLICT, 3, stays="held")),
]


def _holds(context: Context, announcement: bool, state: State) -> None:
    client, key = context.client, secrets.token_bytes(32)
    plain: Any = Mutable(Identity.draw())
    if announcement:
        plain = Announcement(plain.publisher, key=key)
    held = replace(plain, **(state.held or {}))
    incoming = replace(plain, **state.incoming)
    if state.held is not None:
        demand_taken(put(client, held.bytes(), announcement))
    options = {} if announcement else {"cas": state.cas}
    reply = put(client, incoming.bytes(), announcement, **options)
    if state.code is None:
        demand_taken(reply)
    else:
        demand_code(reply, state.code)
        demand(reply.body[2] == state.detail, f"detail {reply.body[2]} instead of {state.detail}")
    if state.held is not None or state.code is None:
        stays = incoming if state.stays == "incoming" else held
        given = client.ask(FIND_VALUE, wire.find_value(stays.key, 3 if announcement else 2)).body[1]
        demand(given == [stays.bytes()], "it gives another record afterwards")


check_each("RPCs: STORE", MUTABLE_STATES, lambda context, case: _holds(context, False, case[1]))
check_each("RPCs: ANNOUNCE", ANNOUNCEMENT_STATES,
           lambda context, case: _holds(context, True, case[1]))


@check("RPCs: STORE: cas is ignored with an immutable record")
def _cas_with_immutable(context: Context) -> None:
    record = records.immutable(records.fresh_value(30))
    demand_taken(put(context.client, record, False, cas=77))


@check("RPCs: STORE: the same immutable record may come again")
def _immutable_again(context: Context) -> None:
    record = records.immutable(records.fresh_value(30))
    for _ in range(2):
        demand_taken(put(context.client, record, False))


# ---- Lives ----

LIVES = [(f"an immutable record is kept at most for the {life} s that were asked", life)
         for life in (1, 60, 3600, ids.LIFE_S)]


def _life_is_bounded(context: Context, case: Tuple[str, int]) -> None:
    record = records.immutable(records.fresh_value(40))
    reply = put(context.client, record, False, life_s=case[1])
    demand_taken(reply)
    demand(reply.body[1] <= case[1], f"{reply.body[1]} s")


check_each("RPCs: Duties of a holder", LIVES, _life_is_bounded)


@check("RPCs: Duties of a holder: a record is never kept beyond its expiry")
def _not_beyond_expiry(context: Context) -> None:
    for announcement in (False, True):
        kind = Announcement if announcement else Mutable
        record = kind(Identity.draw(), expiry=later(100))
        reply = put(context.client, record.bytes(), announcement)
        demand_taken(reply)
        demand(reply.body[1] <= 100, f"{reply.body[1]} s")


@check("RPCs: Duties of a holder: storing again never shortens the life that was granted")
def _never_shortened(context: Context) -> None:
    record = records.immutable(records.fresh_value(40))
    long = put(context.client, record, False, life_s=3600).body[1]
    short = put(context.client, record, False, life_s=60)
    demand_taken(short)
    demand(short.body[1] >= long - 5, f"{short.body[1]} s instead of {long} s")


@check("RPCs: Duties of a holder: an earlier renewal states what is left to the kept record")
def _life_of_earlier_renewal(context: Context) -> None:
    record = Mutable(Identity.draw(), expiry=LATE)
    long = put(context.client, record.bytes(), False).body[1]
    earlier = put(context.client, replace(record, expiry=SOON).bytes(), False)
    demand_taken(earlier)
    demand(abs(earlier.body[1] - long) <= 5, f"{earlier.body[1]} s instead of {long} s")


@check("RPCs: Duties of a holder: a higher sequence with an earlier expiry ends at that expiry")
def _life_of_higher_sequence(context: Context) -> None:
    record = Mutable(Identity.draw(), expiry=LATE)
    demand_taken(put(context.client, record.bytes(), False))
    newer = put(context.client, replace(record, sequence=2, expiry=later(100)).bytes(), False)
    demand_taken(newer)
    demand(newer.body[1] <= 100, f"{newer.body[1]} s")


@check("RPCs: Duties of a holder: a higher sequence inherits the life of the one that it replaces")
def _inherited_life(context: Context) -> None:
    record = Mutable(Identity.draw(), expiry=LATE)
    long = put(context.client, record.bytes(), False).body[1]
    newer = put(context.client, replace(record, sequence=2).bytes(), False, life_s=60)
    demand_taken(newer)
    demand(newer.body[1] >= long - 5, f"{newer.body[1]} s instead of {long} s")


@check("RPCs: Duties of a holder: a record is gone when its life is over")
def _gone_when_over(context: Context) -> None:
    value = records.fresh_value(40)
    demand_taken(put(context.client, records.immutable(value), False, life_s=1))
    context.loop.run(2.1)
    reply = context.client.ask(FIND_VALUE, wire.find_value(records.value_key(value), 1))
    demand(reply.kind == wire.VALUE and reply.body[1] == [], "it is still given")


# ---- FIND_VALUE ----


@check("RPCs: FIND_VALUE: a key that holds nothing has no record")
def _nothing_held(context: Context) -> None:
    for kind in (1, 2, 3):
        reply = context.client.ask(FIND_VALUE, wire.find_value(secrets.token_bytes(32), kind))
        demand(reply.kind == wire.VALUE and reply.body[1] == [], f"{reply.name}")


@check("RPCs: FIND_VALUE: gives records of the type that was asked for only")
def _one_type(context: Context) -> None:
    record = Mutable(Identity.draw())
    demand_taken(put(context.client, record.bytes(), False))
    announced = Announcement(record.publisher, key=record.key)
    demand_taken(put(context.client, announced.bytes(), True))
    given: List[Any] = []
    for kind in (1, 2, 3):
        given.append(context.client.ask(FIND_VALUE, wire.find_value(record.key, kind)).body[1])
    demand(given == [[], [record.bytes()], [announced.bytes()]], "records of another type")


def _announce_many(context: Context, count: int, metadata: bytes) -> Tuple[bytes, List[bytes]]:
    key, given = secrets.token_bytes(32), []
    for _ in range(count):
        record = Announcement(Identity.draw(), key=key, metadata=metadata).bytes()
        demand_taken(put(context.client, record, True))
        given.append(record)
    return key, given


@check("RPCs: FIND_VALUE: announcements of different publishers are held side by side")
def _side_by_side(context: Context) -> None:
    key, held = _announce_many(context, 4, b"")
    given = context.client.ask(FIND_VALUE, wire.find_value(key, 3)).body[1]
    demand(sorted(given) == sorted(held), f"{len(given)} of {len(held)}")


@check("RPCs: FIND_VALUE: the records with their headers take at most 1008 bytes")
def _at_most_1008(context: Context) -> None:
    key, held = _announce_many(context, 6, bytes(100))
    given = context.client.ask(FIND_VALUE, wire.find_value(key, 3)).body[1]
    size = 3 + len(held[0])
    demand(len(given) == 1008 // size, f"{len(given)} records of {size} bytes")
    demand(all(record in held for record in given), "one that was not stored")


@check("RPCs: FIND_VALUE: of more announcements than fit, answers differ")
def _answers_differ(context: Context) -> None:
    key, held = _announce_many(context, 12, bytes(100))
    seen = set()
    for _ in range(30):
        seen.update(context.client.ask(FIND_VALUE, wire.find_value(key, 3)).body[1])
    demand(seen == set(held), f"{len(seen)} of {len(held)} were ever given")


def _publisher_of(record: bytes) -> bytes:
    """The third element, after the array header, the type and the key of 32 bytes."""
    return record[38:70]


@check("RPCs: FIND_VALUE: an answer with fewer announcements than are held says how many there are")
def _says_how_many(context: Context) -> None:
    key, held = _announce_many(context, 12, bytes(100))
    body = context.client.ask(FIND_VALUE, wire.find_value(key, 3)).body
    demand(len(body) == 4 and body[2] == len(held), f"{body[2:3]} of {len(held)}")
    key, held = _announce_many(context, 2, b"")
    body = context.client.ask(FIND_VALUE, wire.find_value(key, 3)).body
    demand(len(body) == 3 and len(body[1]) == 2, f"{len(body)} elements")


@check("RPCs: FIND_VALUE: page after page gives all announcements, each once, in the publishers' order")
def _page_after_page(context: Context) -> None:
    key, held = _announce_many(context, 12, bytes(100))
    publishers = sorted(_publisher_of(record) for record in held)
    start, seen = bytes(32), []
    while len(seen) < len(held):
        given = context.client.ask(FIND_VALUE, wire.find_value(key, 3, start=start)).body[1]
        demand(len(given) > 0, f"{len(seen)} of {len(held)}, then none")
        seen += [_publisher_of(record) for record in given]
        start = (int.from_bytes(seen[-1], "big") + 1).to_bytes(32, "big")
    demand(seen == publishers, "another order, or one twice")
    around = context.client.ask(FIND_VALUE, wire.find_value(key, 3, start=publishers[-1])).body[1]
    demand(_publisher_of(around[0]) == publishers[-1], "not from the publisher on")
    demand(_publisher_of(around[1]) == publishers[0], "it does not go round")


@check("RPCs: FIND_VALUE: no publisher is given twice")
def _no_publisher_twice(context: Context) -> None:
    key, publisher = secrets.token_bytes(32), Identity.draw()
    for sequence in (1, 2, 3):
        record = Announcement(publisher, key=key, sequence=sequence).bytes()
        demand_taken(put(context.client, record, True))
    given = context.client.ask(FIND_VALUE, wire.find_value(key, 3)).body[1]
    demand(given == [record], f"{len(given)} records")


@check("RPCs: COMPARE: says which records are lacking, by name, life and sequence")
def _says_what_is_lacking(context: Context) -> None:
    # No node is closer to the target's own ID, so it holds the record as a responsible node.
    key, publisher = context.target.id, Identity.draw()
    record = Announcement(publisher, key=key, sequence=7)
    reply = put(context.client, record.bytes(), True)
    demand_taken(reply)
    life = reply.body[1]

    def lacking(*prints: bytes) -> int:
        bits = context.client.ask_with_token(COMPARE, wire.compare(prints)).body[1]
        demand(len(bits) == (len(prints) + 7) // 8, f"{len(bits)} bytes for {len(prints)} prints")
        return int.from_bytes(bits, "little")

    def named(kind: int = 3, sequence: int = 7, life_s: int = life, other: bytes = b"") -> bytes:
        return wire.held_print(kind, key, other or publisher.public_key, sequence, life_s)

    demand(lacking(named()) == 0, "what it holds")
    demand(lacking(named(sequence=6)) == 0, "an older one")
    demand(lacking(named(life_s=60)) == 0, "one for a shorter time")
    demand(lacking(named(sequence=8)) == 1, "not a newer one")
    demand(lacking(named(kind=2)) == 1, "not another type")
    demand(lacking(named(other=bytes(32))) == 1, "not another publisher")
    demand(lacking(named(life_s=2 * life)) == 1, "not one that is kept for longer")
    mixed = [named(sequence=8 if place % 3 == 0 else 7) for place in range(40)]
    wanted = sum(1 << place for place in range(40) if place % 3 == 0)
    demand(lacking(*mixed) == wanted, "other bits")


@check("RPCs: COMPARE without a valid token is refused with ERROR 1")
def _compare_needs_a_token(context: Context) -> None:
    reply = context.client.ask(COMPARE, wire.compare([bytes(24)]), token=b"")
    demand(reply.kind == wire.ERROR and reply.body[1] == 1, f"{reply.name}")


@check("RPCs: MATCH without a valid token is refused with ERROR 1")
def _match_needs_a_token(context: Context) -> None:
    reply = context.client.ask(MATCH, encode([0, bytes(512)]), token=b"")
    demand(reply.kind == wire.ERROR and reply.body[1] == 1, f"{reply.name}")


@check("Audits: AUDIT and PROVE without a valid token are refused with ERROR 1")
def _audits_need_a_token(context: Context) -> None:
    for kind in (AUDIT, PROVE):
        reply = context.client.ask(kind, encode([0, bytes(16)]), token=b"")
        demand(reply.kind == wire.ERROR and reply.body[1] == 1, f"{reply.name}")


@check("Audits: of a round that is past, or that the replier does not play in, it tells nothing")
def _audits_are_of_their_rounds(context: Context) -> None:
    for kind in (AUDIT, PROVE):
        for number in (0, 2**64 - 1):
            reply = context.client.ask_with_token(kind, encode([number, bytes(16)]))
            demand(reply.kind == wire.ERROR and reply.body[1] in (2, 5, 6), f"{reply.name}")


@check("RPCs: PROBE without a valid token is refused with ERROR 1")
def _probe_needs_a_token(context: Context) -> None:
    reply = context.client.ask(PROBE, encode([]), token=b"")
    demand(reply.kind == wire.ERROR and reply.body[1] == 1, f"{reply.name}")


@check("RPCs: CALL without a valid token is refused with ERROR 1")
def _call_needs_a_token(context: Context) -> None:
    reply = context.client.ask(CALL, encode([bytes(32), bytes((127, 0, 0, 1, 9, 9))]), token=b"")
    demand(reply.kind == wire.ERROR and reply.body[1] == 1, f"{reply.name}")


@check("RPCs: INTRODUCE without a valid token is refused with ERROR 1")
def _introduce_needs_a_token(context: Context) -> None:
    reply = context.client.ask(INTRODUCE, encode([bytes(32)]), token=b"")
    demand(reply.kind == wire.ERROR and reply.body[1] == 1, f"{reply.name}")


@check("RPCs: INTRODUCE to a node that the helper does not know, or to the asker, is refused with ERROR 2")
def _introduce_needs_a_contact(context: Context) -> None:
    for named in (bytes(32), context.client.identity.id):
        reply = context.client.ask_with_token(INTRODUCE, encode([named]))
        demand(reply.kind == wire.ERROR and reply.body[1] == 2, f"{reply.name}")


@check("RPCs: MATCH for keys that the replier's ID does not share is refused with ERROR 2")
def _match_needs_a_region(context: Context) -> None:
    reply = context.client.ask_with_token(MATCH, encode([127, bytes(512)]))
    demand(reply.kind == wire.ERROR and reply.body[1] == 2, f"{reply.name}")


@check("RPCs: MATCH: a digest is the one that its records make, and tells one that is lacking")
def _digests_match(context: Context) -> None:
    # A node that holds nothing else, and knows so few others that its region is the key space.
    if not context.slow:
        raise Skip("no --slow")

    def differs(digests: bytes) -> int:
        return context.client.ask_with_token(MATCH, encode([0, digests])).body[1]

    if differs(bytes(512)) not in (0, 2**64 - 1):
        raise Skip("the node holds records already")
    held = {place: [] for place in range(64)}
    for place in (9, 9, 9, 40):
        key = bytes([place << 2]) + secrets.token_bytes(31)
        record = Announcement(Identity.draw(), key=key, sequence=secrets.randbelow(2**64))
        demand_taken(put(context.client, record.bytes(), True))
        held[place].append((key, 3, record.publisher.public_key, record.sequence))
    digests = b"".join(wire.match_digest(held[place]) for place in range(64))
    wanted = [(digests, 0), (bytes(512), 1 << (63 - 9) | 1 << (63 - 40))]
    del held[9][1]
    digests = digests[:9 * 8] + wire.match_digest(held[9]) + digests[10 * 8:]
    wanted.append((digests, 1 << (63 - 9)))
    # It goes through its records when nodes come to live near it, and hourly.
    for count in range(1, 20):
        context.nodes(count)
        context.loop.run(5)
        answers = [differs(sent) for sent, _ in wanted]
        if answers == [bits for _, bits in wanted]:
            return
        demand(answers[0] == 2**64 - 1, f"other ranges: {answers}")
    raise Failure("it never went through its records")


@check("RPCs: STORE under one key does not touch others")
def _other_keys(context: Context) -> None:
    value = records.fresh_value(50)
    demand_taken(context.client.ask_with_token(STORE, wire.store(records.immutable(value))))
    changed = value[:-1] + bytes([value[-1] ^ 1])
    demand_taken(context.client.ask_with_token(STORE, wire.store(records.immutable(changed))))
    given = context.client.ask(FIND_VALUE, wire.find_value(records.value_key(value), 1)).body[1]
    demand(given == [records.immutable(value)], "another value")
