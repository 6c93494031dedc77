"""What the node does with a FORWARD: as the last of a chain, and in between.

PROTOCOL.md, "Forwarding", "Statements".
"""

import secrets
import time
from typing import Any, Callable, List, Tuple

import identity as ids
import records
import wire
from checks_records import put
from harness import Context, check, check_each
from strict_msgpack import encode
from target import Endpoint, Failure, Reply, demand, demand_code, demand_taken
from wire import ERROR, FORWARD, FORWARDED, Opened, Unacceptable

LOOP, UNREACHED = 13, 12
HALF_A_DAY_S = 43200


def _distance(identifier: bytes, target: bytes) -> int:
    return int.from_bytes(identifier, "big") ^ int.from_bytes(target, "big")


def _stated(context: Context, reply: Reply, aim: int, subject: bytes) -> wire.Statement:
    demand(reply.kind == FORWARDED, f"{reply.name} instead of FORWARDED")
    _, record, statement = reply.body
    demand(not record and statement, "no statement")
    try:
        stated = wire.open_statement(statement, aim, subject)
    except Unacceptable as error:
        raise Failure(str(error)) from error
    demand(ids.node_id(stated.public_key) == context.target.id, "another node has signed")
    demand(abs(stated.unix_s - time.time()) <= HALF_A_DAY_S, f"the time {stated.unix_s}")
    return stated


@check("Forwarding: a FORWARD without a valid token is refused with ERROR 1")
def _needs_a_token(context: Context) -> None:
    for token in (b"", secrets.token_bytes(16)):
        reply = context.client.ask(FORWARD, wire.forward(bytes(32)), token=token, size=wire.HELLO_BYTES)
        demand_code(reply, 1)
        demand(len(reply.token) == 16, "no token in the answer")


@check("Forwarding: aim 0 with budget 0 has a signed list of the closest contacts")
def _nodes(context: Context) -> None:
    context.nodes()
    client = context.client
    for _ in range(3):
        target = secrets.token_bytes(32)
        reply = client.ask_with_token(FORWARD, wire.forward(target))
        stated = _stated(context, reply, 0, target)
        named = [contact[0] for contact in stated.contacts]
        distances = [_distance(each, target) for each in named]
        demand(0 < len(named) <= 16, f"{len(named)} contacts")
        demand(distances == sorted(set(distances)), "not in ascending distance")
        demand(client.identity.id not in named, "the requester is named")
        demand(all(map(ids.static_ok, named)), "an ID without the puzzle")


@check("Forwarding: a request that does not come closer to the target is refused with ERROR 13")
def _loop(context: Context) -> None:
    client = context.client
    own = client.identity.id
    for target in (own, own[:-1] + bytes([own[-1] ^ 1])):
        demand_code(client.ask_with_token(FORWARD, wire.forward(target, budget=1)), LOOP)
        reply = client.ask_with_token(FORWARD, wire.forward(target, budget=0))
        demand(reply.kind == FORWARDED, f"{reply.name} to budget 0")


@check("Forwarding: aim 1 has the value where the node holds it")
def _value(context: Context) -> None:
    record = records.immutable(records.fresh_value(100))
    key = records.value_key(record[-100:])
    demand_taken(put(context.client, record, False))
    reply = context.client.ask_with_token(FORWARD, wire.forward(key, 1))
    demand(reply.kind == FORWARDED and reply.body[1:] == [record, b""], f"{reply.name}, no record")


@check("Forwarding: aim 2 has the mutable record where the node holds it, and aim 1 has not")
def _mutable(context: Context) -> None:
    record = records.Mutable(ids.Identity.draw())
    demand_taken(put(context.client, record.bytes(), False))
    reply = context.client.ask_with_token(FORWARD, wire.forward(record.key, 2))
    demand(reply.kind == FORWARDED and reply.body[1:] == [record.bytes(), b""], "no record")
    reply = context.client.ask_with_token(FORWARD, wire.forward(record.key, 1))
    _stated(context, reply, 1, record.key)


def _is_said_to_be_absent(context: Context, case: Tuple[str, int]) -> None:
    key = secrets.token_bytes(32)
    reply = context.client.ask_with_token(FORWARD, wire.forward(key, case[1]))
    _stated(context, reply, case[1], key)


check_each("Forwarding: a signed statement that there is no such record",
           [("aim 1", 1), ("aim 2", 2)], _is_said_to_be_absent)


# ---- In between ----


