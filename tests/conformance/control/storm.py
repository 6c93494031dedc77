#!/usr/bin/env python3
"""Clients of every manner at a running daemon, at once: requests of all methods with right and wrong
parameters, batches of them, files in any order, clients that do not read, leave in the middle, or
send garbage. The daemon has to outlive them, and to have nothing left of them afterwards.

  storm.py SOCKET SEED ACTIONS

The same seed makes the same choices. Prints what was done; ends with 1 if something is left.
"""
import json
import os
import random
import select
import socket
import sys

import msgpack

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))
with open(os.path.join(ROOT, "proto/control.schema.json"), encoding="utf-8") as file:
    METHODS = json.load(file)["methods"]
CLIENTS = 16
PATH = sys.argv[1]
dice = random.Random(int(sys.argv[2]))
done = {}


def some_bytes(most):
    return bytes(dice.randrange(256) for _ in range(dice.randrange(most + 1)))


def value_of(param):
    """A value that the parameter takes, or one of any other type."""
    if dice.random() < 0.05:
        return dice.choice([None, -1, 2 ** 64 - 1, 0.5, [], {}, "x" * 300, b"", True])
    kind = param["type"].rstrip("?")
    if param["name"] in ("keep", "life_s", "cas", "sequence") and dice.random() < 0.6:
        return None if param["name"] != "keep" else False
    return {
        "uint": lambda: dice.choice([0, 1, 5, 7, dice.randrange(40), 3600]),
        "u64": lambda: dice.randrange(5),
        "bool": lambda: dice.random() < 0.3,
        "str": lambda: dice.choice(["held", "published", "client"]),
        "bytes": lambda: dice.choice([some_bytes(60), b"", "192.0.2.0/24", "x" * 900]),
        "bin": lambda: bytes(65),
        "id": lambda: bytes([dice.randrange(8)]) * 32,
        "public_key": lambda: bytes([dice.randrange(8)]) * 32,
        "address": lambda: "127.0.0.1:9",
        "endpoint": lambda: dice.choice([None, 80, "127.0.0.1:80"]),
        "[str]": lambda: dice.choice([None, ["ban"], ["health", "lost"]]),
    }[kind]()


def request(depth=0):
    method = dice.choice(list(METHODS))
    params = METHODS[method]["params"]
    if method == "ping" and depth == 0 and dice.random() < 0.8:
        method, params = "status", []  # pings to nowhere take seconds
    if method == "batch":
        return method, [request(1) for _ in range(dice.randrange(1, 9))] if depth == 0 else []
    return method, [value_of(param) for param in params[:dice.randrange(len(params) + 1) if dice.random() < 0.2
                                                        else len(params)]]


class Client:
    def __init__(self):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.connect(PATH)
        self.socket.setblocking(False)
        self.msgid = 0
        self.pending = b""
        self.reads = dice.random() < 0.8

    def send(self, data):
        self.pending += data

    def ask(self):
        self.msgid += 1
        method, params = request()
        done[method] = done.get(method, 0) + 1
        self.send(msgpack.packb([0, self.msgid, method, params]))

    def notice(self):
        msgid = dice.randrange(self.msgid + 1)
        if dice.random() < 0.7:
            self.send(msgpack.packb([2, "chunk", [msgid, some_bytes(4001) if dice.random() < 0.3 else b"x" * 4000]]))
        else:
            self.send(msgpack.packb([2, "ack", [msgid, dice.choice([0, 1000, 4000, 65536, 2 ** 63])]]))

    def end_some(self):
        self.msgid += 1
        method = dice.choice(["unwatch", "unsubscribe", "abort"])
        self.send(msgpack.packb([0, self.msgid, method, [dice.randrange(self.msgid + 1)]]))

    def move(self):
        """Sends and reads what is possible; false when the daemon has hung up."""
        try:
            if self.pending:
                sent = self.socket.send(self.pending[:dice.choice([1, 100, 65536])])
                self.pending = self.pending[sent:]
            if self.reads and not self.socket.recv(65536):
                return False
        except BlockingIOError:
            pass
        except OSError:
            return False
        return True


def act(clients):
    if not clients or (len(clients) < CLIENTS and dice.random() < 0.1):
        clients.append(Client())
    client = dice.choice(clients)
    what = dice.random()
    if what < 0.55:
        client.ask()
    elif what < 0.80:
        client.notice()
    elif what < 0.90:
        client.end_some()
    elif what < 0.93:
        client.reads = not client.reads
    elif what < 0.95:
        client.socket.close()
        clients.remove(client)
        return
    elif what < 0.96:
        client.send(bytes(dice.randrange(256) for _ in range(20)))
    elif what < 0.97:
        try:
            client.socket.shutdown(socket.SHUT_WR)
        except OSError:
            pass
    for one in clients[:]:
        if not one.move():
            one.socket.close()
            clients.remove(one)


def ask_status():
    one = socket.socket(socket.AF_UNIX)
    one.settimeout(100)
    one.connect(PATH)
    one.sendall(msgpack.packb([0, 1, "status", []]))
    unpacker = msgpack.Unpacker()
    while True:
        unpacker.feed(one.recv(65536))
        for message in unpacker:
            one.close()
            return message[3]


def main():
    clients = []
    for _ in range(int(sys.argv[3])):
        act(clients)
        select.select([], [], [], 0)
    for client in clients:
        client.socket.close()
    # What was under way ends with its client. The daemon does not hear of one that left while a request
    # of it waits for room; that is until another operation ends, which is within a minute.
    for _ in range(800):
        status = ask_status()
        if status["caps"]["clients"][0] == 1 and status["watches"] == 0 and status["operations"] == 0:
            break
        select.select([], [], [], 0.1)
    print(f"{sum(done.values())} requests of {len(done)} methods; {status['caps']['clients'][0]} client left, "
          f"{status['watches']} watches, {status['operations']} operations")
    sys.exit(status["caps"]["clients"][0] != 1 or status["watches"] != 0 or status["operations"] > 0)


main()
