"""The form and the signatures of records, by what a holder says to them.

PROTOCOL.md, "Records", "Error codes".
"""

import secrets
from dataclasses import replace
from typing import Any, Callable, Tuple

import identity as ids
import records
import wire
from harness import Context, check, check_each
from identity import Identity
from records import Announcement, Mutable, later
from strict_msgpack import Raw, encode
from target import Endpoint, demand, demand_code, demand_taken
from wire import ANNOUNCE, FIND_VALUE, STORE

PUBLISHER = Identity.draw()
INVALID, EXPIRED, TOO_FAR = 4, 5, 6


def put(client: Endpoint, record: bytes, announcement: bool, **store: Any) -> Any:
    """The reply to a STORE or an ANNOUNCE of a record."""
    if announcement:
        return client.ask_with_token(ANNOUNCE, wire.announce(record))
    return client.ask_with_token(STORE, wire.store(record, **store))


# ---- Immutable ----

SIZES = [(f"an immutable value of {size} bytes is held", size)
         for size in (1, 2, 255, 256, 999, 1000)]


def _size_is_held(context: Context, case: Tuple[str, int]) -> None:
    value = records.fresh_value(case[1])
    demand_taken(put(context.client, records.immutable(value), False))
    reply = context.client.ask(FIND_VALUE, wire.find_value(records.value_key(value), 1))
    demand(reply.kind == wire.VALUE and reply.body[1] == [records.immutable(value)],
           "it is not handed on byte for byte")


check_each("Records", SIZES, _size_is_held)

IMMUTABLES = [
    ("immutable, an empty value", encode([1, b""])),
    ("immutable, a value of 1001 bytes", encode([1, bytes(1001)])),
    ("immutable, no value", encode([1])),
    ("immutable, a third element", encode([1, b"hello", None])),
    ("immutable, a byte after it", encode([1, b"hello"]) + b"\x00"),
    ("immutable, the value a str", encode([1, Raw(b"\xa5hello")])),
    ("immutable, the value nil", encode([1, None])),
    ("immutable, the value an integer", encode([1, 5])),
    ("immutable, the value with bin 16", encode([1, Raw(b"\xc5\x00\x05hello")])),
    ("immutable, the type in two bytes", encode([Raw(b"\xcc\x01"), b"hello"])),
    ("immutable, the array in three bytes", b"\xdc\x00\x02\x01" + encode(b"hello")),
    ("immutable, cut off", encode([1, b"hello"])[:-1]),
    ("type 0", encode([0, b"hello"])),
    ("type 4", encode([4, b"hello"])),
    ("type 2^64 - 1", encode([2**64 - 1, b"hello"])),
    ("no array", encode(b"hello")),
    ("an empty array", encode([])),
    ("an immutable record in an array", encode([[1, b"hello"]])),
]


def _is_invalid(context: Context, case: Tuple[str, bytes]) -> None:
    demand_code(put(context.offender(), case[1], False), INVALID)


# 1001 bytes of value make a record above the limit of a body's record: there is no answer to that.
check_each("Records: refused", [case for case in IMMUTABLES if len(case[1]) <= 1005], _is_invalid)

# ---- Mutable and announcements ----

MUTABLE_BOUNDS = [
    ("mutable, no value and no salt", {"value": b"", "salt": b""}),
    ("mutable, a value of 800 bytes and a salt of 64", {"value": bytes(800), "salt": bytes(64)}),
    ("mutable, sequence 0", {"sequence": 0, "salt": b"0"}),
    ("mutable, sequence 2^64 - 1", {"sequence": 2**64 - 1, "salt": b"max"}),
]

ANNOUNCEMENT_BOUNDS = [
    ("announcement, no endpoint and no metadata", {}),
    ("announcement, 128 bytes of metadata", {"metadata": bytes(128)}),
    ("announcement, an IPv4 endpoint", {"endpoint": bytes([192, 0, 2, 1, 0, 80])}),
    ("announcement, an IPv6 endpoint", {"endpoint": b"\x20\x01" + bytes(15) + b"\x01"}),
    ("announcement, sequence 2^64 - 1", {"sequence": 2**64 - 1}),
]


def _mutable_is_held(context: Context, case: Tuple[str, dict]) -> None:
    record = Mutable(Identity.draw(), **case[1])
    demand_taken(put(context.client, record.bytes(), False))
    reply = context.client.ask(FIND_VALUE, wire.find_value(record.key, 2))
    demand(reply.kind == wire.VALUE and reply.body[1] == [record.bytes()],
           "it is not handed on byte for byte")


