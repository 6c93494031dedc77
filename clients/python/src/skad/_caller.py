"""How a call runs: with a timeout, within the node's bound on operations, again where that is safe."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from types import TracebackType
from typing import Any, Optional

from ._connection import Connection, Notified
from ._link import Link
from ._methods import OPERATIONS, REPEATABLE
from .errors import DisconnectedError, NoAnswerError, SkadError


class Gate:
    """Lets in as many as `limit` says at the time; the others wait in turn."""

    def __init__(self, limit: Callable[[], int]) -> None:
        self._limit = limit
        self._inside = 0
        self._waiters: deque[asyncio.Future[None]] = deque()

    async def __aenter__(self) -> None:
        while self._inside >= self._limit():
            waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._waiters.append(waiter)
            try:
                await waiter
            except asyncio.CancelledError:
                if waiter.done() and not waiter.cancelled():  # its turn goes to the next
                    self._wake()
                raise
        self._inside += 1

    async def __aexit__(
        self,
        kind: Optional[type[BaseException]],
        error: Optional[BaseException],
        trace: Optional[TracebackType],
    ) -> None:
        self._inside -= 1
        self._wake()

    def _wake(self) -> None:
        while self._waiters:
            waiter = self._waiters.popleft()
            if not waiter.done():
                waiter.set_result(None)
                return


class Caller:
    """Calls methods over a link. A call that is cancelled, or has waited for too long, ends at the node, too."""

    def __init__(self, link: Link) -> None:
        self._link = link
        self._gate = Gate(lambda: max(1, link.limits["operations"]))

    async def call(self, method: str, params: list[Any], notified: Optional[Notified], seconds: float) -> Any:
        try:
            async with asyncio.timeout(seconds):
                if method not in OPERATIONS:
                    return await self._ask(method, params, notified)
                async with self._gate:
                    return await self._ask(method, params, notified)
        except TimeoutError as error:
            if isinstance(error, SkadError):
                raise
            raise NoAnswerError(f"the node gave no answer in {seconds:g} s", method=method) from None

    async def _ask(self, method: str, params: list[Any], notified: Optional[Notified]) -> Any:
        while True:
            connection: Optional[Connection] = None
            try:
                connection = await self._link.get()
                return await connection.call(method, params, notified)
            except DisconnectedError as error:
                if method not in REPEATABLE:
                    message = "the connection to the node broke; whether it was done is not known: call again if that does no harm"
                    raise DisconnectedError(message, method=method) from error
            except asyncio.CancelledError:
                if connection is not None and method in OPERATIONS:
                    self._link.abandon(connection)
                raise
