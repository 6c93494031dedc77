"""The node under test, and the endpoints from which the prober talks to it.

One thread serves all sockets: while a check waits for a reply, the endpoints that play nodes answer
what the target asks them.
"""

import json
import os
import secrets
import select
import shlex
import socket
import stat
import struct
import subprocess
import time
from dataclasses import replace
from typing import Any, Callable, Dict, List, Optional, Tuple

import identity as ids
import wire
from identity import ZERO, Identity
from strict_msgpack import encode
from wire import Draft, Opened, Sealed, Unacceptable

REPLY_S = 3.0  # after which an answer counts as none
COUNTER_S = 2.0  # within which a drop is counted


class Failure(Exception):
    """A check did not find what the protocol demands."""


class Unanswered(Failure):
    """A request that demands a reply had none."""


class Skip(Exception):
    """A check needs what this run does not have."""


def demand(condition: Any, what: str) -> None:
    """Fails the check unless the condition holds."""
    if not condition:
        raise Failure(what)


class Reply:
    """A verified reply."""

    def __init__(self, opened: Opened, digest: bytes):
        self.kind = opened.kind
        self.body = opened.body
        self.token = opened.token
        self.size = opened.size
        self.opened = opened
        self.digest = digest

    @property
    def name(self) -> str:
        """The kind in words, for messages."""
        if self.kind == wire.ERROR:
            return f"ERROR {self.body[1]}"
        return wire.KIND_NAMES[self.kind]


def demand_code(reply: Reply, code: int) -> None:
    """Fails unless the reply is that ERROR."""
    right = reply.kind == wire.ERROR and reply.body[1] == code
    demand(right, f"{reply.name} instead of ERROR {code}")


def demand_taken(reply: Reply) -> None:
    """Fails unless the record was taken."""
    demand(reply.kind in (wire.STORED, wire.ANNOUNCED), f"{reply.name} instead of taken")


class Counters:
    """What the target counts, by a command that prints the status as JSON."""

    def __init__(self, command: List[str]):
        self._command = command

    @classmethod
    def of(cls, status: Optional[str]) -> Optional["Counters"]:
        """`status` is a command, the path of a control socket, or None."""
        if not status:
            return None
        if os.path.exists(status) and stat.S_ISSOCK(os.stat(status).st_mode):
            return cls(["skad", "status", "--json", "--socket", status])
        return cls(shlex.split(status))

    def read(self) -> Dict[str, Any]:
        """The whole status."""
        output = subprocess.run(self._command, check=True, capture_output=True, timeout=10).stdout
        return json.loads(output)

    def drops(self) -> Dict[str, int]:
        """Drops by reason, and `accept`."""
        status = self.read()
        return {**status["drops"], "accept": status["accepted"]}


class Loop:
    """All sockets of the prober."""

    def __init__(self) -> None:
        self._endpoints: Dict[int, "Endpoint"] = {}
        self._poll = select.poll()

    def add(self, endpoint: "Endpoint") -> None:
        """Serves an endpoint from now on."""
        self._endpoints[endpoint.socket.fileno()] = endpoint
        self._poll.register(endpoint.socket, select.POLLIN)

    def remove(self, endpoint: "Endpoint") -> None:
        """Serves it no more."""
        self._poll.unregister(endpoint.socket)
        del self._endpoints[endpoint.socket.fileno()]

    def run(self, seconds: float, until: Callable[[], Any] = lambda: False) -> bool:
        """Serves the sockets until the condition holds; false if it does not in so many seconds."""
        deadline = time.monotonic() + seconds
        while not until():
            left = deadline - time.monotonic()
            if left <= 0:
                return False
            for descriptor, _ in self._poll.poll(min(left, 0.2) * 1000):
                self._endpoints[descriptor].receive()
        return True


