"""Datagrams: sealing them, with any flaw that a check wants, and taking those of the target apart.

PROTOCOL.md, "Datagrams", "Network tag", "Envelope", "What is signed", "Bodies".
"""

import secrets
from dataclasses import dataclass, field, replace
from typing import Any, List, Optional, Sequence, Tuple

import identity as ids
from identity import ZERO, Identity, digest_of
from strict_msgpack import Malformed, array_header, decode, encode

PING, FIND_NODE, FIND_VALUE, STORE, ANNOUNCE, COMPARE, MATCH, PROBE, CALL, INTRODUCE, FORWARD = range(1, 12)
PONG, NODES, VALUE, STORED, ANNOUNCED, COMPARED, MATCHED, PROBED, CALLED, INTRODUCED, FORWARDED = range(17, 28)
AUDIT, PROVE, AUDITED, PROVEN = 12, 13, 28, 29
ERROR = 31
CLIENT, GUARDED = 64, 32
KIND_NAMES = {
    PING: "PING",
    FIND_NODE: "FIND_NODE",
    FIND_VALUE: "FIND_VALUE",
    STORE: "STORE",
    ANNOUNCE: "ANNOUNCE",
    COMPARE: "COMPARE",
    MATCH: "MATCH",
    PROBE: "PROBE",
    CALL: "CALL",
    INTRODUCE: "INTRODUCE",
    FORWARD: "FORWARD",
    AUDIT: "AUDIT",
    PROVE: "PROVE",
    PONG: "PONG",
    NODES: "NODES",
    VALUE: "VALUE",
    STORED: "STORED",
    ANNOUNCED: "ANNOUNCED",
    COMPARED: "COMPARED",
    MATCHED: "MATCHED",
    PROBED: "PROBED",
    CALLED: "CALLED",
    INTRODUCED: "INTRODUCED",
    FORWARDED: "FORWARDED",
    AUDITED: "AUDITED",
    PROVEN: "PROVEN",
    ERROR: "ERROR",
}

TAG_BYTES = 16
DATAGRAM_BYTES_MAX = 1232
HELLO_BYTES = 411
BODY_BYTES_MAX = 1059
PADDING_BYTES_MAX = 512


def make_tag(recipient: bytes, envelope: bytes, network_key: bytes = ids.NETWORK_KEY) -> bytes:
    """Both halves of the tag."""
    front = digest_of("skad1 front", recipient, envelope[:64], key=network_key, size=8)
    return front + digest_of("skad1 tag", recipient, envelope, key=network_key, size=8)


def tagged(recipient: bytes, envelope: bytes, network_key: bytes = ids.NETWORK_KEY) -> bytes:
    """An envelope with its tag in front."""
    return make_tag(recipient, envelope, network_key) + envelope


@dataclass
class Draft:
    """The elements of an envelope. Each may be set to what a correct sender never sends: a value of
    another type, or Raw bytes. What is not set is correct."""

    kind: Any
    body: Any = b"\x90"
    version: Any = 1
    rpc_id: Any = field(default_factory=lambda: secrets.token_bytes(8))
    public_key: Any = None  # None: the signer's
    id: Any = None  # None: the signer's in a request, none in a reply
    epoch: Any = None  # None: that of our clock
    nonce: Any = None  # None: one that solves the epoch's puzzle
    token: Any = b""
    padding: Any = b""
    index: Any = None  # None: as the batch demands
    path: Any = None
    signature: Any = None
    header: bytes = array_header(13)
    after: bytes = b""  # behind the envelope

    def signed_part(self, signer: Identity) -> bytes:
        """The bytes from the array header up to the padding."""
        epoch = ids.current_epoch() if self.epoch is None else self.epoch
        nonce = self.nonce
        if nonce is None:
            known = isinstance(epoch, int) and epoch < 1 << 32
            nonce = signer.nonce(epoch) if known else bytes(8)
        name = self.id
        if name is None:
            name = b"" if isinstance(self.kind, int) and self.kind >= 16 else signer.id
        elements = [
            self.version,
            self.kind,
            self.rpc_id,
            signer.public_key if self.public_key is None else self.public_key,
            name,
            epoch,
            nonce,
            self.token,
            self.body,
            self.padding,
        ]
        return self.header + b"".join(encode(element) for element in elements)


@dataclass
class Sealed:
    """A datagram that is ready to be sent."""

    datagram: bytes
    digest: bytes
    rpc_id: bytes
    kind: int
    draft: Draft
    hello: bool = False

    def __len__(self) -> int:
        return len(self.datagram)

    @property
    def envelope(self) -> bytes:
        return self.datagram[TAG_BYTES:]


