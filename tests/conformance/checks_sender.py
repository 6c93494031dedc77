"""Who sent a datagram, what it paid for its identity, and what its signature covers.

PROTOCOL.md, "Signatures", "Identity and puzzles", "What is signed", "Drop reasons".
"""

import secrets
from dataclasses import replace
from typing import Any, Tuple

import identity as ids
import wire
from harness import Context, check, check_each
from identity import Identity
from strict_msgpack import encode
from target import Endpoint, demand
from wire import FIND_NODE, PING

# Signatures of datagrams that show a token may count against an address: none here shows one.


@check("Drop reasons: a datagram in the name of the receiver is dropped (self)")
def _own_name(context: Context) -> None:
    context.client.is_dropped(context.client.seal(PING, id=context.target.id), "self")


@check("Drop reasons: a datagram with the receiver's own key is dropped (self)")
def _own_key(context: Context) -> None:
    sealed = context.client.seal(PING, public_key=context.target.public_key)
    context.client.is_dropped(sealed, "self")


# ---- Puzzles ----


@check("Identity and puzzles: a static puzzle that is not solved is dropped (static)")
def _static_unsolved(context: Context) -> None:
    draft = wire.Draft(PING)
    sealed = wire.seal(draft, Identity.draw(solves_static=False), context.target.id)
    context.client.is_dropped(sealed, "static")


@check("Proof of an identity: a dynamic puzzle that is not solved is dropped (dynamic)")
def _dynamic_unsolved(context: Context) -> None:
    wrong = context.client.identity.wrong_nonce(ids.current_epoch())
    context.client.is_dropped(context.client.seal_put(nonce=wrong), "dynamic")


def _nonce_for(context: Context, solves: Any) -> bytes:
    """A nonce that does not solve the puzzle, but another one."""
    epoch, signer = ids.current_epoch(), context.client.identity
    count = 0
    while ids.dynamic_ok(signer.id, epoch, count.to_bytes(8, "big")) or not solves(
            count.to_bytes(8, "big")):
        count += 1
    return count.to_bytes(8, "big")


@check("Proof of an identity: a nonce of another epoch is dropped (dynamic)")
def _nonce_of_other_epoch(context: Context) -> None:
    signer, before = context.client.identity, ids.current_epoch() - 1
    nonce = _nonce_for(context, lambda nonce: ids.dynamic_ok(signer.id, before, nonce))
    context.client.is_dropped(context.client.seal_put(nonce=nonce), "dynamic")


@check("Proof of an identity: a nonce of another node is dropped (dynamic)")
def _nonce_of_other_node(context: Context) -> None:
    other, epoch = Identity.draw(), ids.current_epoch()
    nonce = _nonce_for(context, lambda nonce: ids.dynamic_ok(other.id, epoch, nonce))
    context.client.is_dropped(context.client.seal_put(nonce=nonce), "dynamic")


@check("Proof of an identity: the ID of another key is dropped (identity)")
def _id_of_other_key(context: Context) -> None:
    liar = Endpoint(context.target, identity=Identity.liar())
    liar.is_dropped_later(liar.seal_put(), "identity", context.client)


@check("Proof of an identity: what asks for nothing but an answer may have one without")
def _unproven_ping(context: Context) -> None:
    liar = Endpoint(context.target, identity=Identity.liar())
    reply = liar.ask(PING, size=wire.HELLO_BYTES, token=b"")
    demand(reply.kind == wire.PONG, f"{reply.name} instead of PONG")


NEAR = [("the epoch before is accepted for three days", -1),
        ("the epoch after is accepted twelve hours ahead", 1)]
FAR = [(f"an epoch {abs(by)} {'ahead' if by > 0 else 'behind'} is dropped", by)
       for by in (-2, 2, -100, 100)]


def _near_epoch(context: Context, case: Tuple[str, int]) -> None:
    epoch = ids.current_epoch() + case[1]
    if not ids.epoch_valid(epoch):
        context.client.is_dropped(context.client.seal(PING, epoch=epoch), "epoch")
        return
    reply = context.client.ask(PING, epoch=epoch)
    demand(reply.kind == wire.PONG, f"{reply.name} instead of PONG")


def _far_epoch(context: Context, case: Tuple[str, int]) -> None:
    sealed = context.client.seal(PING, epoch=ids.current_epoch() + case[1])
    context.client.is_dropped(sealed, "epoch")


check_each("Identity and puzzles", NEAR, _near_epoch)
check_each("Identity and puzzles", FAR, _far_epoch)


@check("Identity and puzzles: epoch 0 and the greatest epoch are well-formed, and far away")
def _extreme_epochs(context: Context) -> None:
    for epoch in (0, 2**32 - 1):
        context.client.is_dropped(context.client.seal(PING, epoch=epoch, padding=bytes(8)), "epoch")


@check("Clocks: the node states its current epoch")
def _stated_epoch(context: Context) -> None:
    epoch = context.client.ask(PING).opened.epoch
    demand(ids.epoch_valid(epoch), f"it states epoch {epoch}")


# ---- What is signed ----


