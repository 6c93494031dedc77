"""Hashes, signatures, puzzles and identities of the network `test`.

PROTOCOL.md, "Hashes", "Signatures", "Network profile", "Identity and puzzles", "Batch signatures".
"""

import hashlib
import secrets
import time
from typing import List, Sequence

import nacl.bindings
import nacl.exceptions
import nacl.pwhash
import nacl.signing

EPOCH_S = 1209600
LIFE_S = 86400
STATIC_BITS = 4
DYNAMIC_BITS = 6
MEMORY_KIB = 8
K = 16
ZERO = bytes(32)

_PROFILE = bytes.fromhex("9b01ab736b61642d746573742d31040608ce0012750010100401ce00015180")

# The order of the group and the encodings of the points whose order divides 8.
ORDER = 2**252 + 27742317777372353535851937790883648493
NEUTRAL = bytes([1]) + bytes(31)
ORDER_2 = (2**255 - 20).to_bytes(32, "little")
ORDER_4 = bytes(32)
ORDER_8 = bytes.fromhex("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05")


def digest_of(domain: str, *parts: bytes, key: bytes = b"", size: int = 32) -> bytes:
    """BLAKE2b with a personalisation."""
    personal = domain.encode().ljust(16, b"\0")
    return hashlib.blake2b(b"".join(parts), digest_size=size, key=key, person=personal).digest()


NETWORK_KEY = digest_of("skad1 network", digest_of("skad1 profile", _PROFILE))
NETWORK_ID = digest_of("skad1 network id", NETWORK_KEY)


def hard(domain: str, data: bytes) -> bytes:
    """The memory-hard hash."""
    salt = domain.encode().ljust(16, b"\0")
    return nacl.pwhash.argon2id.kdf(32, data, salt, opslimit=1, memlimit=MEMORY_KIB << 10)


def node_id(public_key: bytes) -> bytes:
    """The node ID of a public key."""
    return hard("skad1 node id", public_key)


def zero_bits(digest: bytes) -> int:
    """How many zero bits a hash begins with."""
    return 8 * len(digest) - int.from_bytes(digest, "big").bit_length()


def static_ok(identifier: bytes) -> bool:
    """Whether a node ID solves the static puzzle."""
    return zero_bits(digest_of("skad1 static", identifier)) >= STATIC_BITS


def dynamic_ok(identifier: bytes, epoch: int, nonce: bytes) -> bool:
    """Whether a nonce solves the dynamic puzzle of an epoch."""
    puzzle = hard("skad1 dynamic", identifier + epoch.to_bytes(8, "big") + nonce)
    return zero_bits(puzzle) >= DYNAMIC_BITS


def current_epoch() -> int:
    """The epoch of this machine's clock."""
    return int(time.time()) // EPOCH_S


def epoch_valid(epoch: int) -> bool:
    """Whether a nonce of this epoch is valid now: in it, three days longer, twelve hours sooner."""
    into = int(time.time()) % EPOCH_S
    by = epoch - current_epoch()
    return by == 0 or (by == -1 and into < 3 * EPOCH_S // 14) or (
        by == 1 and into >= EPOCH_S - EPOCH_S // 28)


def message(prefix: str, digest: bytes) -> bytes:
    """The 48 bytes that a signature covers."""
    return prefix.encode().ljust(16, b"\0") + digest


def verifies(prefix: str, digest: bytes, public_key: bytes, signature: bytes) -> bool:
    """Whether a signature verifies."""
    try:
        nacl.signing.VerifyKey(public_key).verify(message(prefix, digest), signature)
    except (nacl.exceptions.BadSignatureError, ValueError):
        return False
    return True


class Identity:
    """A key pair with its node ID, and a nonce for each epoch that is asked for."""

    def __init__(self, seed: bytes):
        self._key = nacl.signing.SigningKey(seed)
        self.seed = seed
        self.public_key = bytes(self._key.verify_key)
        self.id = node_id(self.public_key)
        self._nonces = {}

    @classmethod
    def liar(cls) -> "Identity":
        """One that states the ID of another key."""
        identity = cls.draw()
        identity.id = cls.draw().id
        return identity

    @classmethod
    def draw(cls, solves_static: bool = True) -> "Identity":
        """A new identity that solves the static puzzle, or one that does not."""
        while True:
            identity = cls(secrets.token_bytes(32))
            if static_ok(identity.id) == solves_static:
                return identity

    def nonce(self, epoch: int) -> bytes:
        """A nonce that solves the dynamic puzzle of the epoch."""
        if epoch not in self._nonces:
            self._nonces[epoch] = self._search(epoch, solves=True)
        return self._nonces[epoch]

    def wrong_nonce(self, epoch: int) -> bytes:
        """A nonce that does not."""
        return self._search(epoch, solves=False)

    def _search(self, epoch: int, solves: bool) -> bytes:
        count = 0
        while dynamic_ok(self.id, epoch, count.to_bytes(8, "big")) != solves:
            count += 1
        return count.to_bytes(8, "big")

    def sign(self, prefix: str, digest: bytes) -> bytes:
        """Signs a digest."""
        return self._key.sign(message(prefix, digest)).signature

    def sign_with_large_s(self, prefix: str, digest: bytes) -> bytes:
        """S + L instead of S, which verifiers that reduce S take for S."""
        signature = self.sign(prefix, digest)
        large = int.from_bytes(signature[32:], "little") + ORDER
        return signature[:32] + large.to_bytes(32, "little")

    def sign_with_weak_r(self, prefix: str, digest: bytes, point: bytes) -> bytes:
        """R of small order and S = h a: the equation holds at least with the cofactor."""
        expanded = hashlib.sha512(self.seed).digest()
        scalar = int.from_bytes(expanded[:32], "little") & ~7 & (2**254 - 1) | 2**254
        challenge = hashlib.sha512(point + self.public_key + message(prefix, digest)).digest()
        product = int.from_bytes(challenge, "little") * scalar % ORDER
        return point + product.to_bytes(32, "little")


def weak_key_signature() -> bytes:
    """S = r, R = r B: it passes for any message under the neutral element as the public key."""
    scalar = (7).to_bytes(32, "little")
    return nacl.bindings.crypto_scalarmult_ed25519_base_noclamp(scalar) + scalar


def _levels(leaves: Sequence[bytes]) -> List[List[bytes]]:
    """A batch's tree from its leaves to its root."""
    width = 1
    while width < len(leaves):
        width *= 2
    levels = [list(leaves) + [ZERO] * (width - len(leaves))]
    while len(levels[-1]) > 1:
        below = levels[-1]
        pairs = zip(below[::2], below[1::2])
        levels.append([digest_of("skad1 branch", left, right) for left, right in pairs])
    return levels


def batch_root(leaves: Sequence[bytes]) -> bytes:
    """The root over the digests of a batch."""
    return _levels(leaves)[-1][0]


def batch_path(leaves: Sequence[bytes], index: int) -> bytes:
    """The siblings from a leaf upwards."""
    return b"".join(level[(index >> i) ^ 1] for i, level in enumerate(_levels(leaves)[:-1]))


def climb(digest: bytes, index: int, path: bytes) -> bytes:
    """The root to which a leaf's path leads."""
    for at in range(0, len(path), 32):
        sibling = path[at : at + 32]
        right = index & 1
        digest = digest_of("skad1 branch", *((sibling, digest) if right else (digest, sibling)))
        index >>= 1
    return digest
