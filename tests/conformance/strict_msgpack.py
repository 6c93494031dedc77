"""The strict msgpack of the wire: nil, unsigned integers, bin, arrays, in their shortest forms.

PROTOCOL.md, "Conventions". The encoder also writes bytes as they are (`Raw`), for what no correct
sender would send.
"""

from typing import Any, List, Tuple, Union

DEPTH_MAX = 4
ITEMS_MAX = 76  # the values of the largest body


class Raw(bytes):
    """Bytes that the encoder writes as they are."""


class Malformed(Exception):
    """The input is not exactly one strict msgpack value."""


def array_header(count: int) -> bytes:
    """The shortest header of an array."""
    if count < 16:
        return bytes([0x90 + count])
    return b"\xdc" + count.to_bytes(2, "big")


def encode_uint(value: int) -> bytes:
    """An unsigned integer in its shortest form."""
    if value < 0x80:
        return bytes([value])
    for head, size in ((0xCC, 1), (0xCD, 2), (0xCE, 4), (0xCF, 8)):
        if value < 1 << (8 * size):
            return bytes([head]) + value.to_bytes(size, "big")
    raise ValueError(f"{value} has more than 64 bits")


def encode_bin(data: bytes) -> bytes:
    """A bin with the shortest header."""
    if len(data) < 0x100:
        return b"\xc4" + bytes([len(data)]) + data
    return b"\xc5" + len(data).to_bytes(2, "big") + data


def encode(value: Union[None, int, bytes, Raw, list, tuple]) -> bytes:
    """One value: None, an unsigned integer, bytes, or a list of such values."""
    if isinstance(value, Raw):
        return bytes(value)
    if value is None:
        return b"\xc0"
    if isinstance(value, int):
        return encode_uint(value)
    if isinstance(value, (bytes, bytearray)):
        return encode_bin(bytes(value))
    return array_header(len(value)) + b"".join(encode(item) for item in value)


class _Reader:
    """Reads strict values, bounded in number and depth, and never allocates by a claimed count."""

    def __init__(self, data: bytes, items_max: int):
        self.data = data
        self.at = 0
        self.items_left = items_max

    def take(self, count: int) -> bytes:
        if count > len(self.data) - self.at:
            raise Malformed("cut off")
        taken = self.data[self.at : self.at + count]
        self.at += count
        return taken

    def number(self, size: int, least: int) -> int:
        value = int.from_bytes(self.take(size), "big")
        if value < least:
            raise Malformed("longer than needed")
        return value

    def value(self, depth: int) -> Any:
        if self.items_left == 0:
            raise Malformed("too many values")
        self.items_left -= 1
        head = self.take(1)[0]
        if head < 0x80:
            return head
        if head == 0xC0:
            return None
        if 0xCC <= head <= 0xCF:
            size = 1 << (head - 0xCC)
            return self.number(size, 0x80 if size == 1 else 1 << (4 * size))
        if 0xC4 <= head <= 0xC6:
            size = 1 << (head - 0xC4)
            return self.take(self.number(size, 0 if size == 1 else 1 << (4 * size)))
        if 0x90 <= head <= 0x9F:
            return self.array(head - 0x90, depth)
        if head in (0xDC, 0xDD):
            size = 2 if head == 0xDC else 4
            return self.array(self.number(size, 16 if size == 2 else 1 << 16), depth)
        raise Malformed(f"type {head:02x}")

    def array(self, count: int, depth: int) -> List[Any]:
        if depth == DEPTH_MAX:
            raise Malformed("nested too deep")
        return [self.value(depth + 1) for _ in range(count)]


def decode(data: bytes, items_max: int = ITEMS_MAX) -> Any:
    """The one value that `data` holds; raises Malformed for anything else."""
    reader = _Reader(data, items_max)
    value = reader.value(0)
    if reader.at != len(data):
        raise Malformed("bytes after the value")
    return value


def decode_prefix(data: bytes, items_max: int = ITEMS_MAX) -> Tuple[Any, int]:
    """The value at the beginning of `data` and its length."""
    reader = _Reader(data, items_max)
    return reader.value(0), reader.at