def _changed(context: Context, **changes: Any) -> wire.Sealed:
    """A datagram of which something was changed after it had been signed."""
    signed = context.client.seal(PING, padding=bytes(8))
    draft = replace(signed.draft, **changes)
    signature = signed.datagram[-64:]
    return wire.seal(replace(draft, signature=signature), context.client.identity,
                     context.target.id)


COVERED = [
    ("the kind", {"kind": FIND_NODE, "body": wire.find_node(bytes(32))}),
    ("the rpc id", {"rpc_id": secrets.token_bytes(8)}),
    ("the ID", {"id": Identity.draw().id}),
    ("the token", {"token": secrets.token_bytes(16)}),
    ("the body", {"body": b"\x91\xc0"}),
    ("the length of the padding", {"padding": bytes(9)}),
]


def _is_covered(context: Context, case: Tuple[str, dict]) -> None:
    context.client.is_dropped(_changed(context, **case[1]), "signature")


check_each("What is signed: covers", COVERED, _is_covered)


@check("What is signed: covers the nonce")
def _nonce_is_covered(context: Context) -> None:
    signer, epoch = context.client.identity, ids.current_epoch()
    count = int.from_bytes(signer.nonce(epoch), "big") + 1
    while not ids.dynamic_ok(signer.id, epoch, count.to_bytes(8, "big")):
        count += 1
    context.client.is_dropped(_changed(context, nonce=count.to_bytes(8, "big")), "signature")


@check("What is signed: a signature with another key than the stated one is wrong")
def _other_key(context: Context) -> None:
    other = Identity.draw()
    epoch = ids.current_epoch()
    draft = wire.Draft(PING, public_key=other.public_key, nonce=other.nonce(epoch))
    context.client.is_dropped(
        wire.seal(draft, context.client.identity, context.target.id), "signature")


@check("What is signed: a datagram is valid for one recipient only")
def _signed_for_another(context: Context) -> None:
    sealed = context.client.seal(PING, recipient=secrets.token_bytes(32))
    sealed.datagram = wire.tagged(context.target.id, sealed.envelope)
    context.client.is_dropped(sealed, "signature")


@check("What is signed: a datagram is valid for one network only")
def _signed_for_other_network(context: Context) -> None:
    sealed = context.client.seal(PING, network=secrets.token_bytes(32))
    context.client.is_dropped(sealed, "signature")


@check("What is signed: a request's own request digest is 32 zero bytes")
def _request_with_request_digest(context: Context) -> None:
    sealed = context.client.seal(PING, digest=secrets.token_bytes(32))
    context.client.is_dropped(sealed, "signature")


# ---- Signatures ----


def _signed_by(context: Context, sign: Any) -> wire.Sealed:
    """A PING whose signature over its digest is made by `sign`."""
    client = context.client
    draft = wire.Draft(PING)
    digest = wire.leaf(draft, client.identity, context.target.id)
    return wire.seal(replace(draft, signature=sign(digest)), client.identity,
                     context.target.id)


def _flawed_signatures(context: Context, case: Tuple[str, Any]) -> None:
    signer = context.client.identity
    context.client.is_dropped(
        _signed_by(context, lambda digest: case[1](signer, digest)), "signature")


PREFIX = "skad1 datagram"
FLAWED = [
    ("S + L instead of S", lambda signer, digest: signer.sign_with_large_s(PREFIX, digest)),
    ("R is the neutral element",
     lambda signer, digest: signer.sign_with_weak_r(PREFIX, digest, ids.NEUTRAL)),
    ("R is of order 2",
     lambda signer, digest: signer.sign_with_weak_r(PREFIX, digest, ids.ORDER_2)),
    ("R is of order 4",
     lambda signer, digest: signer.sign_with_weak_r(PREFIX, digest, ids.ORDER_4)),
    ("R is of order 8",
     lambda signer, digest: signer.sign_with_weak_r(PREFIX, digest, ids.ORDER_8)),
    ("the prefix of records", lambda signer, digest: signer.sign("skad1 record", digest)),
    ("the prefix of announcements", lambda signer, digest: signer.sign("skad1 announce", digest)),
    ("no prefix", lambda signer, digest: signer.sign("", digest)),
    ("all zeros", lambda signer, digest: bytes(64)),
    ("all ones", lambda signer, digest: b"\xff" * 64),
]
check_each("Signatures: refused", FLAWED, _flawed_signatures)


@check("Signatures: refused: a bit of R changed")
def _changed_r(context: Context) -> None:
    signer = context.client.identity

    def sign(digest: bytes) -> bytes:
        signature = bytearray(signer.sign(PREFIX, digest))
        signature[0] ^= 1
        return bytes(signature)

    context.client.is_dropped(_signed_by(context, sign), "signature")


# ---- The order of the checks ----


def _two_flaws(context: Context, case: Tuple[str, str, Any]) -> None:
    _, reason, make = case
    context.client.is_dropped(make(context), reason)


def _untagged(sealed: wire.Sealed) -> wire.Sealed:
    sealed.datagram = bytes(16) + sealed.envelope
    return sealed


