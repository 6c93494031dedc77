"""Address tokens, and what an address may be sent that has not shown one.

PROTOCOL.md, "Address tokens", "Padding and amplification".
"""

import secrets
from typing import Any, Tuple

import records
import wire
from harness import Context, check, check_each
from identity import Identity
from target import Endpoint, Skip, demand, demand_code, demand_taken
from wire import ANNOUNCE, FIND_NODE, FIND_VALUE, PING, STORE

KEY = bytes(range(32))
LEAST_S, MOST_S = 2400, 4800  # for which a token is accepted


def _store() -> bytes:
    return wire.store(records.immutable(records.fresh_value(20)))


def _store_says(client: Endpoint, kind: int, **options: Any) -> None:
    reply = client.ask(STORE, _store(), **options)
    if kind == wire.STORED:
        demand_taken(reply)
    else:
        demand_code(reply, 1)
        demand(reply.body[2] == 0, f"detail {reply.body[2]}")
    demand(len(reply.token) == 16, "the reply grants no token")


# ---- Granting ----

GRANTS = [
    ("a PONG grants one", PING, b"\x90"),
    ("NODES grant one", FIND_NODE, wire.find_node(KEY)),
    ("a VALUE grants one", FIND_VALUE, wire.find_value(KEY, 1)),
    ("an ERROR grants one", STORE, wire.store(b"x")),
]


def _grants(context: Context, case: Tuple[str, int, bytes]) -> None:
    client = context.fresh()
    reply = client.ask(case[1], case[2])
    demand(len(reply.token) == 16, f"the {reply.name} has a token of {len(reply.token)} bytes")
    _store_says(client, wire.STORED)


check_each("Address tokens", GRANTS, _grants)


@check("Address tokens: STORED grants one, too")
def _stored_grants(context: Context) -> None:
    context.client.ask_with_token(STORE, _store())
    _store_says(context.client, wire.STORED)


# ---- Showing ----


@check("Address tokens: STORE without a token has ERROR 1")
def _store_without(context: Context) -> None:
    _store_says(context.client, wire.ERROR, token=b"")


@check("Address tokens: ANNOUNCE without a token has ERROR 1")
def _announce_without(context: Context) -> None:
    record = records.Announcement(context.client.identity).bytes()
    reply = context.client.ask(ANNOUNCE, wire.announce(record), token=b"")
    demand_code(reply, 1)


@check("Address tokens: the token that comes with ERROR 1 is good for the request's repetition")
def _repeated(context: Context) -> None:
    client = context.fresh()
    body = _store()
    refused = client.ask(STORE, body)
    demand_code(refused, 1)
    demand_taken(client.ask(STORE, body, token=refused.token))


@check("Address tokens: a token is good for more than one request")
def _shown_twice(context: Context) -> None:
    client = context.fresh()
    token = client.ask(PING).token
    for _ in range(3):
        _store_says(client, wire.STORED, token=token)


INVALID = [
    ("zeros", lambda token: bytes(16)),
    ("random", lambda token: secrets.token_bytes(16)),
    ("its first bit changed", lambda token: bytes([token[0] ^ 0x80]) + token[1:]),
    ("its last bit changed", lambda token: token[:-1] + bytes([token[-1] ^ 1])),
    ("turned round", lambda token: token[::-1]),
]


def _invalid_counts_as_none(context: Context, case: Tuple[str, Any]) -> None:
    client = context.client
    token = case[1](client.ask(PING).token)
    _store_says(client, wire.ERROR, token=token)


check_each("Address tokens: an invalid token counts as none", INVALID, _invalid_counts_as_none)


@check("Address tokens: a request with an invalid token is not dropped")
def _invalid_is_answered(context: Context) -> None:
    reply = context.client.ask(PING, token=secrets.token_bytes(16))
    demand(reply.kind == wire.PONG, f"{reply.name} instead of PONG")


@check("Address tokens: a token is bound to the port")
def _other_port(context: Context) -> None:
    granted = context.fresh()
    granted.ask(PING)
    other = Endpoint(context.target, identity=granted.identity)
    _store_says(other, wire.ERROR, token=granted.token)


@check("Address tokens: a token is bound to the IP address")
def _other_ip(context: Context) -> None:
    if not context.target.loopback or context.target.endpoint[0] != 127:
        raise Skip("needs a second address: only on 127.0.0.0/8")
    granted = context.fresh()
    granted.ask(PING)
    port = granted.socket.getsockname()[1]
    other = Endpoint(context.target, identity=granted.identity, local="127.0.0.2", port=port)
    _store_says(other, wire.ERROR, token=granted.token)
    _store_says(other, wire.STORED)


@check("Address tokens: a token is bound to the node ID")
def _other_id(context: Context) -> None:
    client = context.fresh()
    token = client.ask(PING).token
    client.identity = Identity.draw()
    _store_says(client, wire.ERROR, token=token)


@check("Address tokens: a token is accepted for at least 40 and at most 80 minutes")
def _expires(context: Context) -> None:
    if not context.slow:
        raise Skip("no --slow")
    client = context.fresh()
    token = client.ask(PING).token
    context.loop.run(LEAST_S - 5)
    _store_says(client, wire.STORED, token=token)
    context.loop.run(MOST_S - LEAST_S + 15)
    _store_says(client, wire.ERROR, token=token)


# ---- Amplification ----

