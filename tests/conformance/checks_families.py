"""The same node at an IPv4 and an IPv6 address. PROTOCOL.md, "Conventions", "RPCs"."""

import secrets
from typing import Tuple

import records
import wire
from harness import Context, check, check_each
from target import Endpoint, Skip, Target, demand
from wire import FIND_NODE, PING, STORE


def _there(context: Context, plays_node: bool = False) -> Endpoint:
    return Endpoint(context.needs_other(), plays_node)


@check("Datagrams: the node is the same at both addresses")
def _same_node(context: Context) -> None:
    demand(context.needs_other().id == context.target.id, "another node ID")


EXCHANGES = [
    ("PING", PING, b"\x90", wire.PONG),
    ("FIND_NODE", FIND_NODE, wire.find_node(bytes(32)), wire.NODES),
    ("FIND_VALUE", wire.FIND_VALUE, wire.find_value(bytes(32), 1), wire.VALUE),
]


def _is_answered(context: Context, case: Tuple[str, int, bytes, int]) -> None:
    reply = _there(context).ask(case[1], case[2])  # `observed` is compared with our own address
    demand(reply.kind == case[3], reply.name)


check_each("Conventions: over the other family, with its endpoint as observed", EXCHANGES,
           _is_answered)


@check("Hello: it is answered over the other family, too")
def _hello(context: Context) -> None:
    client = _there(context)
    reply = client.ask_sealed(client.seal(PING, hello=True, size=411))
    demand(reply.kind == wire.PONG, reply.name)


@check("Address tokens: STORE needs a token over the other family, too")
def _store(context: Context) -> None:
    client = _there(context)
    body = wire.store(records.immutable(records.fresh_value(20)))
    refused = client.ask(STORE, body)
    demand(refused.kind == wire.ERROR and refused.body[1] == 1, refused.name)
    demand(client.ask(STORE, body).kind == wire.STORED, "not with the token either")


@check("Address tokens: a token of one family is none in the other")
def _token_of_other_family(context: Context) -> None:
    here = context.fresh()
    here.ask(PING)
    there = _there(context)
    there.identity = here.identity
    body = wire.store(records.immutable(records.fresh_value(20)))
    reply = there.ask(STORE, body, token=here.token)
    demand(reply.kind == wire.ERROR and reply.body[1] == 1, reply.name)


@check("Padding and amplification: at most three times over the other family")
def _amplification(context: Context) -> None:
    client = _there(context)
    request = client.seal(FIND_NODE, wire.find_node(bytes(32)))
    client.ask_sealed(request)
    context.loop.run(0.08)
    demand(client.bytes_received <= 3 * len(request), f"{client.bytes_received} bytes")


@check("Drop reasons: a datagram is dropped over the other family as over this one")
def _is_dropped(context: Context) -> None:
    client = _there(context)
    client.is_dropped(client.seal(PING, b"\x91\xc0"), "body")
    client.is_dropped(client.seal(PING, recipient=secrets.token_bytes(32)), "tag")


@check("RPCs: FIND_NODE: a contact with both families goes out with both")
def _both_endpoints(context: Context) -> None:
    other: Target = context.needs_other()
    context.nodes()
    here = context.fresh(plays_node=True)
    there = Endpoint(other, plays_node=True, identity=here.identity)
    for endpoint in (here, there):
        endpoint.ask(PING)
        context.loop.run(4.0, lambda endpoint=endpoint: endpoint.requests)
    context.loop.run(0.1)
    if not here.requests or not there.requests:
        raise Skip("the node did not ask at both addresses")
    expected = sorted([here.address, there.address], key=len)
    for want in (1, 2, 3):
        reply = context.client.ask_with_token(FIND_NODE, wire.find_node(here.identity.id, want))
        named = {contact[0]: contact[1:] for contact in reply.body[1]}
        demand(named.get(here.identity.id) == expected, f"not so for want {want}")
