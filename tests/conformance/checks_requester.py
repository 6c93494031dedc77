"""What the node does as a requester: how it asks, and which replies it accepts. It asks on its own
when a stranger sends it a request, and when it joins through those that answer.

PROTOCOL.md, "RPCs" (requester), "Padding and amplification", "Bodies".
"""

import secrets
from dataclasses import replace
from typing import Any, Dict, List, Tuple

import identity as ids
import wire
from harness import Context, check, check_each
from identity import ZERO, Identity
from strict_msgpack import Raw, encode
from target import Endpoint, Skip, demand
from wire import Draft, Opened

PING_S = 4.0  # within which the node pings a stranger, if it does at all


class Asked:
    """A stranger that the node has pinged, and what it was asked."""

    def __init__(self, context: Context):
        self.context = context
        self.target = context.target
        self.stranger = context.fresh()
        self.stranger.ask(wire.PING)
        if not context.loop.run(PING_S, lambda: self.stranger.requests):
            raise Skip("the node does not ping strangers now")
        self.request, self.digest = self.stranger.requests[-1]

    def reply(self, kind: int = wire.PONG, body: Any = None, **flaws: Any) -> bytes:
        """A reply to the ping."""
        content = [self.target.endpoint] if body is None else body
        return self.stranger.answer_to(self.request, self.digest, kind, encode(content), **flaws)

    def is_dropped(self, datagram: bytes, reason: str) -> None:
        """Sends a reply that must be dropped."""
        self.stranger.is_dropped(datagram, reason)

    def is_listed(self) -> bool:
        """Whether the node names the stranger."""
        asker = self.context.client
        wanted = self.stranger.identity.id
        reply = asker.ask_with_token(wire.FIND_NODE, wire.find_node(wanted))
        return wanted in [contact[0] for contact in reply.body[1]]

    def is_accepted(self, datagram: bytes) -> None:
        """Sends a reply by which the node must list the stranger."""
        self.stranger.send(datagram)
        self.stranger.fence()
        demand(self.is_listed(), "the reply was not accepted")


# ---- How it asks ----


@check("RPCs: the node's own requests are acceptable")
def _own_requests(context: Context) -> None:
    asked = Asked(context)
    demand(not asked.stranger.faults, str(asked.stranger.faults[:1]))
    demand(asked.request.id == context.target.id, "of another node")


@check("Padding and amplification: an addressed PING without a token has at least 194 bytes")
def _ping_is_padded(context: Context) -> None:
    request = Asked(context).request
    demand(request.kind == wire.PING and not request.token, "not a PING without a token")
    demand(request.size >= 194, f"{request.size} bytes")


@check("RPCs: each request has a fresh rpc id")
def _fresh_rpc_ids(context: Context) -> None:
    nodes = [Asked(context).stranger for _ in range(3)] + list(context.nodes())
    first: Dict[bytes, Any] = {}
    for node in nodes:
        for request, _ in node.requests:  # a copy to the same node has the same signed part
            sent = (id(node), request.signed_part)
            demand(first.setdefault(request.rpc_id, sent) == sent, "one came twice, and not as a copy")


@check("Padding and amplification: a FIND_NODE without a token has at least 411 bytes")
def _find_node_is_padded(context: Context) -> None:
    for node in context.nodes():
        for request, _ in node.requests:
            short = request.kind == wire.FIND_NODE and not request.token and request.size < 411
            demand(not short, f"{request.size} bytes")


@check("Address tokens: the node shows no other token than the one it was granted")
def _shows_what_was_granted(context: Context) -> None:
    for node in context.nodes():
        for request, _ in node.requests:
            demand(request.token in (b"", node.granted), "another token")


@check("Bodies: the node's FIND_NODE wants families that it can use")
def _wants(context: Context) -> None:
    for node in context.nodes():
        for request, _ in node.requests:
            if request.kind == wire.FIND_NODE:
                demand(request.body[1] in (1, 2, 3), f"want {request.body[1]}")


# ---- Replies that it must drop ----


def _from_elsewhere(asked: Asked) -> None:
    elsewhere = Endpoint(asked.target, identity=asked.stranger.identity)
    elsewhere.is_dropped(asked.reply(), "unawaited")


def _in_other_network(asked: Asked) -> bytes:
    draft = Draft(wire.PONG, encode([asked.target.endpoint]), rpc_id=asked.request.rpc_id)
    sealed = wire.seal(draft, asked.stranger.identity, asked.target.id, asked.digest,
                       secrets.token_bytes(32))
    return sealed.datagram


def _to_request(asked: Asked, digest: bytes) -> bytes:
    return asked.stranger.answer_to(asked.request, digest, wire.PONG,
                                    encode([asked.target.endpoint]))


WRONG = [
    ("another rpc id is unawaited", "unawaited",
     lambda asked: asked.reply(rpc_id=secrets.token_bytes(8))),
    ("a kind that does not answer the request is unawaited", "unawaited",
     lambda asked: asked.reply(wire.NODES, [asked.target.endpoint, []])),
    ("STORED to a PING is unawaited", "unawaited",
     lambda asked: asked.reply(wire.STORED, [asked.target.endpoint, 1])),
    ("a reply by another node than was asked is dropped (identity)", "identity",
     lambda asked: asked.reply(signer=Identity.draw())),
    ("a far epoch is noticed before the identity", "epoch",
     lambda asked: asked.reply(signer=Identity.draw(), epoch=ids.current_epoch() + 2)),
    ("the ID is that of the node that was asked, not of the signer", "identity",
     lambda asked: asked.reply(signer=Identity.draw(solves_static=False))),
    ("a reply that states its ID is dropped (identity)", "identity",
     lambda asked: asked.reply(id=asked.stranger.identity.id)),
    ("the signature is checked before the identity", "signature",
     lambda asked: asked.reply(signer=Identity.draw(), signature=bytes(64))),
    ("the digest must cover the request", "signature",
     lambda asked: _to_request(asked, secrets.token_bytes(32))),
    ("a reply signed as a request is wrong", "signature",
     lambda asked: _to_request(asked, ZERO)),
    ("a reply signed for another network is wrong", "signature", _in_other_network),
    ("a dynamic puzzle that is not solved", "dynamic",
     lambda asked: asked.reply(
         nonce=asked.stranger.identity.wrong_nonce(ids.current_epoch()))),
]


