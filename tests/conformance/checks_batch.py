"""Datagrams that share a signature. PROTOCOL.md, "Batch signatures"."""

import secrets
from dataclasses import replace
from typing import Any, List, Tuple

import identity as ids
import wire
from harness import Context, check, check_each
from identity import ZERO, batch_path
from target import demand
from wire import PING, Draft


def _batch(context: Context, count: int, **flaws: Any) -> List[wire.Sealed]:
    drafts = [replace(Draft(PING), **flaws) for _ in range(count)]
    recipients = [context.target.id] * count
    return wire.seal_batch(drafts, context.client.identity, recipients)


COUNTS = [(f"{count} datagrams under one signature are accepted", count)
          for count in (2, 3, 4, 5, 8, 9, 15, 16)]


def _whole_batch(context: Context, case: Tuple[str, int]) -> None:
    for sealed in _batch(context, case[1]):
        demand(context.client.ask_sealed(sealed).kind == wire.PONG, "no PONG")


check_each("Batch signatures", COUNTS, _whole_batch)


@check("Batch signatures: the last of a batch may come first")
def _reversed(context: Context) -> None:
    for sealed in reversed(_batch(context, 7)):
        demand(context.client.ask_sealed(sealed).kind == wire.PONG, "no PONG")


@check("Batch signatures: a batch may be for different recipients")
def _other_recipients(context: Context) -> None:
    recipients = [secrets.token_bytes(32), context.target.id, secrets.token_bytes(32)]
    drafts = [Draft(PING) for _ in recipients]
    sealed = wire.seal_batch(drafts, context.client.identity, recipients)
    demand(context.client.ask_sealed(sealed[1]).kind == wire.PONG, "no PONG")
    context.client.is_dropped(sealed[0], "tag")


@check("Batch signatures: the tree may be deeper than the batch needs")
def _deep(context: Context) -> None:
    client = context.client
    draft = Draft(PING)
    leaves = [wire.leaf(draft, client.identity, context.target.id)] + [ZERO] * 15
    signature = client.identity.sign("skad1 datagram", ids.batch_root(leaves))
    draft = replace(draft, index=0, path=batch_path(leaves, 0), signature=signature)
    reply = client.ask_sealed(wire.seal(draft, client.identity, context.target.id))
    demand(reply.kind == wire.PONG, "no PONG")


def _flawed(context: Context, case: Tuple[str, Any]) -> None:
    _, change = case
    sealed = _batch(context, 5)
    place = 2
    draft = change(sealed[place].draft, [one.digest for one in sealed], place)
    draft = replace(draft, signature=sealed[place].datagram[-64:])
    context.client.is_dropped(
        wire.seal(draft, context.client.identity, context.target.id), "signature")


def _path_with_flipped_bit(leaves: List[bytes], place: int, at: int) -> bytes:
    path = bytearray(batch_path(leaves, place))
    path[at] ^= 1
    return bytes(path)


FLAWS = [
    ("a bit of the first sibling changed", lambda draft, leaves, place: replace(
        draft, index=place, path=_path_with_flipped_bit(leaves, place, 0))),
    ("a bit of the last sibling changed", lambda draft, leaves, place: replace(
        draft, index=place, path=_path_with_flipped_bit(leaves, place, 95))),
    ("another index", lambda draft, leaves, place: replace(
        draft, index=place + 1, path=batch_path(leaves, place))),
    ("the index's highest bit changed", lambda draft, leaves, place: replace(
        draft, index=place ^ 4, path=batch_path(leaves, place))),
    ("another leaf's index and path", lambda draft, leaves, place: replace(
        draft, index=4, path=batch_path(leaves, 4))),
    ("the path from the root downwards", lambda draft, leaves, place: replace(
        draft, index=place, path=b"".join(
            batch_path(leaves, place)[at:at + 32] for at in (64, 32, 0)))),
    ("no path", lambda draft, leaves, place: replace(draft, index=0, path=b"")),
    ("a path that is a step short", lambda draft, leaves, place: replace(
        draft, index=place, path=batch_path(leaves, place)[:64])),
    ("another rpc id", lambda draft, leaves, place: replace(
        draft, index=place, path=batch_path(leaves, place), rpc_id=secrets.token_bytes(8))),
]
check_each("Batch signatures: refused", FLAWS, _flawed)


