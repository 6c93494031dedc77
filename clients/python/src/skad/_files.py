"""Files of any size, piece by piece: neither the client nor the daemon ever has one whole.

The daemon opens no path, as it may be another user and is locked in; so the client opens the file and sends its bytes,
no more than the node has room for. What is fetched was verified by the node before; the client acknowledges it once
it is taken, and the node sends on.
"""

from __future__ import annotations

import asyncio
import os
import tempfile
from collections import deque
from collections.abc import Callable
from types import TracebackType
from typing import Any, BinaryIO, Optional, Union, cast

from . import protocol
from ._connection import Connection
from ._link import Link
from ._methods import Key, positional
from ._streams import Inbox, end_later, within
from .errors import AbortedError, DisconnectedError, InputError, SkadError

Path = Union[str, "os.PathLike[str]"]
OnPut = Callable[[protocol.PutProgress], None]
OnGot = Callable[[protocol.GetProgress], None]

BLOCK_BYTES = 1 << 18  #: read or written at once
ACK_BYTES = 1 << 14
ABORT_S = 5.0


def size_of(source: BinaryIO) -> Optional[int]:
    """How many bytes a file object has from where it stands; None if only reading tells."""
    try:
        here = source.tell()
        end = source.seek(0, os.SEEK_END)
        source.seek(here)
    except (OSError, AttributeError):
        return None
    return end - here


async def upload(
    link: Link, source: BinaryIO, size: Optional[int], keep: bool, progress: Optional[OnPut]
) -> protocol.PutFile:
    connection = await link.get()
    chunk_bytes = link.limits["chunk_bytes"]
    window = _Window(progress)
    msgid, answer = await connection.send("put_file", positional("put_file", {"size": size, "keep": keep}), window.take)
    answer.add_done_callback(lambda _: window.changed.set())
    try:
        sent = 0
        block = memoryview(b"")
        while (size is None or sent < size) and not answer.done():
            if not block:
                most = BLOCK_BYTES if size is None else min(BLOCK_BYTES, size - sent)
                block = memoryview(await asyncio.to_thread(source.read, most))
                if not block and size is not None:
                    raise InputError(f"the source ended after {sent} of {size} bytes", method="put_file")
            room = await window.room(sent, answer)
            part = block[: min(room, chunk_bytes)]
            block = block[len(part) :]
            if not answer.done():
                await connection.notify("chunk", msgid, bytes(part))
            if not part:
                break
            sent += len(part)
        return cast(protocol.PutFile, await answer)
    except DisconnectedError as error:
        message = "the connection to the node broke; what is stored by now stays: put the file again to complete it"
        raise DisconnectedError(message, method="put_file") from error
    except BaseException:
        await _abort(connection, msgid)
        raise


class _Window:
    """How much of an upload the node has, and has room for."""

    def __init__(self, progress: Optional[OnPut]) -> None:
        self.changed = asyncio.Event()
        self._progress = progress
        self._until = 0

    def take(self, name: str, value: Any) -> None:
        if name != "progress" or not isinstance(value, dict):
            return
        self._until = int(value.get("received", 0)) + int(value.get("window", 0))
        self.changed.set()
        if self._progress is not None:
            self._progress(cast(protocol.PutProgress, value))

    async def room(self, sent: int, answer: asyncio.Future[Any]) -> int:
        """Waits until more may be sent, and tells how much: 0 only if it is over."""
        while self._until <= sent and not answer.done():
            self.changed.clear()
            await self.changed.wait()
        return 0 if answer.done() else self._until - sent


