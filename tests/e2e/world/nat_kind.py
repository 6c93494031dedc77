#!/usr/bin/env python3
"""Finds out by datagrams what kind of router a host is behind: which port strangers see, and which of them are let in.

nat_kind.py HOST NAME=ADDRESS NAME=ADDRESS NAME=ADDRESS: the host, and three public ones with their addresses. It opens a
socket in each of their network namespaces, and prints one line: `same` or `other`, by whether two destinations see the
same port, then what is let in by a port that was opened towards the first one: `all`, `address`, `port`.
"""
import ctypes
import os
import socket
import sys

CLONE_NEWNET = 0x40000000
WAIT_S = 0.3
libc = ctypes.CDLL(None, use_errno=True)


def open_in(host: str, address: str, port: int) -> socket.socket:
    space = os.open("/run/netns/" + host, os.O_RDONLY)
    if libc.setns(space, CLONE_NEWNET) != 0:
        sys.exit("setns: " + os.strerror(ctypes.get_errno()))
    os.close(space)
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    made = socket.socket(family, socket.SOCK_DGRAM)
    made.bind((address, port))
    made.settimeout(WAIT_S)
    return made


def arrives(sender: socket.socket, at: socket.socket, to: "tuple[str, int]") -> bool:
    sender.sendto(b"knock", to)
    try:
        return at.recv(64) == b"knock"
    except TimeoutError:
        return False


def main() -> None:
    hosts, addresses = zip(*(word.split("=", 1) for word in sys.argv[2:5]))
    any_address = "::" if ":" in addresses[0] else "0.0.0.0"
    inside = open_in(sys.argv[1], any_address, 4700)
    first = open_in(hosts[0], addresses[0], 5000)
    first_again = open_in(hosts[0], addresses[0], 5001)
    second = open_in(hosts[1], addresses[1], 5000)
    stranger = open_in(hosts[2], addresses[2], 5000)
    seen: "list[tuple[str, int]]" = []
    for at, address in ((first, addresses[0]), (second, addresses[1])):
        inside.sendto(b"out", (address, 5000))
        source = at.recvfrom(64)[1]
        seen.append((source[0], source[1]))
    if not arrives(first, inside, seen[0]):
        sys.exit("no answer gets in")
    let_in = "port"
    if arrives(first_again, inside, seen[0]):
        let_in = "address"
    if arrives(stranger, inside, seen[0]):
        let_in = "all"
    print("same" if seen[0] == seen[1] else "other", let_in)


main()