@check("Batch signatures: a receiver that remembers a root must not skip the climb")
def _known_root(context: Context) -> None:
    client = context.client
    sealed = _batch(context, 4)
    demand(client.ask_sealed(sealed[0]).kind == wire.PONG, "no PONG")
    leaves = [one.digest for one in sealed]
    stranger = Draft(PING, index=1, path=batch_path(leaves, 1),
                     signature=sealed[0].datagram[-64:])
    client.is_dropped(wire.seal(stranger, client.identity, context.target.id), "signature")
    demand(client.ask_sealed(sealed[1]).kind == wire.PONG, "the right one has no PONG")


@check("Batch signatures: a remembered root does not excuse another signature over it")
def _known_root_other_signature(context: Context) -> None:
    client = context.client
    sealed = _batch(context, 2)
    demand(client.ask_sealed(sealed[0]).kind == wire.PONG, "no PONG")
    leaves = [one.digest for one in sealed]
    draft = replace(sealed[1].draft, index=1, path=batch_path(leaves, 1),
                         signature=bytes(64))
    client.is_dropped(wire.seal(draft, client.identity, context.target.id), "signature")


@check("Duplicates: the same signed part in another batch is another datagram")
def _same_part_in_another_batch(context: Context) -> None:
    client = context.client
    draft = Draft(PING)
    alone = wire.seal(draft, client.identity, context.target.id)
    demand(client.ask_sealed(alone).kind == wire.PONG, "no PONG")
    batched = wire.seal_batch([draft, Draft(PING)], client.identity, [context.target.id] * 2)[0]
    client.replies.pop(alone.rpc_id)
    demand(client.ask_sealed(batched).kind == wire.PONG, "the second was not answered")


@check("Batch signatures: a copy that is alone has its number as index")
def _copies(context: Context) -> None:
    client = context.client
    draft = Draft(PING, token=client.ask(PING).token)
    digest = wire.leaf(draft, client.identity, context.target.id)
    for number in (0, 1, 2, 15):
        signature = client.identity.sign("skad1 datagram", wire.root_of(digest, number, b""))
        copy = replace(draft, index=number, path=b"", signature=signature)
        client.replies.pop(draft.rpc_id, None)
        reply = client.ask_sealed(wire.seal(copy, client.identity, context.target.id))
        demand(reply.kind == wire.PONG, f"copy {number}: no PONG")


@check("Batch signatures: a copy's number is signed")
def _copy_with_another_number(context: Context) -> None:
    client = context.client
    sealed = client.seal(PING)
    draft = replace(sealed.draft, index=1, path=b"", signature=sealed.datagram[-64:])
    client.is_dropped(wire.seal(draft, client.identity, context.target.id), "signature")


@check("Batch signatures: a padded request in a batch is longer than 411 bytes, and accepted")
def _padded_in_batch(context: Context) -> None:
    client = context.client
    draft = wire.padded(Draft(PING), client.identity, 411)
    drafts = [draft, replace(draft, rpc_id=secrets.token_bytes(8))]
    sealed = wire.seal_batch(drafts, client.identity, [context.target.id] * 2)
    demand(len(sealed[0]) == 443, f"{len(sealed[0])} bytes")
    demand(client.ask_sealed(sealed[0]).kind == wire.PONG, "no PONG")


@check("Batch signatures: a batch that was changed in one datagram is right in the others")
def _one_changed(context: Context) -> None:
    client = context.client
    sealed = _batch(context, 3)
    changed = bytearray(sealed[0].envelope)
    changed[5] ^= 1
    client.is_dropped(wire.tagged(context.target.id, bytes(changed)), "signature")
    for one in sealed[1:]:
        demand(client.ask_sealed(one).kind == wire.PONG, "no PONG")
