#!/usr/bin/env python3
"""An adapter of the plainest client that keeps all rules: it shows that the scenes can be passed.

  model.py [FLAW]    with a flaw the client breaks one rule, and the scenes must notice

Flaws: any-answer, window, long-chunks, no-end, no-ack, late-ack, deaf, api, unknown, lost
"""
import json
import os
import select
import socket
import sys

import msgpack

from harness import from_json, to_json

FLAW = sys.argv[1] if len(sys.argv) > 1 else None
ENDS = {"watch_record": "unwatch", "watch_providers": "unwatch", "subscribe_events": "unsubscribe",
        "subscribe_status": "unsubscribe", "put_file": "abort", "get_file": "abort"}


def say(**line):
    print(json.dumps(to_json(line)), flush=True)


class Lost(Exception):
    pass


class Client:
    def __init__(self):
        self.socket = None
        self.unpacker = None
        self.msgid = 0
        self.open = {}  # msgid: request

    # ---- The connection ----

    def connect(self, path):
        self.socket = socket.socket(socket.AF_UNIX)
        self.unpacker = msgpack.Unpacker(max_buffer_size=2 ** 21)
        try:
            self.socket.connect(path)
            self.hello()
        except (OSError, Lost) as problem:
            self.socket.close()
            self.socket = None
            say(connected=False, code="disconnected", message=f"{problem}")

    def hello(self):
        self.send([0, 0, "hello", ["model", 1 if FLAW != "api" else 2]])
        while True:
            for message in self.unpacker:
                error = message[2]
                if error and error["code"] != "method":
                    self.socket.close()
                    self.socket = None
                    say(connected=False, code=error["code"], message=error["message"])
                else:
                    say(connected=True)
                return
            self.receive()

    def send(self, message):
        if self.socket is None:
            raise Lost("not connected")
        try:
            self.socket.sendall(msgpack.packb(message))
        except OSError as problem:
            raise Lost(f"{problem}") from problem

    def receive(self):
        try:
            some = self.socket.recv(65536)
        except OSError as problem:
            raise Lost(f"{problem}") from problem
        if not some:
            raise Lost("the node hung up")
        self.unpacker.feed(some)

    def lose(self, problem):
        for request in self.open.values():
            if FLAW != "lost" or request["id"] == 1:
                say(id=request["id"], error={"code": "disconnected", "message": f"{problem}"})
        self.open.clear()
        if self.socket is not None:
            self.socket.close()
            self.socket = None

    # ---- Requests ----

    def request(self, id_, method, params, **more):
        self.msgid += 1
        self.open[self.msgid] = {"id": id_, "method": method, **more}
        self.send([0, self.msgid, method, params])

    def obey(self, command):
        what = command["do"]
        if what == "connect":
            self.connect(command["path"])
        elif what == "call":
            self.request(command["id"], command["method"], command["params"])
        elif what == "put_file":
            data = command["bytes"]
            self.request(command["id"], "put_file", [len(data) if command["known"] else None, command["keep"]],
                         data=data, sent=0, ended=command["known"])
        elif what == "get_file":
            self.request(command["id"], "get_file", command["params"], data=b"")
        elif what == "end":
            for msgid, request in list(self.open.items()):
                if request["id"] == command["id"]:
                    self.request(None, ENDS[request["method"]], [msgid])

    # ---- What the node says ----

    def take(self, message):
        if not isinstance(message, list) or not message:
            raise Lost("this is no node")
        if message[0] == 1 and len(message) == 4 and isinstance(message[1], int):
            self.take_response(*message[1:])
        elif message[0] == 2 and len(message) == 3:
            self.take_notification(message[1], *message[2])
        else:
            raise Lost("this is no node")

    def take_response(self, msgid, error, result):
        if FLAW == "any-answer" and self.open:
            msgid = next(iter(self.open))
        request = self.open.pop(msgid, None)
        if request is None and FLAW == "unknown":
            raise Lost("an answer to nothing")
        if request is None or request["id"] is None:
            return
        line = {"id": request["id"], **({"error": error} if error is not None else {"result": result})}
        if request["method"] == "get_file" and error is None:
            line["bytes"] = request["data"]
        say(**line)

    def take_notification(self, name, msgid, value):
        request = self.open.get(msgid)
        if request is None:
            return
        if name == "progress" and request["method"] == "put_file":
            self.send_chunks(msgid, request, value["received"] + value["window"])
        elif name == "chunk":
            request["data"] += value
            if FLAW != "no-ack":
                self.send([2, "ack", [msgid, len(value) if FLAW == "late-ack" else len(request["data"])]])
        elif FLAW != "deaf":
            say(id=request["id"], notice=name, value=value)

    def send_chunks(self, msgid, request, may):
        data = request["data"]
        may = len(data) if FLAW == "window" else min(may, len(data))
        length = 4001 if FLAW == "long-chunks" else 4000
        while request["sent"] < may:
            chunk = data[request["sent"]:min(request["sent"] + length, may)]
            self.send([2, "chunk", [msgid, chunk]])
            request["sent"] += len(chunk)
        if request["sent"] == len(data) and not request["ended"] and FLAW != "no-end":
            self.send([2, "chunk", [msgid, b""]])
            request["ended"] = True

    def hear(self):
        try:
            self.receive()
            for message in self.unpacker:
                self.take(message)
        except (Lost, ValueError, TypeError, KeyError, msgpack.exceptions.UnpackException) as problem:
            self.lose(problem)


def main():
    client = Client()
    say(adapter="model", does=["hello", "end", "batch", "files"])
    waiting = b""
    while True:
        inputs = [sys.stdin.fileno()] + ([client.socket] if client.socket else [])
        ready = select.select(inputs, [], [])[0]
        if client.socket in ready:
            client.hear()
        if sys.stdin.fileno() in ready:
            some = os.read(sys.stdin.fileno(), 65536)
            if not some:
                return
            *lines, waiting = (waiting + some).split(b"\n")
            for line in lines:
                try:
                    client.obey(from_json(json.loads(line)))
                except Lost as problem:
                    client.lose(problem)


main()
