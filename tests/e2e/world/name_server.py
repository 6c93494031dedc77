"""A name server for tests: name_server.py ADDRESS FILE. Reads the file anew for each question, so
that a test can change it. world.sh has the meaning of its lines."""

import ipaddress
import socket
import struct
import sys
import threading
import time

A, AAAA = 1, 28
SERVFAIL, NXDOMAIN = 2, 3


def read_zone(path):
    zone = {}
    with open(path, encoding="ascii") as lines:
        for line in lines:
            words = line.split()
            if words:
                zone[words[0].lower()] = words[1:]
    return zone


def question_of(query):
    """Returns the name asked for, its type, and where the question ends."""
    labels, at = [], 12
    while query[at] != 0:
        labels.append(query[at + 1 : at + 1 + query[at]].decode("ascii"))
        at += 1 + query[at]
    return ".".join(labels).lower(), struct.unpack(">H", query[at + 1 : at + 3])[0], at + 5


def answer(query, name, kind, end, words):
    code, records = 0, []
    if words is None:
        code = NXDOMAIN
    elif "fail" in words:
        code = SERVFAIL
    else:
        for word in words:
            if word.startswith("after="):
                continue
            ip = ipaddress.ip_address(word)
            if kind == (A if ip.version == 4 else AAAA):
                records.append(
                    struct.pack(">HHHIH", 0xC00C, kind, 1, 0, len(ip.packed)) + ip.packed
                )
    header = query[:2] + struct.pack(">HHHHH", 0x8580 | code, 1, len(records), 0, 0)
    return header + query[12:end] + b"".join(records)


def serve_one(sock, query, source, path):
    name, kind, end = question_of(query)
    words = read_zone(path).get(name)
    if words is not None and "silent" in words:
        return
    for word in words or []:
        if word.startswith("after="):
            time.sleep(float(word[6:]))
    sock.sendto(answer(query, name, kind, end, words), source)


def main():
    address, path = sys.argv[1:]
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_DGRAM)
    sock.bind((address, 53))
    print("ready", flush=True)
    while True:
        query, source = sock.recvfrom(2048)
        threading.Thread(target=serve_one, args=(sock, query, source, path), daemon=True).start()


main()