# (description, kind, body, size of the request's datagram or None for the least)
UNVALIDATED = [
    ("the shortest PING", PING, b"\x90", None),
    ("a PING of 194 bytes", PING, b"\x90", 194),
    ("a PING of 411 bytes", PING, b"\x90", 411),
    ("the shortest FIND_NODE", FIND_NODE, wire.find_node(KEY), None),
    ("a FIND_NODE of 250 bytes", FIND_NODE, wire.find_node(KEY), 250),
    ("a FIND_NODE of 300 bytes", FIND_NODE, wire.find_node(KEY), 300),
    ("a FIND_NODE of 411 bytes", FIND_NODE, wire.find_node(KEY), 411),
    ("the shortest FIND_VALUE", FIND_VALUE, wire.find_value(KEY, 1), None),
    ("a FIND_VALUE of 300 bytes", FIND_VALUE, wire.find_value(KEY, 3), 300),
    ("a FIND_VALUE of 411 bytes", FIND_VALUE, wire.find_value(KEY, 2), 411),
    ("the shortest STORE", STORE, wire.store(records.immutable(b"x")), None),
    ("the shortest ANNOUNCE", ANNOUNCE, wire.announce(b"x"), None),
]


def _stays_below(context: Context, case: Tuple[str, int, bytes, Any]) -> None:
    _, kind, body, size = case
    context.nodes()  # the node knows enough contacts to fill a reply
    stranger = context.fresh()
    request = stranger.seal(kind, body, size=size)
    stranger.ask_sealed(request)
    context.loop.run(0.08)  # its own ping counts, too
    sent, received = len(request), stranger.bytes_received
    demand(received <= 3 * sent, f"{received} bytes for {sent}")


check_each("Padding and amplification: at most three times", UNVALIDATED, _stays_below)


@check("Padding and amplification: an invalid token does not lift the limit")
def _invalid_does_not_lift(context: Context) -> None:
    context.nodes()
    stranger = context.fresh()
    request = stranger.seal(FIND_NODE, wire.find_node(KEY), token=bytes(16))
    stranger.ask_sealed(request)
    demand(stranger.bytes_received <= 3 * len(request), "it does")


@check("Padding and amplification: contacts are left out, the farthest first, until a reply fits")
def _farthest_left_out(context: Context) -> None:
    context.nodes()
    context.client.ask(PING)
    full = context.client.ask(FIND_NODE, wire.find_node(KEY)).body[1]
    stranger = context.fresh()
    short = stranger.ask_sealed(stranger.seal(FIND_NODE, wire.find_node(KEY))).body[1]
    demand(len(full) == 16, f"{len(full)} contacts with a token")
    demand(0 < len(short) < 16, f"{len(short)} contacts for a short request")
    demand(short == full[: len(short)], "not the closest ones")


@check("Padding and amplification: a request of 411 bytes has room for a full reply")
def _full_reply(context: Context) -> None:
    context.nodes()
    reply = context.fresh().ask(FIND_NODE, wire.find_node(KEY))
    demand(len(reply.body[1]) == 16, f"{len(reply.body[1])} contacts")


@check("Padding and amplification: a request with a valid token needs no padding")
def _token_needs_no_padding(context: Context) -> None:
    context.nodes()
    client = context.client
    client.ask(PING)
    request = client.seal(FIND_NODE, wire.find_node(KEY), token=client.token)
    reply = client.ask_sealed(request)
    demand(len(reply.body[1]) == 16, f"{len(reply.body[1])} contacts")
    demand(reply.size > 3 * len(request), "the reply was shortened")


def _stored_value(context: Context, size: int) -> bytes:
    value = records.fresh_value(size)
    reply = context.client.ask_with_token(STORE, wire.store(records.immutable(value)))
    demand_taken(reply)
    return value


@check("Padding and amplification: a VALUE that does not fit becomes ERROR 1")
def _value_does_not_fit(context: Context) -> None:
    value = _stored_value(context, 1000)
    stranger = context.fresh()
    body = wire.find_value(records.value_key(value), 1)
    request = stranger.seal(FIND_VALUE, body)
    reply = stranger.ask_sealed(request)
    demand_code(reply, 1)
    again = stranger.ask(FIND_VALUE, body, token=reply.token)
    demand(again.kind == wire.VALUE and again.body[1] == [records.immutable(value)],
           "the token does not help")


@check("Padding and amplification: the largest record fits the reply to 411 bytes")
def _largest_fits(context: Context) -> None:
    value = _stored_value(context, 1000)
    reply = context.fresh().ask(FIND_VALUE, wire.find_value(records.value_key(value), 1), size=411)
    demand(reply.kind == wire.VALUE and reply.body[1] == [records.immutable(value)], reply.name)


@check("RPCs: without a token there are all records or none")
def _all_or_none(context: Context) -> None:
    key = secrets.token_bytes(32)
    for _ in range(3):
        record = records.Announcement(Identity.draw(), key=key, metadata=bytes(60)).bytes()
        reply = context.client.ask_with_token(ANNOUNCE, wire.announce(record))
        demand_taken(reply)
    for size in (190, 250, 300, 350, 411):
        stranger = context.fresh()
        body = wire.find_value(key, 3)
        reply = stranger.ask_sealed(stranger.seal(FIND_VALUE, body, size=size))
        whole = reply.kind == wire.VALUE and len(reply.body[1]) == 3
        demand(whole or (reply.kind == wire.ERROR and reply.body[1] == 1),
               f"{reply.name} with some of the records")
