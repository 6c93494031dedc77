# The task of docs/embedding.md over the bare control socket: what a language without a client needs. It has no timeouts, and
# ends with an error when the daemon ends.
import os
import socket

import msgpack

node = socket.socket(socket.AF_UNIX)
node.connect(os.environ["SKAD_SOCKET"])
unpacker = msgpack.Unpacker()
last = 0
told = []  # notifications that came while an answer was waited for


def send(method, *params):
    global last
    last += 1
    node.sendall(msgpack.packb([0, last, method, params]))
    return last


def messages():
    while True:
        yield from unpacker
        data = node.recv(65536)
        if not data:
            raise ConnectionError("the node hung up")
        unpacker.feed(data)


def call(method, *params):
    msgid = send(method, *params)
    for message in messages():
        if message[0] == 1 and message[1] == msgid:
            if message[2]:
                raise RuntimeError(message[2]["message"])
            return message[3]
        told.append(message)


def until(method, *params):
    msgid = send(method, *params)
    while True:
        message = told.pop(0) if told else next(messages())
        if message[0] == 2 and message[2][0] == msgid:
            yield message[2][1]


for status in until("subscribe_status", 1):
    if status["joined"]:
        call("unsubscribe", last)
        break

key = call("put", "hello")["key"]
print(call("get", key)["value"].decode())

me = call("status")["public_key"]
call("publish", "one", "task", None)
for change in until("watch_record", me, "task", 5):
    print(change["value"].decode())
    if change["value"] == b"two":
        break
    call("publish", "two", "task", None)
