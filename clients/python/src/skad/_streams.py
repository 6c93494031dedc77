"""What goes on until it is ended: watches, events, the status every few seconds.

A stream is an async iterator. It begins with its first item, and comes back by itself after the connection broke:
the node is asked again, and what it repeats of before is left out. A consumer that is slower than the node holds up
nothing: of a watch or a status only the latest is of use, so it replaces the one before; of events the oldest give
way, and an event `lost` says how many.
"""

from __future__ import annotations

import asyncio
import weakref
from collections import deque
from collections.abc import Callable, Coroutine
from types import TracebackType
from typing import Any, Generic, Optional, TypeVar, cast

from ._connection import Connection
from ._link import Link
from .errors import DisconnectedError, NoAnswerError, SkadError

Item = TypeVar("Item")

EVENTS_MAX = 1024
END_S = 5.0  #: for the node to say that it ended a stream


class Stream(Generic[Item]):
    """Made by the client's methods. End it with `async with` or `aclose`; dropping it ends it, too."""

    def __init__(
        self,
        link: Link,
        method: str,
        params: list[Any],
        *,
        ender: str,
        capacity: int = 1,
        same: Optional[Callable[[Item, Item], bool]] = None,
    ) -> None:
        self._link = link
        self._method = method
        self._params = params
        self._ender = ender
        self._capacity = capacity
        self._same = same
        self._items: deque[Item] = deque()
        self._lost = 0
        self._last: Optional[Item] = None
        self._resumed = False
        self._connection: Optional[Connection] = None
        self._msgid = 0
        self._answer: Optional[asyncio.Future[Any]] = None
        self._arrived = asyncio.Event()
        self._ended = False
        self._loop: Optional[asyncio.AbstractEventLoop] = None

    def __aiter__(self) -> Stream[Item]:
        return self

    async def __anext__(self) -> Item:
        while True:
            if self._lost:
                lost, self._lost = self._lost, 0
                return cast(Item, {"kind": "lost", "count": lost})
            if self._items:
                return self._items.popleft()
            if self._ended:
                raise StopAsyncIteration
            if self._connection is None:
                try:
                    await self._begin()
                except DisconnectedError:  # it stood for a moment
                    continue
            self._arrived.clear()
            if not self._items and self._answer is not None and not self._answer.done():
                await self._arrived.wait()
            if self._answer is not None and self._answer.done():
                self._take_end(self._answer)

    async def next(self, timeout: Optional[float] = None) -> Item:
        """The next item; NoAnswerError if none comes in so many seconds, after which the stream goes on."""
        return await within(timeout, self.__anext__(), self._method)

    async def aclose(self) -> None:
        """Ends the stream, here and at the node."""
        self._ended = True
        self._items.clear()
        self._lost = 0
        self._arrived.set()
        connection, self._connection = self._connection, None
        if connection is None or connection.broken is not None:
            return
        connection.abandon(self._msgid)
        try:
            async with asyncio.timeout(END_S):
                await connection.call(self._ender, [self._msgid])
        except (SkadError, TimeoutError):
            pass  # it ended by itself, or with the connection

    async def __aenter__(self) -> Stream[Item]:
        if self._connection is None:
            await self._begin()
        return self

    async def __aexit__(
        self,
        kind: Optional[type[BaseException]],
        error: Optional[BaseException],
        trace: Optional[TracebackType],
    ) -> None:
        await self.aclose()

    def __del__(self) -> None:
        end_later(self._loop, self._connection, self._ender, self._msgid)

    async def _begin(self) -> None:
        connection = await self._link.get()
        self._loop = asyncio.get_running_loop()
        self._resumed = self._last is not None
        inbox = Inbox(self)
        self._msgid, self._answer = await connection.send(self._method, self._params, inbox.take)
        self._answer.add_done_callback(inbox.end)
        self._connection = connection

    def _take(self, name: str, value: Any) -> None:
        if self._ended:
            return
        if self._same is not None:
            # After the node was asked again it reports what is, which may be what was.
            if self._resumed and self._last is not None and self._same(self._last, value):
                self._resumed = False
                return
            self._resumed = False
            self._last = value
        if len(self._items) >= self._capacity:
            self._items.popleft()
            if self._capacity > 1:
                self._lost += 1
        self._items.append(value)
        self._arrived.set()

    def _take_end(self, answer: asyncio.Future[Any]) -> None:
        self._connection = None
        self._answer = None
        error = answer.exception()
        if isinstance(error, DisconnectedError):
            return  # the next round begins it anew
        self._ended = True
        if error is not None:
            raise error


async def within(seconds: Optional[float], coming: Coroutine[Any, Any, Item], method: str) -> Item:
    """Waits for an item, so many seconds at most."""
    try:
        async with asyncio.timeout(seconds):
            return await coming
    except TimeoutError as error:
        if isinstance(error, SkadError):
            raise
        raise NoAnswerError(f"nothing came in {seconds} s", method=method) from None


class Inbox:
    """What the connection holds of a stream or a download: not that itself, so that dropping it ends it."""

    def __init__(self, stream: Any) -> None:
        self._stream = weakref.ref(stream)

    def take(self, name: str, value: Any) -> None:
        stream = self._stream()
        if stream is not None:
            stream._take(name, value)

    def end(self, answer: asyncio.Future[Any]) -> None:
        stream = self._stream()
        if stream is not None:
            stream._arrived.set()


def end_later(
    loop: Optional[asyncio.AbstractEventLoop], connection: Optional[Connection], ender: str, msgid: int
) -> None:
    """Ends at the node what was dropped here, from any thread."""
    if loop is None or loop.is_closed() or connection is None or connection.broken is not None:
        return
    loop.call_soon_threadsafe(_end, connection, ender, msgid)


def _end(connection: Connection, ender: str, msgid: int) -> None:
    if not connection.pending(msgid):
        return
    connection.abandon(msgid)

    async def end() -> None:
        try:
            await connection.call(ender, [msgid])
        except SkadError:
            pass

    task = asyncio.get_running_loop().create_task(end())
    _ending.add(task)
    task.add_done_callback(_ending.discard)


_ending: set[asyncio.Task[None]] = set()


def same_record(before: Any, after: Any) -> bool:
    return bool(before["sequence"] == after["sequence"] and before["value"] == after["value"])


def same_providers(before: Any, after: Any) -> bool:
    def listed(result: Any) -> set[tuple[Any, ...]]:
        return {(each["publisher"], each["sequence"], each["endpoint"]) for each in result["providers"]}

    return listed(before) == listed(after)
