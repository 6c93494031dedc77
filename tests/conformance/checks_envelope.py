"""Size, tag, envelope, version, kind: all that is checked before the sender.

PROTOCOL.md, "Conventions", "Datagrams", "Network tag", "Envelope", "Hello".
"""

import secrets
from typing import Any, Tuple

import identity as ids
import wire
from harness import Context, check, check_each
from identity import ZERO, digest_of
from strict_msgpack import Raw, encode, encode_bin
from target import demand
from wire import PING

# ---- Size ----

SIZES = [
    ("an empty datagram is dropped", 0, "size"),
    ("1 byte is dropped", 1, "size"),
    ("151 bytes are too few", 151, "size"),
    ("152 bytes of noise fail by their tag, not their size", 152, "tag"),
    ("411 bytes of noise fail by their tag", 411, "tag"),
    ("1232 bytes of noise fail by their tag, not their size", 1232, "tag"),
    ("1233 bytes are too many", 1233, "size"),
    ("1400 bytes are too many", 1400, "size"),
]


def _noise_is_dropped(context: Context, case: Tuple[str, int, str]) -> None:
    _, size, reason = case
    context.client.is_dropped(secrets.token_bytes(size), reason)


check_each("Datagrams", SIZES, _noise_is_dropped)

# ---- Tag ----


def _ping(context: Context, **flaws: Any) -> wire.Sealed:
    return context.client.seal(PING, padding=bytes(8), **flaws)


def _retag(sealed: wire.Sealed, tag: bytes) -> wire.Sealed:
    sealed.datagram = tag + sealed.envelope
    return sealed


BITS = [
    (f"byte {place} of the tag must be right", place) for place in (0, 3, 7, 8, 12, 15)
]


def _changed_tag_is_dropped(context: Context, case: Tuple[str, int]) -> None:
    sealed = _ping(context)
    tag = bytearray(sealed.datagram[:16])
    tag[case[1]] ^= 1
    context.client.is_dropped(_retag(sealed, bytes(tag)), "tag")


check_each("Network tag", BITS, _changed_tag_is_dropped)


@check("Network tag: a datagram for another recipient is dropped")
def _other_recipient(context: Context) -> None:
    context.client.is_dropped(_ping(context, recipient=secrets.token_bytes(32)), "tag")


@check("Network tag: a tag made with another network's key is wrong")
def _other_network(context: Context) -> None:
    sealed = _ping(context)
    key = digest_of("skad1 network", secrets.token_bytes(32))
    context.client.is_dropped(
        _retag(sealed, wire.make_tag(context.target.id, sealed.envelope, key)), "tag")


@check("Network tag: the second half covers the whole envelope")
def _changed_tail(context: Context) -> None:
    sealed = _ping(context)
    sealed.datagram = sealed.datagram[:-1] + bytes([sealed.datagram[-1] ^ 1])
    context.client.is_dropped(sealed, "tag")


@check("Network tag: the first half covers the first 64 bytes only")
def _front_of_64_bytes(context: Context) -> None:
    sealed = _ping(context)
    tag = wire.make_tag(context.target.id, sealed.envelope)
    long = digest_of("skad1 front", context.target.id, sealed.envelope[:65],
                     key=ids.NETWORK_KEY, size=8)
    context.client.is_dropped(_retag(sealed, long + tag[8:]), "tag")


@check("Hashes: a shorter output is not a prefix of a longer one")
def _prefix_of_a_longer_hash(context: Context) -> None:
    sealed = _ping(context)
    halves = [
        digest_of(domain, context.target.id, part, key=ids.NETWORK_KEY)[:8]
        for domain, part in (("skad1 front", sealed.envelope[:64]), ("skad1 tag", sealed.envelope))
    ]
    context.client.is_dropped(_retag(sealed, b"".join(halves)), "tag")


@check("Network tag: two tags for the node itself, the halves swapped, are wrong")
def _swapped_halves(context: Context) -> None:
    sealed = _ping(context)
    tag = sealed.datagram[:16]
    context.client.is_dropped(_retag(sealed, tag[8:] + tag[:8]), "tag")


# ---- Structure ----


def _str8(data: bytes) -> Raw:
    return Raw(b"\xd9" + bytes([len(data)]) + data)