def _by_unfit(context: Context, **flaws: Any) -> wire.Sealed:
    draft = replace(wire.Draft(PING), **flaws)
    return wire.seal(draft, Identity.draw(solves_static=False), context.target.id)


ORDER = [
    ("size before tag", "size", lambda c: bytes(151)),
    ("tag before structure", "tag",
     lambda c: _untagged(c.client.seal(PING, token=bytes(15)))),
    ("tag before version", "tag", lambda c: _untagged(c.client.seal(PING, version=2))),
    ("tag before signature", "tag",
     lambda c: _untagged(c.client.seal(PING, signature=bytes(64)))),
    ("structure before kind", "structure", lambda c: c.client.seal(14, token=bytes(15))),
    ("structure before self", "structure",
     lambda c: c.client.seal(PING, public_key=c.target.public_key, padding=b"\x01" * 9)),
    ("kind before self", "kind", lambda c: c.client.seal(14, public_key=c.target.public_key)),
    ("kind before epoch", "kind", lambda c: c.client.seal(14, epoch=ids.current_epoch() + 2)),
    ("self before unawaited", "self",
     lambda c: c.client.seal(wire.PONG, public_key=c.target.public_key)),
    ("self before epoch", "self",
     lambda c: c.client.seal(PING, public_key=c.target.public_key, epoch=3, padding=bytes(8))),
    ("unawaited before epoch", "unawaited",
     lambda c: c.client.seal(wire.PONG, epoch=ids.current_epoch() + 2)),
    ("unawaited before signature", "unawaited",
     lambda c: c.client.seal(wire.PONG, signature=bytes(64))),
    ("unawaited before body", "unawaited", lambda c: c.client.seal(wire.NODES, b"\x90")),
    ("epoch before static", "epoch", lambda c: _by_unfit(c, epoch=ids.current_epoch() + 2)),
    ("epoch before dynamic", "epoch",
     lambda c: c.client.seal(PING, epoch=ids.current_epoch() + 2,
                             nonce=c.client.identity.wrong_nonce(ids.current_epoch() + 2))),
    ("epoch before signature", "epoch",
     lambda c: c.client.seal(PING, epoch=ids.current_epoch() + 2, signature=bytes(64))),
    ("static before signature", "static", lambda c: _by_unfit(c, signature=bytes(64))),
    ("static before body", "static", lambda c: _by_unfit(c, body=b"\x91\xc0")),
    ("signature before body", "signature",
     lambda c: c.client.seal(PING, b"\x91\xc0", signature=bytes(64))),
    ("signature before dynamic", "signature",
     lambda c: c.client.seal_put(nonce=c.client.identity.wrong_nonce(ids.current_epoch()),
                                 signature=bytes(64))),
    ("body before dynamic", "body",
     lambda c: c.client.seal_put(nonce=c.client.identity.wrong_nonce(ids.current_epoch()),
                                 body=b"\x91\xc0")),
]
check_each("Drop reasons: the order is", ORDER, _two_flaws)

# ---- Duplicates ----


@check("Duplicates: identical datagrams are handled once")
def _identical(context: Context) -> None:
    client = context.client
    sealed = client.seal(PING, token=client.token)
    client.ask_sealed(sealed)
    counters = context.target.counters
    before = counters.drops()["duplicate"] if counters else 0
    client.send(sealed.datagram)
    client.fence()
    demand(len(client.replies[sealed.rpc_id]) == 1, "a duplicate was answered")
    after = counters.drops()["duplicate"] if counters else 1
    demand(after > before, "the copy was not counted as a duplicate")


@check("Duplicates: a copy from another address is one, too")
def _identical_from_elsewhere(context: Context) -> None:
    client, other = context.client, context.fresh()
    sealed = client.seal(PING, size=411)
    client.ask_sealed(sealed)
    other.identity = client.identity
    other.is_dropped(sealed, "duplicate")


@check("Duplicates: the same content with another rpc id is another datagram")
def _same_content(context: Context) -> None:
    first = context.client.ask(PING)
    second = context.client.ask(PING)
    demand(first.kind == second.kind == wire.PONG, "not answered")


@check("Duplicates: only what passed all checks is remembered")
def _forgery_first(context: Context) -> None:
    client = context.client
    good = client.seal(PING, size=411)
    forged = wire.tagged(context.target.id, good.envelope[:-1] + bytes([good.envelope[-1] ^ 1]))
    client.is_dropped(forged, "signature")
    demand(client.ask_sealed(good).kind == wire.PONG, "the original was not answered")


@check("RPCs: a dropped datagram may come again and is dropped for the same reason")
def _dropped_again(context: Context) -> None:
    sealed = context.client.seal(PING, b"\x91\xc0")
    context.client.is_dropped(sealed, "body")
    context.client.is_dropped(sealed, "body")


@check("RPCs: a reply never has a reply")
def _reply_to_reply(context: Context) -> None:
    client = context.client
    body = encode([client.address, 11, 0])
    sealed = client.seal(wire.ERROR, body, digest=secrets.token_bytes(32))
    client.is_dropped(sealed, "unawaited")
