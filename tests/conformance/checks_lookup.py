"""Contacts in replies, and who becomes a contact. PROTOCOL.md, "RPCs" (FIND_NODE, replier)."""

import secrets
from typing import List

import identity as ids
import records
import wire
from checks_records import put
from harness import Context, check
from target import demand, demand_taken
from wire import FIND_NODE, FIND_VALUE, PING


def _distance(identifier: bytes, target: bytes) -> int:
    return int.from_bytes(identifier, "big") ^ int.from_bytes(target, "big")


def _contacts(context: Context, target: bytes, want: int = 3) -> List[list]:
    context.nodes()
    reply = context.client.ask_with_token(FIND_NODE, wire.find_node(target, want))
    demand(reply.kind == wire.NODES, f"{reply.name} instead of NODES")
    return reply.body[1]


@check("RPCs: FIND_NODE: contacts are in ascending distance, no ID twice")
def _ascending(context: Context) -> None:
    for _ in range(5):
        target = secrets.token_bytes(32)
        distances = [_distance(contact[0], target) for contact in _contacts(context, target)]
        demand(distances == sorted(set(distances)), "they are not")


@check("RPCs: FIND_NODE: names at most min(k, 16) contacts")
def _at_most_16(context: Context) -> None:
    count = len(_contacts(context, secrets.token_bytes(32)))
    demand(0 < count <= 16, f"{count} contacts")


@check("RPCs: FIND_NODE: names the closest of those that answered")
def _closest(context: Context) -> None:
    nodes = {node.identity.id: node.address for node in context.nodes()}
    for _ in range(5):
        target = secrets.token_bytes(32)
        named = _contacts(context, target)
        farthest = _distance(named[-1][0], target)
        missing = [each for each in nodes if _distance(each, target) < farthest
                   and each not in [contact[0] for contact in named]]
        demand(not missing, f"{len(missing)} closer nodes are missing")


@check("RPCs: FIND_NODE: names a node at the address where it answered")
def _at_its_address(context: Context) -> None:
    for node in context.nodes()[:5]:
        named = {contact[0]: contact[1:] for contact in _contacts(context, node.identity.id)}
        demand(named.get(node.identity.id) == [node.address], "it does not")


@check("RPCs: FIND_NODE: does not name the requester itself")
def _not_the_requester(context: Context) -> None:
    node = context.nodes()[0]
    reply = node.ask(FIND_NODE, wire.find_node(node.identity.id))
    demand(node.identity.id not in [contact[0] for contact in reply.body[1]], "it does")


@check("RPCs: FIND_NODE: does not name the replier itself")
def _not_the_replier(context: Context) -> None:
    named = _contacts(context, context.target.id)
    demand(context.target.id not in [contact[0] for contact in named], "it does")


@check("RPCs: FIND_NODE: all contacts solve the static puzzle")
def _solve_the_puzzle(context: Context) -> None:
    named = _contacts(context, secrets.token_bytes(32))
    demand(all(ids.static_ok(contact[0]) for contact in named), "one does not")


@check("RPCs: FIND_NODE: each contact has an endpoint of a wanted family")
def _wanted_family(context: Context) -> None:
    for want, size in ((1, 6), (2, 18)):
        named = _contacts(context, secrets.token_bytes(32), want)
        demand(all(size in map(len, contact[1:]) for contact in named), f"not so for want {want}")


@check("RPCs: FIND_VALUE: without a record it names the contacts that FIND_NODE would")
def _as_find_node(context: Context) -> None:
    key = secrets.token_bytes(32)
    named = _contacts(context, key)
    reply = context.client.ask(FIND_VALUE, wire.find_value(key, 1))
    demand(reply.body[1:] == [[], named], "other contacts")


@check("RPCs: FIND_VALUE: the contacts fill the room beside a record, the closest first")
def _beside_a_record(context: Context) -> None:
    counts = []
    for size in (10, 500, 1000):
        value = records.fresh_value(size)
        demand_taken(put(context.client, records.immutable(value), False))
        key = records.value_key(value)
        named = _contacts(context, key)
        _, given, contacts = context.client.ask(FIND_VALUE, wire.find_value(key, 1)).body
        demand(given == [records.immutable(value)], "the record is missing")
        demand(contacts == named[: len(contacts)], "not the closest ones")
        counts.append(len(contacts))
    demand(counts[0] == 16 and counts[0] > counts[1] > counts[2], f"{counts} contacts")


@check("RPCs: a request does not make its sender a contact")
def _not_by_a_request(context: Context) -> None:
    client = context.client
    context.loop.run(0.1)
    reply = context.nodes()[0].ask(FIND_NODE, wire.find_node(client.identity.id))
    demand(client.identity.id not in [contact[0] for contact in reply.body[1]],
           "a client that answers no PING is listed")


@check("RPCs: a node is a contact once it has answered")
def _by_an_answer(context: Context) -> None:
    node = context.nodes()[0]
    named = [contact[0] for contact in _contacts(context, node.identity.id)]
    demand(node.identity.id in named, "it is not")


@check("RPCs: a PING has no contacts and the shortest of replies")
def _short_pong(context: Context) -> None:
    reply = context.client.ask(PING)
    demand(len(reply.opened.padding) == 0 and reply.size <= 192, f"{reply.size} bytes")