def _bin16(data: bytes) -> Raw:
    return Raw(b"\xc5" + len(data).to_bytes(2, "big") + data)


def _bin32(data: bytes) -> Raw:
    return Raw(b"\xc6" + len(data).to_bytes(4, "big") + data)


TRUE, FLOAT, NEGATIVE = Raw(b"\xc3"), Raw(b"\xca\x3f\x80\x00\x00"), Raw(b"\xff")
SOME_BYTES = bytes(range(1, 9))
EPOCH_32 = ids.current_epoch().to_bytes(4, "big")

STRICTNESS = [
    ("array 16 where the count fits a byte", {"header": b"\xdc\x00\x0d"}),
    ("array 32 where the count fits a byte", {"header": b"\xdd\x00\x00\x00\x0d"}),
    ("a claim of 65535 elements", {"header": b"\xdc\xff\xff"}),
    ("a claim of 2^28 elements", {"header": b"\xdd\x10\x00\x00\x00"}),
    ("a map instead of the array", {"header": b"\x8d"}),
    ("a byte after the envelope", {"after": b"\x00"}),
    ("a second value after the envelope", {"after": b"\x90"}),
    ("an integer in two bytes that fits one", {"version": Raw(b"\xcc\x01")}),
    ("an integer in three bytes that fits one", {"kind": Raw(b"\xcd\x00\x01")}),
    ("an integer in five bytes that fits three", {"epoch": Raw(b"\xce" + EPOCH_32)}),
    ("an integer in nine bytes that fits three", {"epoch": Raw(b"\xcf" + bytes(4) + EPOCH_32)}),
    ("index 0 in two bytes", {"index": Raw(b"\xcc\x00")}),
    ("a positive value as int 8", {"version": Raw(b"\xd0\x01")}),
    ("a positive value as int 16", {"epoch": Raw(b"\xd1" + EPOCH_32[2:])}),
    ("a positive value as int 32", {"epoch": Raw(b"\xd2" + EPOCH_32)}),
    ("a positive value as int 64", {"kind": Raw(b"\xd3" + bytes(7) + b"\x01")}),
    ("a negative integer", {"kind": NEGATIVE}),
    ("a float", {"version": FLOAT}),
    ("a float of 64 bits", {"kind": Raw(b"\xcb\x3f\xf0" + bytes(6))}),
    ("a boolean", {"version": TRUE}),
    ("nil as an integer", {"kind": None}),
    ("the unused type c1", {"kind": Raw(b"\xc1")}),
    ("an extension type", {"kind": Raw(b"\xd4\x00\x01")}),
    ("an ext 8 of 8 bytes as a bin", {"rpc_id": Raw(b"\xd7\x00" + SOME_BYTES)}),
    ("a str instead of a bin", {"rpc_id": Raw(b"\xa8" + SOME_BYTES)}),
    ("a str 8 instead of a bin", {"nonce": _str8(SOME_BYTES)}),
    ("bin 16 where the length fits a byte", {"rpc_id": _bin16(SOME_BYTES)}),
    ("bin 32 where the length fits a byte", {"rpc_id": _bin32(SOME_BYTES)}),
    ("bin 16 for an empty token", {"token": _bin16(b"")}),
    ("bin 16 for a token of 16 bytes", {"token": _bin16(bytes(16))}),
    ("bin 16 for a body of one byte", {"body": _bin16(b"\x90")}),
    ("bin 16 for a padding of 100 bytes", {"padding": _bin16(bytes(100))}),
    ("bin 32 for a padding of 300 bytes", {"padding": _bin32(bytes(300))}),
    ("bin 16 for a path of 32 bytes", {"path": _bin16(bytes(32)), "index": 0}),
    ("bin 16 for the signature", {"signature": _bin16(bytes(64))}),
    ("a bin that claims more bytes than follow", {"signature": Raw(b"\xc4\xff" + bytes(64))}),
    ("a bin that claims 2^32 - 1 bytes", {"rpc_id": Raw(b"\xc6\xff\xff\xff\xff" + bytes(8))}),
    ("a map in an element", {"kind": Raw(b"\x81\x01\x01")}),
]