class Endpoint:
    """A socket with an identity. With `plays_node` it answers requests, as a node does that holds
    nothing and knows no other node; without, it is a client that no node lists."""

    def __init__(self, target: "Target", plays_node: bool = False,
                 identity: Optional[Identity] = None, local: Optional[str] = None, port: int = 0):
        self.target = target
        self.identity = identity or Identity.draw()
        self.plays_node = plays_node
        self.socket = socket.socket(target.family, socket.SOCK_DGRAM)
        self.socket.bind((target.source if local is None else local, port))
        self.socket.setblocking(False)
        self.token = b""
        self.granted = secrets.token_bytes(16)
        self.replies: Dict[bytes, List[Tuple[bytes, Any]]] = {}
        self.requests: List[Tuple[Opened, bytes]] = []  # of the target, with their digests
        self.answer: Callable[[Opened, bytes], List[bytes]] = self._plain_answer
        self.bytes_received = 0
        self.faults: List[str] = []  # of what the target sent
        self.strays: List[bytes] = []  # what it sent that is not acceptable here
        target.loop.add(self)

    def close(self) -> None:
        """Leaves its port."""
        self.target.loop.remove(self)
        self.socket.close()

    @property
    def address(self) -> bytes:
        """Where the target should see it, as an endpoint of the wire."""
        host, port = self.socket.getsockname()[:2]
        return socket.inet_pton(self.target.family, host) + struct.pack("!H", port)

    # ---- Receiving ----

    def receive(self) -> None:
        """Takes what has arrived."""
        while True:
            try:
                datagram, source = self.socket.recvfrom(2048)
            except BlockingIOError:
                return
            except ConnectionError:
                continue  # the target's port was closed for a moment
            self.bytes_received += len(datagram)
            try:
                opened = wire.open_envelope(datagram, self.identity.id)
            except Unacceptable as error:
                self.faults.append(str(error))
                self.strays.append(datagram)
                continue
            if opened.kind < 16:
                self._asked(opened, source)
            else:
                self.replies.setdefault(opened.rpc_id, []).append((datagram, source))

    def _asked(self, opened: Opened, source: Any) -> None:
        try:
            digest = wire.verify(opened, self.identity.id, ZERO, opened.id)
        except Unacceptable as error:
            self.faults.append(str(error))
            return
        self.requests.append((opened, digest))
        if self.plays_node:
            for answer in self.answer(opened, digest):
                self.socket.sendto(answer, source)

    def answer_to(self, opened: Opened, digest: bytes, kind: int, body: bytes,
                  **flaws: Any) -> bytes:
        """A reply to a request of the target."""
        signer = flaws.pop("signer", self.identity)
        draft = Draft(kind, body, rpc_id=opened.rpc_id, token=self.granted)
        draft = replace(draft, **flaws)
        return wire.seal(draft, signer, self.target.id, digest).datagram

    def _plain_answer(self, opened: Opened, digest: bytes) -> List[bytes]:
        observed = self.target.endpoint
        kind, body = {
            wire.PING: (wire.PONG, [observed]),
            wire.FIND_NODE: (wire.NODES, [observed, []]),
            wire.FIND_VALUE: (wire.VALUE, [observed, [], []]),
        }.get(opened.kind, (wire.ERROR, [observed, 2, 0]))
        return [self.answer_to(opened, digest, kind, encode(body))]

    # ---- Sending ----

    def send(self, datagram: bytes) -> None:
        """Sends bytes to the target."""
        try:
            self.socket.sendto(datagram, self.target.address)
        except ConnectionError:
            self.socket.sendto(datagram, self.target.address)

    def seal(self, kind: int, body: Any = b"\x90", size: Optional[int] = None, hello: bool = False,
             recipient: Optional[bytes] = None, digest: bytes = ZERO,
             network: bytes = ids.NETWORK_KEY, **flaws: Any) -> Sealed:
        """A request of this endpoint; `size` asks for padding, `digest` is the request digest that
        a request does not have."""
        draft = replace(Draft(kind, body), **flaws)
        if size is not None:
            draft = wire.padded(draft, self.identity, size)
        if recipient is None:
            recipient = ZERO if hello else self.target.id
        sealed = wire.seal(draft, self.identity, recipient, digest, network)
        sealed.hello = hello
        return sealed

    def seal_put(self, **flaws: Any) -> Sealed:
        """A STORE with a fresh token: what a node serves only if it has proven who sends it."""
        body = flaws.pop("body", None)
        record = encode([1, secrets.token_bytes(8)])
        token = self.ask(wire.PING).token
        return self.seal(wire.STORE, wire.store(record) if body is None else body, token=token,
                         **flaws)

    def await_reply(self, request: Sealed, seconds: float = REPLY_S) -> Optional[Reply]:
        """The reply to a request that was sent, verified; None if none comes."""
        if not self.target.loop.run(seconds, lambda: request.rpc_id in self.replies):
            return None
        return self.reply_of(request)

    def reply_of(self, request: Sealed) -> Reply:
        """The reply that has come, verified."""
        datagram, source = self.replies[request.rpc_id][0]
        demand(source[:2] == self.target.address[:2], f"a reply from {source}")
        try:
            opened = wire.open_envelope(datagram, self.identity.id)
            digest = wire.verify(opened, self.identity.id, request.digest, self.target.id)
        except Unacceptable as error:
            raise Failure(f"the reply is unacceptable: {error}") from error
        demand(opened.id == (self.target.id if request.hello else b""), "the ID that it states")
        demand(opened.kind in (request.kind + 16, wire.ERROR), f"a reply of kind {opened.kind}")
        demand(opened.body[0] == self.address, f"observed {opened.body[0].hex()}")
        demand(len(self.replies[request.rpc_id]) == 1, "more than one reply")
        return Reply(opened, digest)

    def ask_sealed(self, request: Sealed) -> Reply:
        """Sends a request and returns its reply."""
        self.send(request.datagram)
        reply = self.await_reply(request)
        if reply is None:
            raise Unanswered(f"no reply to {wire.KIND_NAMES.get(request.kind)}")
        if reply.token:
            self.token = reply.token
        return reply

    def ask(self, kind: int, body: bytes = b"\x90", **options: Any) -> Reply:
        """Asks with the token that the target granted last, or padded as one that has none."""
        if "token" not in options:
            options["token"] = self.token
        if not options["token"] and "size" not in options:
            options["size"] = wire.HELLO_BYTES
        return self.ask_sealed(self.seal(kind, body, **options))

    def ask_with_token(self, kind: int, body: bytes, **options: Any) -> Reply:
        """The same, with a token that was just granted."""
        if not self.token:
            self.ask(wire.PING)
        return self.ask(kind, body, **options)

    # ---- Silence ----

    def fence(self) -> None:
        """Two exchanges, one after the other: what was sent before has been handled then."""
        for _ in range(2):
            self.ask(wire.PING)

    def is_dropped(self, request: Any, reason: str, copies: int = 1) -> None:
        """Sends a datagram that must have no answer, and be counted under the reason."""
        counters = self.target.counters
        before = counters.drops() if counters else {}
        datagram = request if isinstance(request, bytes) else request.datagram
        for _ in range(copies):
            self.send(datagram)
        self.fence()
        if not isinstance(request, bytes) and isinstance(request.rpc_id, bytes):
            self.target.must_stay_silent(self, bytes(request.rpc_id))
        if counters:
            self._is_counted(before, reason, copies)

    def is_dropped_later(self, request: Sealed, reason: str, honest: "Endpoint") -> None:
        """The same for an endpoint whose own requests are no fence: the honest one's are."""
        counters = self.target.counters
        before = counters.drops() if counters else {}
        self.send(request.datagram)
        honest.fence()
        self.target.must_stay_silent(self, bytes(request.rpc_id))
        if counters:
            self._is_counted(before, reason, 1)

    def _is_counted(self, before: Dict[str, int], reason: str, copies: int) -> None:
        deadline = time.monotonic() + COUNTER_S
        while True:
            after = self.target.counters.drops()
            if after[reason] - before[reason] >= copies:
                return
            others = [name for name in after if name != "accept" and after[name] > before[name]]
            if others or time.monotonic() > deadline:
                counted = ", ".join(others) or "nothing"
                raise Failure(f"counted as {counted} instead of {reason}")
            self.target.loop.run(0.02)