def leaf(
    draft: Draft,
    signer: Identity,
    recipient: bytes,
    request_digest: bytes = ZERO,
    network_key: bytes = ids.NETWORK_KEY,
) -> bytes:
    """The digest of a datagram."""
    part = draft.signed_part(signer)
    return digest_of("skad1 leaf", recipient, request_digest, part, key=network_key)


def seal_batch(
    drafts: Sequence[Draft],
    signer: Identity,
    recipients: Sequence[bytes],
    request_digest: bytes = ZERO,
    signing_key: bytes = ids.NETWORK_KEY,
) -> List[Sealed]:
    """Signs drafts with one signature. `signing_key` is the network key that the digests have."""
    leaves = [
        leaf(draft, signer, recipient, request_digest, signing_key)
        for draft, recipient in zip(drafts, recipients)
    ]
    signature = signer.sign("skad1 datagram", ids.batch_root(leaves))
    out = []
    for place, (draft, recipient) in enumerate(zip(drafts, recipients)):
        envelope = draft.signed_part(signer)
        envelope += encode(place if draft.index is None else draft.index)
        envelope += encode(ids.batch_path(leaves, place) if draft.path is None else draft.path)
        envelope += encode(signature if draft.signature is None else draft.signature)
        envelope += draft.after
        datagram = tagged(recipient, envelope)
        out.append(Sealed(datagram, leaves[place], draft.rpc_id, draft.kind, draft))
    return out


def seal(
    draft: Draft,
    signer: Identity,
    recipient: bytes,
    request_digest: bytes = ZERO,
    signing_key: bytes = ids.NETWORK_KEY,
) -> Sealed:
    """Signs one draft by itself."""
    return seal_batch([draft], signer, [recipient], request_digest, signing_key)[0]


def padded(draft: Draft, signer: Identity, size: int) -> Draft:
    """The draft with as much padding as makes a datagram of `size` bytes, alone in its batch.

    Where the padding's header grows the size cannot be met, and the datagram is a byte longer."""
    bare = len(seal(replace(draft, padding=b""), signer, ZERO))
    missing = size - bare
    if missing <= 0:
        return draft
    length = missing if missing < 256 else max(missing - 1, 256)
    return replace(draft, padding=bytes(length))


@dataclass
class Opened:
    """A datagram of the target, taken apart."""

    kind: int
    rpc_id: bytes
    public_key: bytes
    id: bytes
    epoch: int
    nonce: bytes
    token: bytes
    body: Any
    padding: bytes
    index: int
    path: bytes
    signature: bytes
    signed_part: bytes
    size: int


class Unacceptable(Exception):
    """A datagram breaks a rule of the protocol."""


def _demand(condition: bool, what: str) -> None:
    if not condition:
        raise Unacceptable(what)