ELEMENTS = [
    ("12 elements", {"header": b"\x9c"}),
    ("14 elements of version 1", {"header": b"\x9e", "after": b"\xc0"}),
    ("31 elements of version 1", {"header": b"\xdc\x00\x1f", "after": b"\xc0" * 18}),
    ("version as a bin", {"version": b"\x01"}),
    ("version as an array", {"version": [1]}),
    ("version nil", {"version": None}),
    ("kind as a bin", {"kind": b"\x01"}),
    ("rpc id of 0 bytes", {"rpc_id": b""}),
    ("rpc id of 7 bytes", {"rpc_id": bytes(7)}),
    ("rpc id of 9 bytes", {"rpc_id": bytes(9)}),
    ("rpc id nil", {"rpc_id": None}),
    ("rpc id as an integer", {"rpc_id": 2**64 - 1}),
    ("public key of 31 bytes", {"public_key": bytes(31)}),
    ("public key of 33 bytes", {"public_key": bytes(33)}),
    ("a request without an id", {"id": b""}),
    ("id of 31 bytes", {"id": bytes(31)}),
    ("id of 33 bytes", {"id": bytes(33)}),
    ("id nil", {"id": Raw(b"\xc0"), "padding": bytes(40)}),
    ("epoch 2^32", {"epoch": 1 << 32}),
    ("epoch 2^64 - 1", {"epoch": 2**64 - 1}),
    ("epoch nil", {"epoch": Raw(b"\xc0")}),
    ("epoch as a bin", {"epoch": Raw(encode_bin(b"\x02\xe4"))}),
    ("nonce of 7 bytes", {"nonce": bytes(7)}),
    ("nonce of 9 bytes", {"nonce": bytes(9)}),
    ("nonce as an integer", {"nonce": 2**64 - 1}),
    ("token of 1 byte", {"token": bytes(1)}),
    ("token of 15 bytes", {"token": bytes(15)}),
    ("token of 17 bytes", {"token": bytes(17)}),
    ("token of 32 bytes", {"token": bytes(32)}),
    ("token nil", {"token": None}),
    ("body of 0 bytes", {"body": b""}),
    ("body of 1060 bytes", {"kind": wire.PONG, "body": bytes(1060), "padding": b""}),
    ("body as an array instead of a bin", {"body": []}),
    ("padding of 513 bytes", {"padding": bytes(513)}),
    ("padding whose first byte is not zero", {"padding": b"\x01" + bytes(99)}),
    ("padding whose middle is not zero", {"padding": bytes(50) + b"\x80" + bytes(49)}),
    ("padding whose last byte is not zero", {"padding": bytes(99) + b"\x01"}),
    ("padding of one byte that is not zero", {"padding": b"\xff"}),
    ("padding of 512 bytes whose last is not zero", {"padding": bytes(511) + b"\x01"}),
    ("padding nil", {"padding": None}),
    ("index 16 without a path", {"index": 16}),
    ("index 2 with a path of one step", {"index": 2, "path": bytes(32)}),
    ("index 16 with a path of four steps", {"index": 16, "path": bytes(128)}),
    ("index 2^64 - 1", {"index": 2**64 - 1, "path": bytes(128)}),
    ("index nil", {"index": Raw(b"\xc0")}),
    ("path of 1 byte", {"index": 0, "path": bytes(1)}),
    ("path of 31 bytes", {"index": 0, "path": bytes(31)}),
    ("path of 33 bytes", {"index": 0, "path": bytes(33)}),
    ("path of five steps", {"index": 0, "path": bytes(160)}),
    ("path nil", {"path": Raw(b"\xc0")}),
    ("signature of 0 bytes", {"signature": b"", "padding": bytes(90)}),
    ("signature of 63 bytes", {"signature": bytes(63)}),
    ("signature of 65 bytes", {"signature": bytes(65)}),
    ("signature nil", {"signature": Raw(b"\xc0"), "padding": bytes(90)}),
    ("version 2 with arrays nested 5 deep",
     {"version": 2, "header": b"\x9e", "after": b"\x91\x91\x91\x90"}),
    ("version 2 with 32 elements",
     {"version": 2, "header": b"\xdc\x00\x20", "after": b"\xc0" * 19}),
    ("version 2 with 33 values in 14 elements",
     {"version": 2, "header": b"\x9e", "after": b"\xdc\x00\x12" + b"\xc0" * 18}),
]