def _announcement_is_held(context: Context, case: Tuple[str, dict]) -> None:
    record = Announcement(Identity.draw(), **case[1])
    demand_taken(put(context.client, record.bytes(), True))
    reply = context.client.ask(FIND_VALUE, wire.find_value(record.key, 3))
    demand(reply.kind == wire.VALUE and reply.body[1] == [record.bytes()],
           "it is not handed on byte for byte")


check_each("Records: held", MUTABLE_BOUNDS, _mutable_is_held)
check_each("Records: held", ANNOUNCEMENT_BOUNDS, _announcement_is_held)

# Each is signed as it is, so that nothing but the flaw can be the reason.
MUTABLES = [
    ("mutable, six elements", {"elements": 6, "value": Raw(b"")}),
    ("mutable, eight elements", {"elements": 8, "after": b"\xc0"}),
    ("mutable, a byte after it", {"after": b"\x00"}),
    ("mutable, a publisher of 31 bytes", {"public_key": bytes(31)}),
    ("mutable, a publisher of 33 bytes", {"public_key": bytes(33)}),
    ("mutable, a publisher nil", {"public_key": Raw(b"\xc0")}),
    ("mutable, a salt of 65 bytes", {"salt": bytes(65)}),
    ("mutable, a salt nil", {"salt": None}),
    ("mutable, the sequence as int 8", {"sequence": Raw(b"\xd0\x07")}),
    ("mutable, the sequence in two bytes", {"sequence": Raw(b"\xcc\x07")}),
    ("mutable, the sequence nil", {"sequence": None}),
    ("mutable, the expiry in nine bytes", {"expiry": Raw(b"\xcf" + later().to_bytes(8, "big"))}),
    ("mutable, the expiry nil", {"expiry": None}),
    ("mutable, a value of 801 bytes", {"value": bytes(801)}),
    ("mutable, a value nil", {"value": None}),
    ("mutable, a value as str", {"value": Raw(b"\xa1x")}),
    ("mutable, a signature of 63 bytes", {"signature": lambda digest: bytes(63)}),
    ("mutable, a signature of 65 bytes", {"signature": lambda digest: bytes(65)}),
]

ANNOUNCEMENTS = [
    ("announcement, seven elements", {"elements": 7, "metadata": Raw(b"")}),
    ("announcement, nine elements", {"elements": 9, "after": b"\xc0"}),
    ("announcement, a byte after it", {"after": b"\x00"}),
    ("announcement, a key of 31 bytes", {"key": bytes(31)}),
    ("announcement, a key of 33 bytes", {"key": bytes(33)}),
    ("announcement, a publisher of 31 bytes", {"public_key": bytes(31)}),
    ("announcement, an endpoint nil", {"endpoint": None}),
    ("announcement, an endpoint of 5 bytes", {"endpoint": bytes(range(1, 6))}),
    ("announcement, an endpoint of 7 bytes", {"endpoint": bytes(range(1, 8))}),
    ("announcement, an endpoint of 17 bytes", {"endpoint": bytes(range(1, 18))}),
    ("announcement, port 0", {"endpoint": bytes([198, 51, 100, 7, 0, 0])}),
    ("announcement, port 0 of IPv6", {"endpoint": b"\x20\x01" + bytes(16)}),
    ("announcement, an IPv4-mapped endpoint",
     {"endpoint": bytes(10) + b"\xff\xff" + bytes([198, 51, 100, 7, 15, 160])}),
    ("announcement, 129 bytes of metadata", {"metadata": bytes(129)}),
    ("announcement, metadata nil", {"metadata": None}),
    ("announcement, the sequence as int 8", {"sequence": Raw(b"\xd0\x03")}),
]


def _mutable_is_invalid(context: Context, case: Tuple[str, dict]) -> None:
    demand_code(put(context.offender(), Mutable(PUBLISHER, **case[1]).bytes(), False), INVALID)


def _announcement_is_invalid(context: Context, case: Tuple[str, dict]) -> None:
    demand_code(put(context.offender(), Announcement(PUBLISHER, **case[1]).bytes(), True),
                INVALID)


check_each("Records: refused", MUTABLES, _mutable_is_invalid)
check_each("Records: refused", ANNOUNCEMENTS, _announcement_is_invalid)

# ---- Signatures ----


def _weak_r(digest: bytes) -> bytes:
    return PUBLISHER.sign_with_weak_r("skad1 record", digest, ids.ORDER_4)