class Chain:
    """The node between a client and those that play nodes. Which of these it asks is its choice;
    the one whose ID is the target should come first."""

    def __init__(self, context: Context, aim: int, target: bytes):
        self.context = context
        self.aim = aim
        self.asked: List[Tuple[Endpoint, Opened]] = []
        self.target = target
        self.client = self._client()

    def _client(self) -> Endpoint:
        """One that is farther away than the node."""
        least = _distance(self.context.target.id, self.target)
        while True:
            client = self.context.fresh()
            if _distance(client.identity.id, self.target) > least:
                return client
            client.close()

    def ask(self, budget: int, answer: Callable[[Endpoint], List[Any]], life_ms: int = 2000) -> Reply:
        """The client's FORWARD; `answer` is what a node says that the FORWARD is passed on to."""

        def player(node: Endpoint, plain: Callable[[Opened, bytes], List[bytes]]) -> Any:
            def answers(opened: Opened, digest: bytes) -> List[bytes]:
                if opened.kind != FORWARD:
                    return plain(opened, digest)
                self.asked.append((node, opened))
                body = [self.context.target.endpoint, *answer(node)]
                kind = FORWARDED if isinstance(body[1], bytes) else ERROR
                return [node.answer_to(opened, digest, kind, encode(body))]

            return answers

        nodes = self.context.nodes()
        usual = [node.answer for node in nodes]
        for node, plain in zip(nodes, usual):
            node.answer = player(node, plain)
        try:
            body = wire.forward(self.target, self.aim, budget, life_ms)
            return self.client.ask_with_token(FORWARD, body)
        finally:
            for node, plain in zip(nodes, usual):
                node.answer = plain
            self.client.close()

    def says(self, node: Endpoint, later_s: int = 0, subject: bytes = b"") -> bytes:
        """A statement of a node."""
        signer = node.identity
        part = bytes([0x96]) + b"".join(
            encode(each) for each in (signer.public_key, self.aim, int(time.time()) + later_s, 0, [])
        )
        about = ids.digest_of("skad1 subject", bytes([self.aim]), subject or self.target)
        digest = ids.digest_of("skad1 stated", ids.NETWORK_ID, about, part)
        return part + encode(signer.sign("skad1 stated", digest))


@check("Forwarding: passes a FORWARD on to a closer contact, with less budget and time")
def _passes_on(context: Context) -> None:
    chain = Chain(context, 0, context.nodes()[0].identity.id)
    said: List[bytes] = []

    def states(node: Endpoint) -> List[bytes]:
        said.append(chain.says(node))
        return [b"", said[-1]]

    reply = chain.ask(9, states)
    demand(reply.kind == FORWARDED and reply.body[1] == b"", f"{reply.name}")
    demand(len(said) == 1 and reply.body[2] == said[0], "another statement than it was given")
    node, opened = chain.asked[0]
    subject, aim, _, budget, life_ms = opened.body
    demand(subject == chain.target and aim == 0, "another question")
    demand(_distance(node.identity.id, subject) < _distance(context.target.id, subject), "a farther node")
    demand(budget <= 8, f"a budget of {budget} out of 9")
    demand(life_ms < 2000, f"life_ms {life_ms} out of 2000")


@check("Forwarding: hands back a value that passes, byte for byte")
def _hands_back(context: Context) -> None:
    nodes = context.nodes()
    closest = 1 << 256
    while closest.bit_length() > 244:  # until one of the nodes is closer than any other could be
        record = records.immutable(records.fresh_value(1000))
        key = records.value_key(record[-1000:])
        closest = min(_distance(node.identity.id, key) for node in nodes)
    reply = Chain(context, 1, key).ask(8, lambda _: [record, b""])
    demand(reply.kind == FORWARDED and reply.body[1:] == [record, b""], f"{reply.name}, no record")


FALSE_ANSWERS = [
    ("a statement about another target",
     lambda chain, node: [b"", chain.says(node, subject=bytes(32))]),
    ("a statement of another day", lambda chain, node: [b"", chain.says(node, -86400)]),
    ("a statement with a wrong signature",
     lambda chain, node: [b"", chain.says(node)[:-1] + b"x"]),
    ("no statement", lambda chain, node: [b"", b"\x90"]),
    ("a record", lambda chain, node: [records.immutable(b"x"), b""]),
    ("an ERROR", lambda chain, node: [11, 0]),
]


def _is_not_handed_back(context: Context, case: Tuple[str, Callable[[Chain, Endpoint], Any]]) -> None:
    # Of each node one false answer, so that it is not doubted yet.
    node = context.nodes()[1 + FALSE_ANSWERS.index(case)]
    chain = Chain(context, 0, node.identity.id)
    reply = chain.ask(1, lambda asked: case[1](chain, asked))
    demand(len(chain.asked) == 1, f"a budget of 1 made {len(chain.asked)} requests")
    demand_code(reply, UNREACHED)


check_each("Forwarding: not handed back, but ERROR 12", FALSE_ANSWERS, _is_not_handed_back)