def _is_no_structure(context: Context, case: Tuple[str, dict]) -> None:
    flaws = {"padding": bytes(8), **case[1]}
    context.client.is_dropped(context.client.seal(flaws.pop("kind", PING), **flaws), "structure")


check_each("Conventions: refused", STRICTNESS, _is_no_structure)
check_each("Envelope: refused", ELEMENTS, _is_no_structure)

# Envelopes that are no sequence of the thirteen elements at all.
WHOLES = [
    ("a bin instead of an array", encode(bytes(140)), "structure"),
    ("nil and zeros", b"\xc0" + bytes(140), "structure"),
    ("an array whose first element is a bin", encode([bytes(140)]), "structure"),
    ("an array whose first element is an array", encode([[1], bytes(140)]), "structure"),
    ("an empty array and bytes behind it", b"\x90" + bytes(140), "structure"),
    ("an array cut off", b"\x9d\x01\x01" + encode(bytes(136)), "structure"),
    ("two elements of version 1", encode([1, bytes(140)]), "structure"),
    ("two elements of version 3", encode([3, bytes(140)]), "version"),
]


def _whole_is_dropped(context: Context, case: Tuple[str, bytes, str]) -> None:
    _, envelope, reason = case
    context.client.is_dropped(wire.tagged(context.target.id, envelope), reason)


check_each("Envelope", WHOLES, _whole_is_dropped)

# ---- Version and kind ----

VERSIONS = [
    (f"version {version} is dropped", {"version": version})
    for version in (0, 2, 127, 128, 2**64 - 1)
] + [
    ("a future version may have 12 elements",
     {"version": 2, "header": b"\x9c", "signature": Raw()}),
    ("a future version may have 14 elements", {"version": 2, "header": b"\x9e", "after": b"\xc0"}),
    ("a future version may have 31 elements",
     {"version": 2, "header": b"\xdc\x00\x1f", "after": b"\xc0" * 18}),
    ("a future version may nest arrays 4 deep",
     {"version": 2, "header": b"\x9e", "after": b"\x91\x91\x90"}),
    ("the version is checked before the elements", {"version": 2, "token": bytes(15)}),
    ("the version is checked before the kind", {"version": 2, "kind": 6}),
    ("the version is checked before the body's limit", {"version": 2, "body": b""}),
]


def _is_other_version(context: Context, case: Tuple[str, dict]) -> None:
    flaws = {"padding": bytes(90), **case[1]}
    context.client.is_dropped(context.client.seal(flaws.pop("kind", PING), **flaws), "version")


check_each("Envelope", VERSIONS, _is_other_version)

KINDS = [(f"kind {kind} is unknown", kind) for kind in
         (0, 14, 15, 16, 30, 32, 46, 64, 78, 96, 127, 128, 255, 256, 273, 2**32 + 1, 2**64 - 1)]


def _kind_is_unknown(context: Context, case: Tuple[str, int]) -> None:
    context.client.is_dropped(context.client.seal(case[1], padding=bytes(8)), "kind")


check_each("Bodies", KINDS, _kind_is_unknown)

REPLIES = [(f"{wire.KIND_NAMES[kind]} without a request is unawaited", kind)
           for kind in (17, 18, 19, 20, 21, 22, 31)]


def _reply_is_unawaited(context: Context, case: Tuple[str, int]) -> None:
    context.client.is_dropped(context.client.seal(case[1], padding=bytes(8)), "unawaited")


check_each("RPCs", REPLIES, _reply_is_unawaited)

# ---- Bounds that are met ----

ACCEPTED = [
    ("no padding", {"padding": b""}),
    ("1 byte of padding", {"padding": bytes(1)}),
    ("255 bytes of padding", {"padding": bytes(255)}),
    ("256 bytes of padding", {"padding": bytes(256)}),
    ("512 bytes of padding", {"padding": bytes(512)}),
    ("an rpc id of zeros", {"rpc_id": bytes(8)}),
    ("an rpc id of ones", {"rpc_id": b"\xff" * 8}),
    ("a token that is not valid", {"token": bytes(16)}),
]