FORGERIES: list = [
    ("a mutable record signed by another publisher", False,
     lambda: Mutable(PUBLISHER, signer=Identity.draw())),
    ("a mutable record signed for another network", False,
     lambda: Mutable(PUBLISHER, network=secrets.token_bytes(32))),
    ("a mutable record under the neutral element as its key", False,
     lambda: Mutable(PUBLISHER, public_key=ids.NEUTRAL,
                     signature=lambda digest: ids.weak_key_signature())),
    ("a mutable record whose R is of small order", False,
     lambda: Mutable(PUBLISHER, signature=_weak_r)),
    ("an announcement with the prefix of records", True,
     lambda: Announcement(PUBLISHER, prefix="skad1 record")),
    ("an announcement signed for another network", True,
     lambda: Announcement(PUBLISHER, network=secrets.token_bytes(32))),
]


def _forgery_is_invalid(context: Context, case: Tuple[str, bool, Callable[[], Any]]) -> None:
    demand_code(put(context.client, case[2]().bytes(), case[1]), INVALID)


check_each("Records: not the publisher's signature", FORGERIES, _forgery_is_invalid)

# ---- The other RPC's records ----


@check("Records: STORE does not take an announcement")
def _store_of_announcement(context: Context) -> None:
    demand_code(put(context.offender(), Announcement(PUBLISHER).bytes(), False), INVALID)


@check("Records: ANNOUNCE does not take an immutable record")
def _announce_of_immutable(context: Context) -> None:
    demand_code(put(context.offender(), records.immutable(b"hello"), True), INVALID)


@check("Records: ANNOUNCE does not take a mutable record")
def _announce_of_mutable(context: Context) -> None:
    demand_code(put(context.offender(), Mutable(PUBLISHER).bytes(), True), INVALID)


# ---- Expiry ----

EXPIRIES = [
    ("a mutable record that expired a second ago", False, -1, EXPIRED),
    ("a mutable record that expired in 1970", False, 1 - later(0), EXPIRED),
    ("an announcement that expired a second ago", True, -1, EXPIRED),
    ("a mutable record that expires now is expired", False, 0, EXPIRED),
    ("a mutable record ten seconds below two lives ahead is held", False,
     2 * ids.LIFE_S - 10, None),
    ("an announcement ten seconds below two lives ahead is held", True, 2 * ids.LIFE_S - 10, None),
    ("a mutable record more than two lives ahead", False, 2 * ids.LIFE_S + 10, TOO_FAR),
    ("an announcement more than two lives ahead", True, 2 * ids.LIFE_S + 10, TOO_FAR),
    ("a mutable record that expires in 2^63 seconds", False, 2**63, TOO_FAR),
]


def _expiry(context: Context, case: Tuple[str, bool, Any, Any]) -> None:
    _, announcement, ahead, code = case
    kind = Announcement if announcement else Mutable
    reply = put(context.client, kind(Identity.draw(), expiry=later(ahead)).bytes(), announcement)
    if code is None:
        demand_taken(reply)
    else:
        demand_code(reply, code)


check_each("Records: the expiry", EXPIRIES, _expiry)

# ---- The order of a holder's checks ----


@check("RPCs: the token is checked before the record")
def _token_before_record(context: Context) -> None:
    demand_code(context.client.ask(STORE, wire.store(b"\xc0"), token=b""), 1)


@check("RPCs: the record's form is checked before its expiry")
def _form_before_expiry(context: Context) -> None:
    demand_code(put(context.offender(), Mutable(PUBLISHER, expiry=1, after=b"\0").bytes(), False),
                INVALID)


@check("RPCs: the record's type is checked before its expiry")
def _type_before_expiry(context: Context) -> None:
    demand_code(put(context.offender(), Mutable(PUBLISHER, expiry=1).bytes(), True), INVALID)


@check("RPCs: the expiry is checked before the signature")
def _expiry_before_signature(context: Context) -> None:
    forged = Mutable(PUBLISHER, expiry=1, signer=Identity.draw())
    demand_code(put(context.client, forged.bytes(), False), EXPIRED)
    far = replace(forged, expiry=later(3 * ids.LIFE_S))
    demand_code(put(context.client, far.bytes(), False), TOO_FAR)


@check("RPCs: the signature is checked before cas and sequence")
def _signature_before_sequence(context: Context) -> None:
    publisher = Identity.draw()
    demand_taken(put(context.client, Mutable(publisher, sequence=5).bytes(), False))
    forged = Mutable(publisher, sequence=4, signer=PUBLISHER)
    demand_code(put(context.client, forged.bytes(), False, cas=9), INVALID)
