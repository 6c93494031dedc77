"""One connection to a node: requests out, responses and notifications in.

It knows msgpack-rpc and no method. One task reads; it never waits for a consumer, so a slow one holds up no other
call. When the connection ends, all that waits for an answer ends with one error.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, Optional

import msgpack

from .errors import (
    ClosedError,
    DisconnectedError,
    InputError,
    ProtocolError,
    SkadError,
    UnreachableError,
    VersionError,
    from_node,
)

API = 1  #: of the interface that this client speaks
BUFFER_MAX = 16 << 20  #: bytes of one message; a node's longest has 1 MiB
READ_BYTES = 1 << 16

Notified = Callable[[str, Any], None]


class Waiting:
    """A request without its answer yet."""

    __slots__ = ("method", "answer", "notified", "abandoned")

    def __init__(self, method: str, answer: asyncio.Future[Any], notified: Optional[Notified]) -> None:
        self.method = method
        self.answer = answer
        self.notified = notified
        self.abandoned = False  #: what asked for it has gone


class Connection:
    """Made by `connect`. `broken` is what ended it; None while it stands."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.broken: Optional[SkadError] = None
        self.answered = False  #: whether it ever brought a response
        self.request_bytes = 4096
        self._reader = reader
        self._writer = writer
        self._waiting: dict[int, Waiting] = {}
        self._msgid = 0
        self._closing = False
        self._on_idle: Optional[Callable[[], None]] = None
        self._task = asyncio.get_running_loop().create_task(self._read())

    @property
    def live(self) -> int:
        """How many requests something still waits for."""
        return sum(not each.abandoned for each in self._waiting.values())

    async def send(
        self, method: str, params: list[Any], notified: Optional[Notified] = None
    ) -> tuple[int, asyncio.Future[Any]]:
        """Sends a request; returns its msgid, and the future of its result."""
        if self.broken is not None:
            raise self._lost(method)
        self._msgid = self._msgid % 0xFFFFFFFF + 1
        msgid = self._msgid
        message = pack([0, msgid, method, params], method)
        if len(message) > self.request_bytes:
            raise InputError(
                f"the request has {len(message)} bytes", method=method, expected=f"at most {self.request_bytes} bytes"
            )
        answer: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        answer.add_done_callback(_seen)
        self._waiting[msgid] = Waiting(method, answer, notified)
        try:
            await self._write(message)
        except BaseException:
            self.abandon(msgid)
            raise
        return msgid, answer

    async def call(self, method: str, params: list[Any], notified: Optional[Notified] = None) -> Any:
        """Sends a request and waits for its result. If the waiting is cancelled, the request is abandoned."""
        msgid, answer = await self.send(method, params, notified)
        try:
            return await answer
        except asyncio.CancelledError:
            self.abandon(msgid)
            raise

    async def notify(self, method: str, msgid: int, value: Any) -> None:
        """Tells the node something about a request that is under way."""
        if self.broken is not None:
            raise self._lost(method)
        await self._write(pack([2, method, [msgid, value]], method))

    def pending(self, msgid: int) -> bool:
        """Whether the node has not answered it yet."""
        return msgid in self._waiting

    def abandon(self, msgid: int) -> None:
        """Its answer is wanted no more."""
        waiting = self._waiting.get(msgid)
        if waiting is not None:
            waiting.abandoned = True
            waiting.notified = None
            self._idle()

    def close_when_idle(self, then: Callable[[], None]) -> None:
        """Closes as soon as each request has its answer or is abandoned: the node cancels the abandoned ones then."""
        self._on_idle = then
        self._idle()

    def close(self) -> None:
        """Ends the connection. The node cancels what is under way."""
        self._closing = True
        self._writer.close()
        self._fail(ClosedError("this client is closed"))
        self._task.cancel()

    async def _write(self, message: bytes) -> None:
        try:
            self._writer.write(message)
            await self._writer.drain()
        except OSError as error:
            self._fail(DisconnectedError(f"the connection to the node broke: {error}"))
            raise DisconnectedError("the connection to the node broke") from error

    def _idle(self) -> None:
        if self._on_idle is not None and self.live == 0:
            then, self._on_idle = self._on_idle, None
            self.close()
            then()

    def _lost(self, method: str) -> SkadError:
        assert self.broken is not None
        return type(self.broken)(self.broken.message, code=self.broken.code, method=method)

    def _fail(self, error: SkadError) -> None:
        if self.broken is not None:
            return
        self.broken = error
        waiting, self._waiting = self._waiting, {}
        for each in waiting.values():
            if not each.answer.done():
                each.answer.set_exception(self._lost(each.method))
        self._writer.close()
        self._idle()

    async def _read(self) -> None:
        unpacker = msgpack.Unpacker(
            raw=False, strict_map_key=False, unicode_errors="surrogateescape", max_buffer_size=BUFFER_MAX
        )
        end: SkadError = DisconnectedError("the node ended the connection")
        try:
            while data := await self._reader.read(READ_BYTES):
                unpacker.feed(data)
                for message in unpacker:
                    self._take(message)
        except OSError as error:
            end = DisconnectedError(f"the connection to the node broke: {error}")
        except SkadError as error:
            end = error
        except (ValueError, TypeError, msgpack.exceptions.UnpackException) as error:
            end = ProtocolError(f"what came is no msgpack: {error or type(error).__name__}")
        except asyncio.CancelledError:
            if not self._closing:
                raise
        finally:
            self._fail(end)

    def _take(self, message: Any) -> None:
        if not isinstance(message, (list, tuple)) or not message:
            raise ProtocolError(f"what came is no message of msgpack-rpc: {str(message)[:100]}")
        if message[0] == 1 and len(message) == 4:
            self._take_response(*message[1:])
        elif message[0] == 2 and len(message) == 3:
            self._take_notification(message[1], message[2])
        elif message[0] != 0:  # a node that asks us something, some day, gets no answer
            raise ProtocolError(f"what came is no message of msgpack-rpc: {str(message)[:100]}")

    def _take_response(self, msgid: Any, error: Any, result: Any) -> None:
        waiting = self._waiting.pop(msgid, None) if isinstance(msgid, int) else None
        if waiting is None:
            if error is not None:  # about no request: the node says why it hangs up, as when it has too many clients
                raise from_node(error, None)
            return
        self.answered = True
        if not waiting.answer.done():
            if error is not None:
                waiting.answer.set_exception(from_node(error, waiting.method))
            elif isinstance(result, dict) and result.get("api", API) != API:
                waiting.answer.set_exception(_other_api(result["api"]))
            else:
                waiting.answer.set_result(result)
        self._idle()

    def _take_notification(self, name: Any, params: Any) -> None:
        if not isinstance(name, str) or not isinstance(params, (list, tuple)) or len(params) != 2:
            return
        waiting = self._waiting.get(params[0]) if isinstance(params[0], int) else None
        if waiting is None or waiting.notified is None:
            return
        try:
            waiting.notified(name, params[1])
        except Exception as error:  # of a function of the program: it fails that call, and no other
            waiting.notified = None
            if not waiting.answer.done():
                waiting.answer.set_exception(error)


def _other_api(api: object) -> VersionError:
    return VersionError(f"the node speaks version {api} of the interface, and this client {API}: update the older")


def _seen(answer: asyncio.Future[Any]) -> None:
    """An error that nothing waits for any more is no reason for a remark of asyncio."""
    if not answer.cancelled():
        answer.exception()


def pack(message: list[Any], method: str) -> bytes:
    try:
        packed: bytes = msgpack.packb(message, use_bin_type=True)
    except (TypeError, ValueError, OverflowError) as error:
        raise InputError(f"a parameter is of a type that cannot be sent: {error}", method=method) from error
    return packed


async def connect(path: str) -> Connection:
    try:
        reader, writer = await asyncio.open_unix_connection(path, limit=READ_BYTES)
    except FileNotFoundError as error:
        raise UnreachableError(f"there is no {path}: start the node (skad run), or name its socket") from error
    except PermissionError as error:
        raise UnreachableError(f"you may not open {path}: run this as its owner, or as a member of its group") from error
    except ConnectionRefusedError as error:
        raise UnreachableError(f"no node listens at {path}: start it (skad run)") from error
    except OSError as error:
        raise UnreachableError(f"cannot open {path}: {error}") from error
    return Connection(reader, writer)