def _wrong_reply(context: Context, case: Tuple[str, str, Any]) -> None:
    _, reason, make = case
    asked = Asked(context)
    asked.is_dropped(make(asked), reason)
    demand(not asked.is_listed(), "the stranger was listed by it")


check_each("RPCs: replies", WRONG, _wrong_reply)


@check("RPCs: replies: one from another address than was asked is unawaited")
def _other_address(context: Context) -> None:
    _from_elsewhere(Asked(context))


# ---- Bodies of replies ----

ENDPOINT = bytes([198, 51, 100, 7, 15, 160])

BODIES: List[Tuple[str, int, Any]] = [
    ("PONG without observed", wire.PONG, []),
    ("PONG with a second element", wire.PONG, [ENDPOINT, 0]),
    ("PONG, observed empty", wire.PONG, [b""]),
    ("PONG, observed of 7 bytes", wire.PONG, [bytes(7)]),
    ("PONG, observed with port 0", wire.PONG, [ENDPOINT[:4] + b"\0\0"]),
    ("PONG, observed IPv4-mapped", wire.PONG, [bytes(10) + b"\xff\xff" + ENDPOINT]),
    ("PONG, observed nil", wire.PONG, [None]),
    ("ERROR without detail", wire.ERROR, [ENDPOINT, 11]),
    ("ERROR, code 0", wire.ERROR, [ENDPOINT, 0, 0]),
    ("ERROR, code 65536", wire.ERROR, [ENDPOINT, 65536, 0]),
    ("ERROR, detail nil", wire.ERROR, [ENDPOINT, 11, None]),
    ("ERROR, detail as int 8", wire.ERROR, [ENDPOINT, 11, Raw(b"\xd0\x01")]),
]


def _body_is_dropped(context: Context, case: Tuple[str, int, Any]) -> None:
    _, kind, body = case
    asked = Asked(context)
    asked.is_dropped(asked.reply(kind, body), "body")
    demand(not asked.is_listed(), "the stranger was listed by it")


check_each("Bodies: refused", BODIES, _body_is_dropped)

# ---- Replies that it must accept ----

GOOD = [
    ("plain", lambda asked: asked.reply()),
    ("padded by one byte", lambda asked: asked.reply(padding=bytes(1))),
    ("padded by 512 bytes", lambda asked: asked.reply(padding=bytes(512))),
    ("without a token", lambda asked: asked.reply(token=b"")),
    ("with an IPv6 address as observed", lambda asked: asked.reply(
        wire.PONG, [b"\x20\x01" + bytes(15) + b"\x07"])),
]


def _good_reply(context: Context, case: Tuple[str, Any]) -> None:
    asked = Asked(context)
    asked.is_accepted(case[1](asked))


check_each("RPCs: accepted replies", GOOD, _good_reply)


@check("RPCs: accepted replies: one of a batch")
def _batched_reply(context: Context) -> None:
    asked = Asked(context)
    draft = Draft(wire.PONG, encode([asked.target.endpoint]), rpc_id=asked.request.rpc_id)
    other = replace(draft, rpc_id=secrets.token_bytes(8))
    batch = wire.seal_batch([other, draft], asked.stranger.identity, [asked.target.id] * 2,
                            asked.digest)
    asked.is_accepted(batch[1].datagram)


@check("RPCs: a reply that is dropped leaves the request waiting")
def _right_after_wrong(context: Context) -> None:
    asked = Asked(context)
    asked.is_dropped(_to_request(asked, secrets.token_bytes(32)), "signature")
    asked.is_dropped(asked.reply(body=[]), "body")
    asked.is_accepted(asked.reply())


@check("Duplicates: the second copy of a reply is unawaited")
def _second_copy(context: Context) -> None:
    asked = Asked(context)
    reply = asked.reply()
    asked.is_accepted(reply)
    asked.is_dropped(reply, "unawaited")


@check("RPCs: who becomes a contact: a node that answers ERROR 1, as a loaded one does")
def _challenge_shows_life(context: Context) -> None:
    asked = Asked(context)
    asked.is_accepted(asked.reply(wire.ERROR, [asked.target.endpoint, 1, 0]))


@check("RPCs: who becomes a contact: an ERROR with another code lists no stranger")
def _error_lists_no_stranger(context: Context) -> None:
    asked = Asked(context)
    counters = context.target.counters
    before = counters.drops() if counters else {}
    asked.stranger.send(asked.reply(wire.ERROR, [asked.target.endpoint, 11, 0]))
    asked.stranger.fence()
    demand(not asked.is_listed(), "the stranger was listed by it")
    after = counters.drops() if counters else {}
    new = [name for name in after if name != "accept" and after[name] > before[name]]
    demand(not new, f"the reply was dropped: {new}")


def _fills_no_contact(opened: Opened) -> bool:
    return opened.kind == wire.PING and opened.body == []


@check("RPCs: the node's PING has an empty body")
def _ping_body(context: Context) -> None:
    demand(_fills_no_contact(Asked(context).request), "it has not")