class Download:
    """The bytes of a file, in order, as an async iterator. After the connection broke it goes on where it stopped.
    `result` is there at its end."""

    def __init__(
        self,
        link: Link,
        key: Key,
        offset: int,
        length: Optional[int],
        progress: Optional[OnGot],
        resume: bool = True,
    ) -> None:
        self.result: Optional[protocol.GetFile] = None
        self._link = link
        self._key = key
        self._offset = offset
        self._length = length
        self._progress = progress
        self._resume = resume
        self._taken = 0  #: bytes given to the consumer, of all connections
        self._acked = 0  #: bytes acknowledged over this one
        self._unacked = 0
        self._seen: dict[str, Any] = {}  #: the last progress
        self._chunks: deque[bytes] = deque()
        self._arrived = asyncio.Event()
        self._connection: Optional[Connection] = None
        self._msgid = 0
        self._answer: Optional[asyncio.Future[Any]] = None
        self._loop: Optional[asyncio.AbstractEventLoop] = None

    def __del__(self) -> None:
        end_later(self._loop, self._connection, "abort", self._msgid)

    def __aiter__(self) -> Download:
        return self

    async def __anext__(self) -> bytes:
        while True:
            try:
                if self._connection is None and self.result is None:
                    await self._begin()
                await self._acknowledge()
            except DisconnectedError:
                if self._answer is None:
                    continue
            if self._chunks:
                chunk = self._chunks.popleft()
                self._taken += len(chunk)
                self._unacked += len(chunk)
                return chunk
            if self.result is not None:
                raise StopAsyncIteration
            answer = self._answer
            assert answer is not None
            if not answer.done():
                self._arrived.clear()
                await self._arrived.wait()
            elif not self._chunks:
                self._end(answer)

    async def next(self, timeout: Optional[float] = None) -> bytes:
        """The next bytes; NoAnswerError if none come in so many seconds, after which the transfer goes on."""
        return await within(timeout, self.__anext__(), "get_file")

    async def aclose(self) -> None:
        """Ends the transfer, here and at the node."""
        connection, self._connection = self._connection, None
        if connection is not None and self._answer is not None:
            await _abort(connection, self._msgid)

    async def __aenter__(self) -> Download:
        return self

    async def __aexit__(
        self,
        kind: Optional[type[BaseException]],
        error: Optional[BaseException],
        trace: Optional[TracebackType],
    ) -> None:
        await self.aclose()

    async def _begin(self) -> None:
        self._answer = None
        connection = await self._link.get()
        length = None if self._length is None else self._length - self._taken
        self._acked = self._unacked = 0
        arguments = {"key": self._key, "offset": self._offset + self._taken, "length": length}
        params = positional("get_file", arguments)
        self._loop = asyncio.get_running_loop()
        inbox = Inbox(self)
        self._msgid, self._answer = await connection.send("get_file", params, inbox.take)
        self._answer.add_done_callback(inbox.end)
        self._connection = connection

    async def _acknowledge(self) -> None:
        """Tells the node what was taken: when nothing is left here, or much was taken, so that it need not wait."""
        if self._chunks and self._unacked < ACK_BYTES:
            return
        if self._unacked and self._connection is not None and self._answer is not None and not self._answer.done():
            self._acked += self._unacked
            self._unacked = 0
            await self._connection.notify("ack", self._msgid, self._acked)

    def _take(self, name: str, value: Any) -> None:
        if name == "chunk" and isinstance(value, bytes):
            self._chunks.append(value)
            self._arrived.set()
        elif name == "progress" and isinstance(value, dict):
            self._seen = value
            if self._progress is not None:
                self._progress(cast(protocol.GetProgress, value))

    def _end(self, answer: asyncio.Future[Any]) -> None:
        self._connection = None
        error = answer.exception()
        if isinstance(error, DisconnectedError):
            if not self._resume:
                raise error
            if self._all():
                self.result = self._summary({"api": 1, "size": self._taken, "pieces": 0, **self._seen})
            return  # else the next round asks for the rest
        if error is not None:
            raise error
        self.result = self._summary(answer.result())

    def _all(self) -> bool:
        """Whether the connection broke after the last byte."""
        if self._taken == self._length:
            return True
        return "size" in self._seen and self._offset + self._taken >= self._seen["size"]

    def _summary(self, result: dict[str, Any]) -> protocol.GetFile:
        """The result over all connections: the node knows only the last one."""
        key = self._key.hex() if isinstance(self._key, bytes) else self._key.lower()
        summary = {**result, "key": key, "bytes": self._taken}
        return cast(protocol.GetFile, {name: each for name, each in summary.items() if name not in ("sent", "window")})


async def _abort(connection: Connection, msgid: int) -> None:
    """Ends a transfer at the node, if it is not over."""
    if not connection.pending(msgid) or connection.broken is not None:
        return
    connection.abandon(msgid)
    try:
        async with asyncio.timeout(ABORT_S):
            await connection.call("abort", [msgid])
    except (SkadError, TimeoutError):
        pass


async def save(download: Download, target: Union[Path, BinaryIO]) -> protocol.GetFile:
    """Writes what is fetched into a file object, or a file that has its name only once it is whole."""
    if not isinstance(target, (str, os.PathLike)):
        return await _copy(download, target)
    path = os.fspath(target)
    handle, part = await asyncio.to_thread(
        tempfile.mkstemp, ".part", os.path.basename(path) + ".", os.path.dirname(path) or "."
    )
    try:
        with os.fdopen(handle, "wb") as file:
            result = await _copy(download, file)
            mask = os.umask(0)
            os.umask(mask)
            os.fchmod(file.fileno(), 0o666 & ~mask)
        os.replace(part, path)
    except BaseException:
        os.unlink(part)
        raise
    return result


async def _copy(download: Download, file: BinaryIO) -> protocol.GetFile:
    block = bytearray()
    async with download:
        async for chunk in download:
            block += chunk
            if len(block) >= BLOCK_BYTES:
                await asyncio.to_thread(file.write, bytes(block))
                block.clear()
        if block:
            await asyncio.to_thread(file.write, bytes(block))
        if download.result is None:
            raise AbortedError("the transfer was ended", method="get_file")
        return download.result