def _is_answered(context: Context, case: Tuple[str, dict]) -> None:
    client = context.fresh()  # an rpc id that is the same in each run needs another sender
    reply = client.ask_sealed(client.seal(PING, **case[1]))
    demand(reply.kind == wire.PONG, f"{reply.name} instead of PONG")


check_each("Envelope: accepted", ACCEPTED, _is_answered)


@check("Envelope: a body of 1027 bytes is within the limit of a request")
def _largest_body(context: Context) -> None:
    context.client.is_dropped(context.client.seal(PING, bytes(1027)), "body")


# ---- Hello ----


@check("Hello: a PING of exactly 411 bytes is answered without knowing the node ID")
def _hello_is_answered(context: Context) -> None:
    client = context.fresh()
    reply = client.ask_sealed(client.seal(PING, hello=True, size=411))
    demand(reply.kind == wire.PONG, f"{reply.name} instead of PONG")
    demand(len(reply.token) == 16, "the PONG to a hello grants no token")


HELLO_LENGTHS = [(f"at {size} bytes the all-zero recipient is not tried", size)
                 for size in (192, 410, 412, 1000)]


def _hello_of_other_length(context: Context, case: Tuple[str, int]) -> None:
    body = bytes(case[1] - 185 - 3) if case[1] > 600 else b"\x90"
    sealed = context.client.seal(PING, body, hello=True, size=case[1])
    context.client.is_dropped(sealed, "tag")


check_each("Hello", HELLO_LENGTHS, _hello_of_other_length)

HELLO_KINDS = [
    ("FIND_NODE may not be sent this way", wire.FIND_NODE, wire.find_node(bytes(32))),
    ("FIND_VALUE may not be sent this way", wire.FIND_VALUE, wire.find_value(bytes(32), 1)),
    ("STORE may not be sent this way", wire.STORE, wire.store(b"\x92\x01\xc4\x01x")),
    ("ANNOUNCE may not be sent this way", wire.ANNOUNCE, wire.announce(bytes(100))),
    ("a reply may not be sent this way", wire.PONG, encode([bytes(range(1, 7))])),
]


def _hello_of_other_kind(context: Context, case: Tuple[str, int, bytes]) -> None:
    _, kind, body = case
    context.client.is_dropped(context.client.seal(kind, body, hello=True, size=411), "kind")


check_each("Hello", HELLO_KINDS, _hello_of_other_kind)


@check("Hello: an addressed datagram may be 411 bytes long, too")
def _addressed_of_411(context: Context) -> None:
    reply = context.client.ask(PING, token=b"", size=411)
    demand(reply.kind == wire.PONG, f"{reply.name} instead of PONG")


@check("Hello: a receiver does not drop one for its token")
def _hello_with_token(context: Context) -> None:
    client = context.client
    token = client.ask(PING).token
    reply = client.ask_sealed(client.seal(PING, hello=True, size=411, token=token))
    demand(reply.kind == wire.PONG, f"{reply.name} instead of PONG")


@check("Hello: a receiver does not drop one for its path")
def _hello_in_batch(context: Context) -> None:
    client = context.client
    drafts = [wire.padded(wire.Draft(PING), client.identity, 411 - 32) for _ in range(2)]
    hello = wire.seal_batch(drafts, client.identity, [ZERO, secrets.token_bytes(32)])[0]
    hello.hello = True
    demand(len(hello) == 411, f"{len(hello)} bytes")
    demand(client.ask_sealed(hello).kind == wire.PONG, "no PONG")


@check("Hello: its digest is made with the all-zero recipient")
def _hello_digest(context: Context) -> None:
    draft = wire.padded(wire.Draft(PING), context.client.identity, 411)
    sealed = wire.seal(draft, context.client.identity, context.target.id)
    context.client.is_dropped(_retag(sealed, wire.make_tag(ZERO, sealed.envelope)), "signature")


@check("Hello: an addressed datagram's digest is made with its recipient")
def _addressed_digest(context: Context) -> None:
    draft = wire.padded(wire.Draft(PING), context.client.identity, 411)
    sealed = wire.seal(draft, context.client.identity, ZERO)
    tag = wire.make_tag(context.target.id, sealed.envelope)
    context.client.is_dropped(_retag(sealed, tag), "signature")
