"""The client for programs without asyncio: `with skad.Client() as node`.

It is the one of aio.py on an event loop in a thread of its own, so that it has the same promises; tests hold that both
take the same arguments. Any threads may share it. An interrupt (Ctrl-C) in a call ends it at the node, too.
"""

from __future__ import annotations

import asyncio
import threading
import weakref
from collections.abc import Callable, Coroutine, Iterable, Mapping, Sequence
from types import TracebackType
from typing import Any, BinaryIO, Generic, Literal, Optional, TypeVar, Union

from . import _streams, aio, protocol
from ._files import OnGot, OnPut, Path
from ._link import Backoff
from ._methods import Key, Value
from .errors import ClosedError

Item = TypeVar("Item")
Result = TypeVar("Result")


class _Loop:
    """An event loop in a thread."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="skad", daemon=True)
        self._thread.start()

    def run(self, coroutine: Coroutine[Any, Any, Result]) -> Result:
        if self._loop.is_closed() or not self._thread.is_alive():
            coroutine.close()
            raise ClosedError("this client is closed")
        future = asyncio.run_coroutine_threadsafe(coroutine, self._loop)
        try:
            return future.result()
        except BaseException:
            future.cancel()
            raise

    def stop(self, node: aio.Client) -> None:
        """Closes the client and ends the thread; also for a client that was dropped, or is left over at the exit."""
        asyncio.run_coroutine_threadsafe(self._end(node), self._loop)
        if threading.current_thread() is not self._thread:
            self._thread.join()
            self._loop.close()

    async def _end(self, node: aio.Client) -> None:
        await node.aclose()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for each in others:
            each.cancel()
        await asyncio.gather(*others, return_exceptions=True)
        await self._loop.shutdown_default_executor()
        self._loop.stop()


class Iterator(Generic[Item]):
    """A stream that blocks until its next item. End it with `with` or `close`."""

    def __init__(self, loop: _Loop, stream: Union[_streams.Stream[Item], aio.Download]) -> None:
        self._loop = loop
        self._stream: Any = stream

    def __iter__(self) -> Iterator[Item]:
        return self

    def __next__(self) -> Item:
        return self.next()

    def next(self, timeout: Optional[float] = None) -> Item:
        """The next item; NoAnswerError if none comes in so many seconds, after which the stream goes on."""
        try:
            item: Item = self._loop.run(_next(self._stream, timeout))
        except _Ended:
            raise StopIteration from None
        return item

    def close(self) -> None:
        """Ends the stream, here and at the node."""
        self._loop.run(self._stream.aclose())

    def __enter__(self) -> Iterator[Item]:
        self._loop.run(self._stream.__aenter__())
        return self

    def __exit__(
        self,
        kind: Optional[type[BaseException]],
        error: Optional[BaseException],
        trace: Optional[TracebackType],
    ) -> None:
        self.close()


class _Ended(Exception):
    """A future cannot carry StopAsyncIteration."""


async def _next(stream: Any, timeout: Optional[float]) -> Any:
    try:
        return await stream.next(timeout)
    except StopAsyncIteration:
        raise _Ended from None


class Client:
    """A node, through its socket. The arguments are those of `skad.aio.Client`."""

    def __init__(
        self,
        path: Optional[Path] = None,
        *,
        timeout: float = aio.TIMEOUT_S,
        wait: float = 0.0,
        patience: float = aio.PATIENCE_S,
        backoff: Backoff = Backoff(),
        name: str = "skad-python",
    ) -> None:
        self._node = aio.Client(path, timeout=timeout, wait=wait, patience=patience, backoff=backoff, name=name)
        self._loop = _Loop()
        self._finalizer = weakref.finalize(self, self._loop.stop, self._node)

    def open(self) -> Client:
        """Connects now, and not at the first call."""
        self._loop.run(self._node.open())
        return self

    def close(self) -> None:
        """Closes the client. What is under way ends with ClosedError, and the node cancels it."""
        self._finalizer()

    def __enter__(self) -> Client:
        try:
            return self.open()
        except BaseException:
            self.close()
            raise

    def __exit__(
        self,
        kind: Optional[type[BaseException]],
        error: Optional[BaseException],
        trace: Optional[TracebackType],
    ) -> None:
        self.close()

    @property
    def path(self) -> str:
        """Of the socket."""
        return self._node.path

    @property
    def hello(self) -> Optional[protocol.Hello]:
        """What the node said of itself when the client last connected."""
        return self._node.hello

    def call(self, method: str, arguments: Mapping[str, Any] = {}, *, timeout: Optional[float] = None) -> Any:
        """Calls any method with named arguments; the methods below are this with types."""
        return self._loop.run(self._node.call(method, arguments, timeout=timeout))

    # ---- values, records, announcements ----

    def put(
        self,
        value: Value,
        *,
        keep: bool = False,
        forward: Optional[int] = None,
        timeout: Optional[float] = None,
    ) -> protocol.Put:
        """Stores an immutable value of 1 to 1000 bytes under its hash. `keep`: the node sends it again each hour;
        `forward`: other nodes store it for this one, over 1 to 8 chains, or 0 for the usual number."""
        return self._loop.run(self._node.put(value, keep=keep, forward=forward, timeout=timeout))

    def get(self, key: Key, *, forward: Optional[int] = None, timeout: Optional[float] = None) -> protocol.Get:
        """Fetches an immutable value; NotFoundError if there is none. `forward`: as in `put`."""
        return self._loop.run(self._node.get(key, forward=forward, timeout=timeout))

    def store(
        self,
        record: bytes,
        *,
        cas: Optional[int] = None,
        keep: bool = True,
        forward: Optional[int] = None,
        timeout: Optional[float] = None,
    ) -> protocol.Put:
        """Stores a record that is encoded and signed already. `forward`: as in `put`, without `cas` and `keep`."""
        return self._loop.run(self._node.store(record, cas=cas, keep=keep, forward=forward, timeout=timeout))

    def publish(
        self,
        value: Value,
        *,
        salt: Value = b"",
        sequence: Optional[int] = None,
        cas: Optional[int] = None,
        life_s: Optional[int] = None,
        keep: bool = True,
        timeout: Optional[float] = None,
    ) -> protocol.Publish:
        """Signs a value with the node's key and stores it; a higher sequence replaces a lower one. Without a sequence
        the node takes the next (from 1.1 on)."""
        return self._loop.run(
            self._node.publish(
                value, salt=salt, sequence=sequence, cas=cas, life_s=life_s, keep=keep, timeout=timeout
            )
        )

    def resolve(
        self, publisher: Key, *, salt: Value = b"", forward: Optional[int] = None, timeout: Optional[float] = None
    ) -> protocol.Resolve:
        """Fetches what a publisher has published under a salt. `forward`: as in `put`."""
        return self._loop.run(self._node.resolve(publisher, salt=salt, forward=forward, timeout=timeout))

    def announce(
        self,
        key: Key,
        *,
        endpoint: Union[str, int, None] = None,
        metadata: Value = b"",
        life_s: Optional[int] = None,
        keep: bool = True,
        timeout: Optional[float] = None,
    ) -> protocol.Put:
        """Announces the node under a key. `endpoint`: an address, or a port at the node's own address."""
        return self._loop.run(
            self._node.announce(
                key, endpoint=endpoint, metadata=metadata, life_s=life_s, keep=keep, timeout=timeout
            )
        )

    def providers(self, key: Key, *, timeout: Optional[float] = None) -> protocol.Providers:
        """Finds the nodes that are announced under a key."""
        return self._loop.run(self._node.providers(key, timeout=timeout))

    def withdraw(self, key: Key, *, timeout: Optional[float] = None) -> protocol.Withdraw:
        """Stops re-announcing what the node publishes under a key."""
        return self._loop.run(self._node.withdraw(key, timeout=timeout))

    # ---- streams ----

    def watch_record(
        self, publisher: Key, *, salt: Value = b"", every_s: int = 60
    ) -> Iterator[protocol.Resolve]:
        """Iterates over what a publisher has under a salt: what is there now, then each change."""
        return Iterator(self._loop, self._node.watch_record(publisher, salt=salt, every_s=every_s))

    def watch_providers(self, key: Key, *, every_s: int = 60) -> Iterator[protocol.Providers]:
        """Iterates over who is announced under a key: who is now, then each change."""
        return Iterator(self._loop, self._node.watch_providers(key, every_s=every_s))

    def events(self, kinds: Optional[Sequence[str]] = None) -> Iterator[protocol.Event]:
        """Iterates over what happens to the node; `kinds`: only these (from 1.1 on)."""
        return Iterator(self._loop, self._node.events(kinds))

    def watch_status(self, *, every_s: int = 5) -> Iterator[protocol.Status]:
        """Iterates over the node's status, every few seconds (from 1.1 on)."""
        return Iterator(self._loop, self._node.watch_status(every_s=every_s))

    # ---- files ----

    def put_file(
        self,
        source: Union[Path, BinaryIO],
        *,
        size: Optional[int] = None,
        keep: bool = False,
        progress: Optional[OnPut] = None,
    ) -> protocol.PutFile:
        """Stores a file, by its path or from a file object; `size` is asked of it where it can tell (from 1.1 on).
        `progress` is called with a map now and then, in the client's thread. There is no timeout."""
        return self._loop.run(self._node.put_file(source, size=size, keep=keep, progress=progress))

    def get_file(
        self,
        key: Key,
        target: Union[Path, BinaryIO],
        *,
        offset: int = 0,
        length: Optional[int] = None,
        progress: Optional[OnGot] = None,
    ) -> protocol.GetFile:
        """Fetches a file into a path, which is there only once it is whole, or a file object (from 1.1 on)."""
        return self._loop.run(self._node.get_file(key, target, offset=offset, length=length, progress=progress))

    def read_file(
        self,
        key: Key,
        *,
        offset: int = 0,
        length: Optional[int] = None,
        progress: Optional[OnGot] = None,
    ) -> Iterator[bytes]:
        """Iterates over the bytes of a file, each verified before it is given (from 1.1 on)."""
        return Iterator(self._loop, self._node.read_file(key, offset=offset, length=length, progress=progress))

    # ---- the network and the node ----

    def ping(self, address: str, *, timeout: Optional[float] = None) -> protocol.Ping:
        """Asks the node at an address for a sign of life."""
        return self._loop.run(self._node.ping(address, timeout=timeout))

    def lookup(self, id: Key, *, forward: Optional[int] = None, timeout: Optional[float] = None) -> protocol.Lookup:
        """Finds the nodes that are closest to an ID or a key. `forward`: as in `put`."""
        return self._loop.run(self._node.lookup(id, forward=forward, timeout=timeout))

    def trace(
        self,
        id: Key,
        on_step: Callable[[protocol.Step], None],
        *,
        forward: Optional[int] = None,
        timeout: Optional[float] = None,
    ) -> protocol.Lookup:
        """A lookup that calls `on_step` with each of its steps as it happens, in the client's thread."""
        return self._loop.run(self._node.trace(id, on_step, forward=forward, timeout=timeout))

    def records(
        self,
        section: Literal["held", "published"] = "held",
        *,
        start: Optional[bytes] = None,
        max: int = 256,
        timeout: Optional[float] = None,
    ) -> protocol.Records:
        """Lists a page of the node's own store; `start` is `next` of the page before."""
        return self._loop.run(self._node.records(section, start=start, max=max, timeout=timeout))

    def bans(self, *, timeout: Optional[float] = None) -> protocol.Bans:
        """Lists which nodes and prefixes are banned, why, and for how long."""
        return self._loop.run(self._node.bans(timeout=timeout))

    def ban(self, subject: str, *, life_s: Optional[int] = None, timeout: Optional[float] = None) -> protocol.Subject:
        """Bans a node, a prefix, or a node at one address and port; for a day by default."""
        return self._loop.run(self._node.ban(subject, life_s=life_s, timeout=timeout))

    def unban(self, subject: str, *, timeout: Optional[float] = None) -> protocol.Subject:
        """Ends a ban."""
        return self._loop.run(self._node.unban(subject, timeout=timeout))

    def allow(self, subject: str, *, timeout: Optional[float] = None) -> protocol.Subject:
        """Exempts an address or a prefix from bans by the node itself."""
        return self._loop.run(self._node.allow(subject, timeout=timeout))

    def table(self, *, timeout: Optional[float] = None) -> protocol.Table:
        """The routing table."""
        return self._loop.run(self._node.table(timeout=timeout))

    def audit(self, round: Optional[int] = None, *, timeout: Optional[float] = None) -> protocol.Audit:
        """The ballots of a round of storage audits; without a round those of the last one that has some."""
        return self._loop.run(self._node.audit(round, timeout=timeout))

    def health(self, *, timeout: Optional[float] = None) -> protocol.Health:
        """Whether the node does its work, and why not."""
        return self._loop.run(self._node.health(timeout=timeout))

    def status(self, *, timeout: Optional[float] = None) -> protocol.Status:
        """The node's identity, its state and its counters."""
        return self._loop.run(self._node.status(timeout=timeout))

    def batch(self, calls: Iterable[tuple[str, Mapping[str, Any]]], *, timeout: Optional[float] = None) -> list[Any]:
        """Sends several calls, pairs of method and named arguments, as one request (from 1.1 on). Returns their
        results in this order; where a call failed, its error stands there as an exception that is not raised."""
        return self._loop.run(self._node.batch(calls, timeout=timeout))
