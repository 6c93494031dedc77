"""Records, correct and flawed. PROTOCOL.md, "Records"."""

import secrets
import time
from dataclasses import dataclass, field
from typing import Any, Callable

import identity as ids
from identity import Identity, digest_of
from strict_msgpack import array_header, encode

IMMUTABLE, MUTABLE, ANNOUNCEMENT = 1, 2, 3


def later(seconds: int = 3600) -> int:
    """So many seconds from now."""
    return int(time.time()) + seconds


def immutable(value: bytes) -> bytes:
    """An immutable record."""
    return encode([IMMUTABLE, value])


def value_key(value: bytes) -> bytes:
    """The key of an immutable value."""
    return digest_of("skad1 value", value)


def fresh_value(size: int) -> bytes:
    """A value that no node holds yet (but for the shortest ones)."""
    return secrets.token_bytes(size)


def _sign(part: bytes, signer: Identity, domain: str, prefix: str, network: bytes) -> bytes:
    return signer.sign(prefix, digest_of(domain, network, part))


@dataclass
class Mutable:
    """A mutable record. What is changed is signed as it is, unless `signature` says otherwise."""

    publisher: Identity
    salt: Any = b""
    sequence: Any = 1
    expiry: Any = field(default_factory=later)
    value: Any = b"value"
    public_key: Any = None
    kind: Any = MUTABLE
    elements: int = 7
    signer: Identity = None
    domain: str = "skad1 record"
    prefix: str = "skad1 record"
    network: bytes = ids.NETWORK_ID
    signature: Callable[[bytes], bytes] = None  # given the digest
    after: bytes = b""

    @property
    def key(self) -> bytes:
        """The key under which it is held."""
        return digest_of("skad1 mutable", self.publisher.public_key, self.salt)

    def bytes(self) -> bytes:
        """The record, encoded and signed."""
        key = self.publisher.public_key if self.public_key is None else self.public_key
        parts = [self.kind, key, self.salt, self.sequence, self.expiry, self.value]
        part = array_header(self.elements) + b"".join(encode(element) for element in parts)
        return _finish(self, part)


@dataclass
class Announcement:
    """An announcement; the same."""

    publisher: Identity
    key: Any = field(default_factory=lambda: secrets.token_bytes(32))
    sequence: Any = 1
    expiry: Any = field(default_factory=later)
    endpoint: Any = b""
    metadata: Any = b""
    public_key: Any = None
    kind: Any = ANNOUNCEMENT
    elements: int = 8
    signer: Identity = None
    domain: str = "skad1 announce"
    prefix: str = "skad1 announce"
    network: bytes = ids.NETWORK_ID
    signature: Callable[[bytes], bytes] = None
    after: bytes = b""

    def bytes(self) -> bytes:
        """The record, encoded and signed."""
        key = self.publisher.public_key if self.public_key is None else self.public_key
        parts = [self.kind, self.key, key, self.sequence, self.expiry, self.endpoint, self.metadata]
        part = array_header(self.elements) + b"".join(encode(element) for element in parts)
        return _finish(self, part)


def _finish(record: Any, part: bytes) -> bytes:
    if record.signature is not None:
        mark = record.signature(digest_of(record.domain, record.network, part))
    else:
        signer = record.signer or record.publisher
        mark = _sign(part, signer, record.domain, record.prefix, record.network)
    return part + encode(mark) + record.after