class Target:
    """The node under test at one of its addresses."""

    def __init__(self, host: str, port: int, loop: Loop, counters: Optional[Counters]):
        info = socket.getaddrinfo(host, port, type=socket.SOCK_DGRAM, flags=socket.AI_NUMERICHOST)
        self.family, self.address = info[0][0], info[0][4]
        self.loop = loop
        self.counters = counters
        self.id = ZERO
        self.public_key = ZERO
        self._silent: List[Tuple[Endpoint, bytes]] = []
        packed = socket.inet_pton(self.family, self.address[0])
        self.loopback = packed[0] == 127 or packed == bytes(15) + b"\x01"
        self.endpoint = packed + struct.pack("!H", port)
        with socket.socket(self.family, socket.SOCK_DGRAM) as way:
            way.connect(self.address)
            self.source = way.getsockname()[0]  # the address that the system sends from

    def must_stay_silent(self, endpoint: Endpoint, rpc_id: bytes) -> None:
        """No reply to this request may ever come; fails at once if one has come already."""
        self._silent.append((endpoint, rpc_id))
        datagram = self._reply_to(endpoint, rpc_id)
        if datagram is not None:
            kind = datagram[wire.TAG_BYTES + 2]
            raise Failure(f"answered with {wire.KIND_NAMES.get(kind, kind)} instead of dropped")

    @staticmethod
    def _reply_to(endpoint: Endpoint, rpc_id: bytes) -> Optional[bytes]:
        """The first reply with this rpc id, for whichever recipient."""
        if rpc_id in endpoint.replies:
            return endpoint.replies[rpc_id][0][0]
        place = wire.TAG_BYTES + 5  # behind array, version, kind and the header of the rpc id
        replies = (stray for stray in endpoint.strays if stray[place : place + 8] == rpc_id)
        return next(replies, None)

    def late_replies(self) -> int:
        """How many requests that must stay unanswered had an answer after all."""
        return sum(self._reply_to(*silent) is not None for silent in self._silent)

    def learn(self, endpoint: Endpoint) -> None:
        """Finds the node's ID with a hello."""
        hello = endpoint.seal(wire.PING, size=wire.HELLO_BYTES, hello=True)
        endpoint.send(hello.datagram)
        self.loop.run(REPLY_S, lambda: hello.rpc_id in endpoint.replies)
        demand(hello.rpc_id in endpoint.replies, "the target does not answer a hello")
        datagram = endpoint.replies[hello.rpc_id][0][0]
        try:
            opened = wire.open_envelope(datagram, endpoint.identity.id)
        except Unacceptable as error:
            raise Failure(f"the answer to a hello is unacceptable: {error}") from error
        self.public_key = opened.public_key
        self.id = ids.node_id(self.public_key)
        demand(opened.id == self.id, "the answer to a hello does not state its sender's ID")
