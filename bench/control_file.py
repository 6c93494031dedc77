#!/usr/bin/env python3
"""Puts or gets a file over the control socket, by put_file and get_file, as a client does it.

  control_file.py SOCKET put FILE    prints the key
  control_file.py SOCKET get KEY     writes the file to stdout
"""
import socket
import sys

import msgpack

CHUNK_BYTES = 4000
ACK_EVERY = 8  # chunks; a window has sixteen


class Client:
    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.connect(path)
        self.unpacker = msgpack.Unpacker(max_buffer_size=2 ** 22)

    def send(self, message):
        self.socket.sendall(msgpack.packb(message))

    def messages(self):
        """What the node says of the request, up to its response."""
        while True:
            for message in self.unpacker:
                yield message
                if message[0] == 1:
                    if message[2]:
                        sys.exit(f"control_file: {message[2]['code']}: {message[2]['message']}")
                    return
            self.unpacker.feed(self.socket.recv(65536))


def put(client, path):
    with open(path, "rb") as file:
        data = file.read()
    client.send([0, 1, "put_file", [len(data)]])
    sent = 0
    for message in client.messages():
        if message[0] == 1:
            print(message[3]["key"])
            return
        progress = message[2][1]
        may = min(len(data), progress["received"] + progress["window"])
        while sent < may:
            chunk = data[sent:min(sent + CHUNK_BYTES, may)]
            client.send([2, "chunk", [1, chunk]])
            sent += len(chunk)


def get(client, key):
    client.send([0, 1, "get_file", [key]])
    taken, chunks = 0, 0
    for message in client.messages():
        if message[0] == 2 and message[1] == "chunk":
            chunk = message[2][1]
            sys.stdout.buffer.write(chunk)
            taken += len(chunk)
            chunks += 1
            if chunks % ACK_EVERY == 0:
                client.send([2, "ack", [1, taken]])


def main():
    if len(sys.argv) != 4 or sys.argv[2] not in ("put", "get"):
        sys.exit(__doc__)
    client = Client(sys.argv[1])
    (put if sys.argv[2] == "put" else get)(client, sys.argv[3])


main()
