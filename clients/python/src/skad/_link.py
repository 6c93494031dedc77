"""A connection that comes back: opens it at need, says `hello`, waits longer after each failure.

A node ends an operation only when the connection closes that asked for it. So when a call is cancelled, its connection
is retired: new calls take a new one, and the old one closes with the last of its other calls. At most RETIRED_MAX
wait so; beyond that the abandoned operation runs to its end, which comes within a minute.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Optional, cast

from . import _connection, protocol
from ._methods import LIMITS_1_0
from .errors import (
    BusyError,
    ClosedError,
    DisconnectedError,
    MethodError,
    NoAnswerError,
    ProtocolError,
    SkadError,
    UnreachableError,
)

HELLO_S = 10.0  #: a node answers at once; it may be starting, and its loop busy
RETIRED_MAX = 4


@dataclass(frozen=True)
class Backoff:
    """How long to wait between tries to reach a node: first_s, then twice as long each time, up to most_s; each
    time half of it by chance, so that many clients do not come back at the same moment."""

    first_s: float = 0.05
    most_s: float = 5.0

    def delay(self, failures: int) -> float:
        longest = min(self.most_s, self.first_s * 2.0 ** min(failures, 30))
        return longest * (0.5 + random.random() / 2)


class Link:
    """A place for one connection."""

    def __init__(self, path: str, name: str, wait_s: float, patience_s: float, backoff: Backoff) -> None:
        self.hello: Optional[protocol.Hello] = None  #: of the last connection
        self.limits: Mapping[str, int] = LIMITS_1_0
        self._path = path
        self._name = name
        self._wait_s = wait_s
        self._patience_s = patience_s
        self._backoff = backoff
        self._current: Optional[_connection.Connection] = None
        self._opening: Optional[asyncio.Task[_connection.Connection]] = None
        self._retired: list[_connection.Connection] = []
        self._failures = 0
        self._was_up = False
        self._closed = False

    async def get(self) -> _connection.Connection:
        """The connection that stands, or a new one. Those that wait for it wait together."""
        if self._closed:
            raise ClosedError("this client is closed")
        current = self._current
        if current is not None and current.broken is None:
            return current
        if current is not None:
            # Hanging up on us before any answer is as bad as not being there.
            self._failures = 0 if current.answered else self._failures + 1
            self._current = None
        if self._opening is None:
            self._opening = asyncio.get_running_loop().create_task(self._open())
            self._opening.add_done_callback(self._opened)
        try:
            return await asyncio.shield(self._opening)
        except asyncio.CancelledError:
            if self._closed:
                raise ClosedError("this client is closed") from None
            raise

    def abandon(self, connection: _connection.Connection) -> None:
        """A call over this connection was cancelled."""
        if connection is not self._current:
            return
        if len(self._retired) < RETIRED_MAX or connection.live == 0:
            self._current = None
            self._retired.append(connection)
            connection.close_when_idle(lambda: self._retired.remove(connection))

    def close(self) -> None:
        self._closed = True
        if self._opening is not None:
            self._opening.cancel()
        for each in [self._current, *self._retired]:
            if each is not None:
                each.close()
        self._current = None

    def _opened(self, task: asyncio.Task[_connection.Connection]) -> None:
        self._opening = None
        if not task.cancelled():
            task.exception()  # those that wait have it; if none waits any more, it is of no interest

    async def _open(self) -> _connection.Connection:
        loop = asyncio.get_running_loop()
        deadline = loop.time() + (self._patience_s if self._was_up else self._wait_s)
        while True:
            if self._failures > 0:
                await asyncio.sleep(min(self._backoff.delay(self._failures - 1), max(0.0, deadline - loop.time())))
            try:
                connection = await self._connect()
            except (UnreachableError, DisconnectedError, BusyError, NoAnswerError) as error:
                self._failures += 1
                if isinstance(error.__cause__, PermissionError) or loop.time() >= deadline:
                    raise
                continue
            if self._closed:
                connection.close()
                raise ClosedError("this client is closed")
            self._current = connection
            self._was_up = True
            return connection

    async def _connect(self) -> _connection.Connection:
        connection = await _connection.connect(self._path)
        try:
            async with asyncio.timeout(HELLO_S):
                self.hello = await self._greet(connection)
        except TimeoutError as error:
            connection.close()
            if isinstance(error, SkadError):
                raise
            raise NoAnswerError(f"the node at {self._path} does not answer", method="hello") from None
        except BaseException:
            connection.close()
            raise
        connection.answered = False
        self.limits = cast(Mapping[str, int], self.hello["limits"])
        connection.request_bytes = self.limits["request_bytes"]
        return connection

    async def _greet(self, connection: _connection.Connection) -> protocol.Hello:
        try:
            hello: Any = await connection.call("hello", [self._name, _connection.API])
        except MethodError:  # before 1.1: it does what it has
            hello = {"api": 1, "minor": 0}
        if not isinstance(hello, dict):
            raise ProtocolError(f"the answer is no map: {hello!r}", method="hello")
        hello["limits"] = {**LIMITS_1_0, **hello.get("limits", {})}
        return cast(protocol.Hello, hello)
