"""The client for asyncio: `async with skad.aio.Client() as node`."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from types import TracebackType
from typing import Any, BinaryIO, Literal, Optional, Union, cast

from . import _files, _streams, protocol
from ._caller import Caller, Gate
from ._files import Download, OnGot, OnPut, Path
from ._link import Backoff, Link
from ._methods import Key, Value, positional
from ._streams import Stream
from .errors import ProtocolError, from_node

__all__ = ["Backoff", "Client", "Download", "Stream", "default_path"]

TIMEOUT_S = 65.0  #: each operation of the node ends within 60 s
PATIENCE_S = 30.0


def default_path() -> str:
    """The socket of the node of this user: SKAD_SOCKET, or ~/.skad/control.sock."""
    return os.environ.get("SKAD_SOCKET") or os.path.expanduser("~/.skad/control.sock")


class Client:
    """A node, through its socket. Many tasks of one event loop may share it; it connects at need.

    path: of the control socket (or the monitor socket, for looking only)
    timeout: seconds for each call, unless the call has its own; then NoAnswerError
    wait: seconds to wait for a node that is not there when the client first connects
    patience: seconds in which the client tries to come back after the connection broke; then UnreachableError
    """

    def __init__(
        self,
        path: Optional[Path] = None,
        *,
        timeout: float = TIMEOUT_S,
        wait: float = 0.0,
        patience: float = PATIENCE_S,
        backoff: Backoff = Backoff(),
        name: str = "skad-python",
    ) -> None:
        self.path = os.fspath(path) if path is not None else default_path()
        self.timeout = timeout
        # Operations end by cancelling: see _link. Streams and files end by a request, and would keep a retired
        # connection for ever; so they have one of their own.
        self._calls = Link(self.path, name, wait, patience, backoff)
        self._lasting = Link(self.path, name, wait, patience, backoff)
        self._caller = Caller(self._calls)
        self._files = Gate(lambda: max(1, self._lasting.limits["files"]))

    async def open(self) -> Client:
        """Connects now, and not at the first call."""
        await self._calls.get()
        return self

    async def aclose(self) -> None:
        """Closes the client. What is under way ends with ClosedError, and the node cancels it."""
        self._calls.close()
        self._lasting.close()

    async def __aenter__(self) -> Client:
        return await self.open()

    async def __aexit__(
        self,
        kind: Optional[type[BaseException]],
        error: Optional[BaseException],
        trace: Optional[TracebackType],
    ) -> None:
        await self.aclose()

    @property
    def hello(self) -> Optional[protocol.Hello]:
        """What the node said of itself when the client last connected."""
        return self._calls.hello

    async def call(self, method: str, arguments: Mapping[str, Any] = {}, *, timeout: Optional[float] = None) -> Any:
        """Calls any method with named arguments; the methods below are this with types."""
        params = positional(method, arguments)
        return await self._caller.call(method, params, None, self.timeout if timeout is None else timeout)

    # ---- values, records, announcements ----

    async def put(
        self,
        value: Value,
        *,
        keep: bool = False,
        forward: Optional[int] = None,
        timeout: Optional[float] = None,
    ) -> protocol.Put:
        """Stores an immutable value of 1 to 1000 bytes under its hash. `keep`: the node sends it again each hour;
        `forward`: other nodes store it for this one, over 1 to 8 chains, or 0 for the usual number."""
        arguments = {"value": value, "keep": keep, "forward": forward}
        return cast(protocol.Put, await self.call("put", arguments, timeout=timeout))

    async def get(self, key: Key, *, forward: Optional[int] = None, timeout: Optional[float] = None) -> protocol.Get:
        """Fetches an immutable value; NotFoundError if there is none. `forward`: as in `put`."""
        return cast(protocol.Get, await self.call("get", {"key": key, "forward": forward}, timeout=timeout))

    async def store(
        self,
        record: bytes,
        *,
        cas: Optional[int] = None,
        keep: bool = True,
        forward: Optional[int] = None,
        timeout: Optional[float] = None,
    ) -> protocol.Put:
        """Stores a record that is encoded and signed already. `forward`: as in `put`, without `cas` and `keep`."""
        arguments = {"record": record, "cas": cas, "keep": keep, "forward": forward}
        return cast(protocol.Put, await self.call("store", arguments, timeout=timeout))

    async def publish(
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
        arguments = {
            "value": value,
            "salt": salt,
            "sequence": sequence,
            "cas": cas,
            "life_s": life_s,
            "keep": keep,
        }
        return cast(protocol.Publish, await self.call("publish", arguments, timeout=timeout))

    async def resolve(
        self, publisher: Key, *, salt: Value = b"", forward: Optional[int] = None, timeout: Optional[float] = None
    ) -> protocol.Resolve:
        """Fetches what a publisher has published under a salt. `forward`: as in `put`."""
        arguments = {"publisher": publisher, "salt": salt, "forward": forward}
        return cast(protocol.Resolve, await self.call("resolve", arguments, timeout=timeout))

    async def announce(
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
        arguments = {"key": key, "endpoint": endpoint, "metadata": metadata, "life_s": life_s, "keep": keep}
        return cast(protocol.Put, await self.call("announce", arguments, timeout=timeout))

    async def providers(self, key: Key, *, timeout: Optional[float] = None) -> protocol.Providers:
        """Finds the nodes that are announced under a key."""
        return cast(protocol.Providers, await self.call("providers", {"key": key}, timeout=timeout))

    async def withdraw(self, key: Key, *, timeout: Optional[float] = None) -> protocol.Withdraw:
        """Stops re-announcing what the node publishes under a key."""
        return cast(protocol.Withdraw, await self.call("withdraw", {"key": key}, timeout=timeout))

    # ---- streams ----

    def watch_record(
        self, publisher: Key, *, salt: Value = b"", every_s: int = 60
    ) -> Stream[protocol.Resolve]:
        """Iterates over what a publisher has under a salt: what is there now, then each change."""
        params = positional("watch_record", {"publisher": publisher, "salt": salt, "every_s": every_s})
        return Stream(self._lasting, "watch_record", params, ender="unwatch", same=_streams.same_record)

    def watch_providers(self, key: Key, *, every_s: int = 60) -> Stream[protocol.Providers]:
        """Iterates over who is announced under a key: who is now, then each change."""
        params = positional("watch_providers", {"key": key, "every_s": every_s})
        return Stream(self._lasting, "watch_providers", params, ender="unwatch", same=_streams.same_providers)

    def events(self, kinds: Optional[Sequence[str]] = None) -> Stream[protocol.Event]:
        """Iterates over what happens to the node; `kinds`: only these (from 1.1 on)."""
        params = positional("subscribe_events", {"kinds": list(kinds) if kinds is not None else None})
        return Stream(
            self._lasting, "subscribe_events", params, ender="unsubscribe", capacity=_streams.EVENTS_MAX
        )

    def watch_status(self, *, every_s: int = 5) -> Stream[protocol.Status]:
        """Iterates over the node's status, every few seconds (from 1.1 on)."""
        params = positional("subscribe_status", {"every_s": every_s})
        return Stream(self._lasting, "subscribe_status", params, ender="unsubscribe")

    # ---- files ----

    async def put_file(
        self,
        source: Union[Path, BinaryIO],
        *,
        size: Optional[int] = None,
        keep: bool = False,
        progress: Optional[OnPut] = None,
    ) -> protocol.PutFile:
        """Stores a file, by its path or from a file object; `size` is asked of it where it can tell (from 1.1 on).
        `progress` is called with a map now and then. There is no timeout: cancel it, which ends it at the node."""
        if isinstance(source, (str, os.PathLike)):
            with open(source, "rb") as file:
                return await self.put_file(file, size=size, keep=keep, progress=progress)
        if size is None:
            size = _files.size_of(source)
        async with self._files:
            return await _files.upload(self._lasting, source, size, keep, progress)

    async def get_file(
        self,
        key: Key,
        target: Union[Path, BinaryIO],
        *,
        offset: int = 0,
        length: Optional[int] = None,
        progress: Optional[OnGot] = None,
    ) -> protocol.GetFile:
        """Fetches a file into a path, which is there only once it is whole, or a file object (from 1.1 on)."""
        download = Download(self._lasting, key, offset, length, progress)
        async with self._files:
            return await _files.save(download, target)

    def read_file(
        self,
        key: Key,
        *,
        offset: int = 0,
        length: Optional[int] = None,
        progress: Optional[OnGot] = None,
    ) -> Download:
        """Iterates over the bytes of a file, each verified before it is given (from 1.1 on)."""
        return Download(self._lasting, key, offset, length, progress)

    # ---- the network and the node ----

    async def ping(self, address: str, *, timeout: Optional[float] = None) -> protocol.Ping:
        """Asks the node at an address for a sign of life."""
        return cast(protocol.Ping, await self.call("ping", {"address": address}, timeout=timeout))

    async def lookup(self, id: Key, *, forward: Optional[int] = None, timeout: Optional[float] = None) -> protocol.Lookup:
        """Finds the nodes that are closest to an ID or a key. `forward`: as in `put`."""
        return cast(protocol.Lookup, await self.call("lookup", {"id": id, "forward": forward}, timeout=timeout))

    async def trace(
        self,
        id: Key,
        on_step: Callable[[protocol.Step], None],
        *,
        forward: Optional[int] = None,
        timeout: Optional[float] = None,
    ) -> protocol.Lookup:
        """A lookup that calls `on_step` with each of its steps as it happens."""

        def notified(name: str, value: Any) -> None:
            if name == "step":
                on_step(cast(protocol.Step, value))

        arguments: list[Any] = [id] if forward is None else [id, forward]
        seconds = self.timeout if timeout is None else timeout
        return cast(protocol.Lookup, await self._caller.call("trace", arguments, notified, seconds))

    async def records(
        self,
        section: Literal["held", "published"] = "held",
        *,
        start: Optional[bytes] = None,
        max: int = 256,
        timeout: Optional[float] = None,
    ) -> protocol.Records:
        """Lists a page of the node's own store; `start` is `next` of the page before."""
        arguments = {"section": section, "from": start, "max": max}
        return cast(protocol.Records, await self.call("records", arguments, timeout=timeout))

    async def bans(self, *, timeout: Optional[float] = None) -> protocol.Bans:
        """Lists which nodes and prefixes are banned, why, and for how long."""
        return cast(protocol.Bans, await self.call("bans", timeout=timeout))

    async def ban(
        self, subject: str, *, life_s: Optional[int] = None, timeout: Optional[float] = None
    ) -> protocol.Subject:
        """Bans a node, a prefix, or a node at one address and port; for a day by default."""
        arguments = {"subject": subject, "life_s": life_s}
        return cast(protocol.Subject, await self.call("ban", arguments, timeout=timeout))

    async def unban(self, subject: str, *, timeout: Optional[float] = None) -> protocol.Subject:
        """Ends a ban."""
        return cast(protocol.Subject, await self.call("unban", {"subject": subject}, timeout=timeout))

    async def allow(self, subject: str, *, timeout: Optional[float] = None) -> protocol.Subject:
        """Exempts an address or a prefix from bans by the node itself."""
        return cast(protocol.Subject, await self.call("allow", {"subject": subject}, timeout=timeout))

    async def table(self, *, timeout: Optional[float] = None) -> protocol.Table:
        """The routing table."""
        return cast(protocol.Table, await self.call("table", timeout=timeout))

    async def audit(self, round: Optional[int] = None, *, timeout: Optional[float] = None) -> protocol.Audit:
        """The ballots of a round of storage audits; without a round those of the last one that has some."""
        return cast(protocol.Audit, await self.call("audit", {"round": round}, timeout=timeout))

    async def health(self, *, timeout: Optional[float] = None) -> protocol.Health:
        """Whether the node does its work, and why not."""
        return cast(protocol.Health, await self.call("health", timeout=timeout))

    async def status(self, *, timeout: Optional[float] = None) -> protocol.Status:
        """The node's identity, its state and its counters."""
        return cast(protocol.Status, await self.call("status", timeout=timeout))

    async def batch(
        self, calls: Iterable[tuple[str, Mapping[str, Any]]], *, timeout: Optional[float] = None
    ) -> list[Any]:
        """Sends several calls, pairs of method and named arguments, as one request (from 1.1 on). Returns their
        results in this order; where a call failed, its error stands there as an exception that is not raised."""
        listed = list(calls)
        requests = [[method, positional(method, arguments)] for method, arguments in listed]
        seconds = self.timeout if timeout is None else timeout
        answer = await self._caller.call("batch", requests, None, seconds)
        pairs = answer.get("results") if isinstance(answer, dict) else None
        if not isinstance(pairs, list) or len(pairs) != len(listed):
            raise ProtocolError("the node answered another number of calls", method="batch")
        return [
            from_node(error, method) if error is not None else result
            for (method, _), (error, result) in zip(listed, pairs)
        ]