def open_envelope(datagram: bytes, recipient: bytes) -> Opened:
    """Checks size, tag, form and bounds of a datagram; the body is decoded strictly."""
    _demand(152 <= len(datagram) <= DATAGRAM_BYTES_MAX, f"a datagram of {len(datagram)} bytes")
    envelope = datagram[TAG_BYTES:]
    _demand(datagram[:TAG_BYTES] == make_tag(recipient, envelope), "the tag is wrong")
    try:
        elements = decode(envelope)
    except Malformed as error:
        raise Unacceptable(f"the envelope is not strict: {error}") from error
    _demand(isinstance(elements, list) and len(elements) == 13, "not an array of 13")
    version, kind, rpc_id, key, name, epoch, nonce, token, body, padding = elements[:10]
    index, path, mark = elements[10:]
    _demand(version == 1, f"version {version}")
    _demand(kind in KIND_NAMES, f"kind {kind}")
    _demand(isinstance(rpc_id, bytes) and len(rpc_id) == 8, "rpc id")
    _demand(isinstance(key, bytes) and len(key) == 32, "public key")
    _demand(isinstance(name, bytes) and len(name) in (0, 32), "id")
    _demand(name or kind >= 16, "a request without an id")
    _demand(isinstance(epoch, int) and epoch < 1 << 32, "epoch")
    _demand(isinstance(nonce, bytes) and len(nonce) == 8, "nonce")
    _demand(isinstance(token, bytes) and len(token) in (0, 16), "token")
    _demand(isinstance(body, bytes) and 1 <= len(body) <= BODY_BYTES_MAX, "body")
    _demand(isinstance(padding, bytes) and len(padding) <= PADDING_BYTES_MAX, "padding")
    _demand(not any(padding), "padding that is not zero")
    _demand(isinstance(path, bytes) and len(path) in (0, 32, 64, 96, 128), "path")
    _demand(isinstance(index, int) and index < (1 << (len(path) // 32) if path else 16), "index")
    _demand(isinstance(mark, bytes) and len(mark) == 64, "signature")
    try:
        content = decode(body)
    except Malformed as error:
        raise Unacceptable(f"the body is not strict: {error}") from error
    signed_part = envelope[: -(1 + len(encode(path)) + 66)]
    _check_body(kind, content)
    return Opened(
        kind, rpc_id, key, name, epoch, nonce, token, content, padding, index, path, mark, signed_part,
        len(datagram),
    )


def root_of(digest: bytes, index: int, path: bytes) -> bytes:
    """What is signed; a copy that is alone has its number as index."""
    if not path and index:
        return digest_of("skad1 branch", index.to_bytes(32, "big"), digest)
    return ids.climb(digest, index, path)


def verify(opened: Opened, recipient: bytes, request_digest: bytes, sender: bytes) -> bytes:
    """Checks identity, puzzles and signature; returns the digest."""
    _demand(ids.node_id(opened.public_key) == sender, "the ID is not that of the key")
    _demand(ids.epoch_valid(opened.epoch), f"epoch {opened.epoch}")
    _demand(ids.static_ok(sender), "the static puzzle is not solved")
    _demand(ids.dynamic_ok(sender, opened.epoch, opened.nonce), "the dynamic puzzle is not solved")
    digest = digest_of(
        "skad1 leaf", recipient, request_digest, opened.signed_part, key=ids.NETWORK_KEY
    )
    root = root_of(digest, opened.index, opened.path)
    _demand(
        ids.verifies("skad1 datagram", root, opened.public_key, opened.signature),
        "the signature is wrong",
    )
    return digest


# ---- Bodies ----


def endpoint_ok(value: Any) -> bool:
    """Whether a value is an endpoint."""
    if not isinstance(value, bytes) or len(value) not in (6, 18):
        return False
    mapped = len(value) == 18 and value[:12] == bytes(10) + b"\xff\xff"
    return value[-2:] != b"\0\0" and not mapped


def _contact_ok(value: Any) -> bool:
    if not isinstance(value, list) or len(value) not in (2, 3):
        return False
    if not isinstance(value[0], bytes) or len(value[0]) != 32:
        return False
    sizes = [len(end) for end in value[1:] if endpoint_ok(end)]
    return sizes in ([6], [18], [6, 18])


def _contacts_ok(value: Any) -> bool:
    return isinstance(value, list) and len(value) <= 16 and all(map(_contact_ok, value))


def _uint_ok(value: Any, least: int, bits: int) -> bool:
    return isinstance(value, int) and least <= value < 1 << bits


def _record_ok(value: Any) -> bool:
    return isinstance(value, bytes) and 1 <= len(value) <= 1005


def _key_ok(value: Any) -> bool:
    return isinstance(value, bytes) and len(value) == 32


_FORMS = {
    PING: [],
    FIND_NODE: [_key_ok, lambda want: want in (1, 2, 3)],
    FIND_VALUE: [_key_ok, lambda want: want in (1, 2, 3), lambda kind: kind in (1, 2, 3)],
    STORE: [
        _record_ok,
        lambda cas: cas is None or _uint_ok(cas, 0, 64),
        lambda life: _uint_ok(life, 1, 32),
    ],
    ANNOUNCE: [_record_ok],
    COMPARE: [lambda held: isinstance(held, bytes) and len(held) in range(24, 961, 24)],
    MATCH: [
        lambda bits: _uint_ok(bits, 0, 7) and bits < 128,
        lambda digests: isinstance(digests, bytes) and len(digests) == 512,
    ],
    PONG: [endpoint_ok],
    NODES: [endpoint_ok, _contacts_ok],
    VALUE: [
        endpoint_ok,
        lambda records: isinstance(records, list)
        and len(records) <= 8
        and all(map(_record_ok, records)),
        _contacts_ok,
    ],
    STORED: [endpoint_ok, lambda life: _uint_ok(life, 0, 32)],
    ANNOUNCED: [endpoint_ok, lambda life: _uint_ok(life, 0, 32)],
    COMPARED: [endpoint_ok, lambda bits: isinstance(bits, bytes) and 1 <= len(bits) <= 5],
    MATCHED: [endpoint_ok, lambda differs: _uint_ok(differs, 0, 64)],
    FORWARD: [
        _record_ok,
        lambda aim: aim in (0, 1, 2, 4),
        lambda want: want in (1, 2, 3),
        lambda budget: _uint_ok(budget, 0, 6) and budget <= 32,
        lambda life: _uint_ok(life, 1, 14) and life <= 10000,
    ],
    FORWARDED: [
        endpoint_ok,
        lambda record: isinstance(record, bytes) and len(record) <= 1005,
        lambda statement: isinstance(statement, bytes) and len(statement) <= 1033,
    ],
    ERROR: [
        endpoint_ok,
        lambda code: _uint_ok(code, 1, 16),
        lambda detail: _uint_ok(detail, 0, 64),
    ],
}


def _form_of(kind: int, body: Any) -> list:
    """What the elements of a body must be; the one that may be left out counts where it is there."""
    form = list(_FORMS[kind])
    if kind == FIND_VALUE and len(body) == 4:
        form[2] = lambda kind: kind == 3
        form.append(_key_ok)
    if kind == VALUE and len(body) == 4:
        form.insert(2, lambda total: _uint_ok(total, len(body[1]) + 1, 32))
    return form


def _check_body(kind: int, body: Any) -> None:
    form = _form_of(kind, body) if isinstance(body, list) else _FORMS[kind]
    name = KIND_NAMES[kind]
    _demand(isinstance(body, list) and len(body) == len(form), f"elements of a {name}")
    for place, (accepts, element) in enumerate(zip(form, body)):
        _demand(accepts(element), f"element {place + 1} of a {name}")
    if kind == FORWARDED:
        _demand(bool(body[1]) != bool(body[2]), "neither a record nor a statement, or both")


def forward(subject: bytes, aim: int = 0, budget: int = 0, life_ms: int = 3000) -> bytes:
    """The body of a FORWARD."""
    return encode([subject, aim, 3, budget, life_ms])


@dataclass
class Statement:
    """A statement of the target."""

    public_key: bytes
    aim: int
    unix_s: int
    holders: int
    contacts: List[Any]


def open_statement(data: bytes, aim: int, subject: bytes) -> Statement:
    """Checks the form of a statement, and its signature for a subject: a target or a record."""
    try:
        elements = decode(data)
    except Malformed as error:
        raise Unacceptable(f"the statement is not strict: {error}") from error
    _demand(isinstance(elements, list) and len(elements) == 6, "a statement of other elements")
    key, stated, unix_s, holders, contacts, mark = elements
    _demand(isinstance(key, bytes) and len(key) == 32, "the key of a statement")
    _demand(stated == aim, f"a statement of aim {stated}")
    _demand(_uint_ok(unix_s, 0, 64), "the time of a statement")
    _demand(_uint_ok(holders, 0, 7) and (holders == 0 or aim == 4), "holders of a statement")
    _demand(_contacts_ok(contacts) and (not contacts or aim == 0), "contacts of a statement")
    _demand(isinstance(mark, bytes) and len(mark) == 64, "the signature of a statement")
    about = digest_of("skad1 subject", bytes([aim]), subject)
    digest = digest_of("skad1 stated", ids.NETWORK_ID, about, data[:-66])
    _demand(ids.verifies("skad1 stated", digest, key, mark), "the statement's signature is wrong")
    return Statement(key, stated, unix_s, holders, contacts)


def find_node(target: bytes, want: int = 3) -> bytes:
    """The body of a FIND_NODE."""
    return encode([target, want])


def find_value(key: bytes, kind: int, want: int = 3, start: Optional[bytes] = None) -> bytes:
    """The body of a FIND_VALUE; `start`: the publisher with which the answer begins."""
    return encode([key, want, kind] if start is None else [key, want, kind, start])


def compare(prints: Any) -> bytes:
    """The body of a COMPARE."""
    return encode([b"".join(prints)])


def held_print(
    kind: int, key: bytes, publisher: bytes, sequence: int, life_s: int
) -> bytes:
    """The print of a record."""
    name = digest_of("skad1 held", key, bytes([kind]), publisher, size=8)
    minutes = min(life_s // 60, 65535)
    return key[:8] + name[:6] + minutes.to_bytes(2, "big") + sequence.to_bytes(8, "big")


def match_digest(held: List[Tuple[bytes, int, bytes, int]]) -> bytes:
    """The digest of a range that holds records of these keys, types, publishers and sequences."""
    chain = bytes(32)
    for key, kind, publisher, sequence in sorted(held):
        name = (key, bytes([kind]), publisher, sequence.to_bytes(8, "big"))
        chain = digest_of("skad1 match", chain, *name)
    return chain[:8] if held else bytes(8)


def store(record: bytes, cas: Optional[int] = None, life_s: int = ids.LIFE_S) -> bytes:
    """The body of a STORE."""
    return encode([record, cas, life_s])


def announce(record: bytes) -> bytes:
    """The body of an ANNOUNCE."""
    return encode([record])

