"""Clients that no gateway should have: garbage, halves of requests, requests behind each other, 1,500 connections at
once. Ends with 0 if each is answered or ended, and the gateway still answers.

    python3 gateway_abuse.py http://127.0.0.1:PORT KEY-OF-A-FILE
"""
import random
import re
import socket
import sys

port = int(re.fullmatch(r"http://127\.0\.0\.1:(\d+)", sys.argv[1]).group(1))
key = sys.argv[2]


def connect():
    return socket.create_connection(("127.0.0.1", port), timeout=30)


def exchange(data, cut=False):
    """All that comes back until the other side ends, which it must. A request has to end with Connection: close, or
    to be cut off: a client that ends its sending half may get no answer."""
    return finish(begin(data, cut))


def begin(data, cut):
    one = connect()
    try:
        one.sendall(data)
        if cut:
            one.shutdown(socket.SHUT_WR)
    except ConnectionError:
        pass
    return one


def finish(one):
    answer = b""
    with one:
        try:
            while part := one.recv(65536):
                answer += part
        except ConnectionError:
            pass
    return answer


def request(target, method="GET", head="", body=b"", last=True):
    close = "Connection: close\r\n" if last else ""
    return f"{method} {target} HTTP/1.1\r\nHost: localhost\r\n{close}{head}\r\n".encode() + body


def statuses(answer):
    return [int(code) for code in re.findall(rb"HTTP/1\.1 (\d{3}) ", answer)]


alive = exchange(request("/v1/health"))
assert statuses(alive) == [200], alive

# Requests behind each other are answered in their order.
many = exchange(b"".join(request(target, last=target == "/v1/table")
                         for target in ["/v1/health", "/v1/nothing", "/v1/status", "/", "/v1/table"]))
assert statuses(many) == [200, 404, 200, 200, 200], statuses(many)

# What is no request is refused or hung up on, never served. Some wait for more and are ended in ten seconds.
chance = random.Random(1)
garbage = [b"\0" * 1000, b"\r\n" * 5000, b"GET\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n", b"GET / HTTP/1.1\r\n\r\n",
           b"GET / HTTP/1.1\r\nHost: a\r\nHost: localhost\r\nX\r\n\r\n",
           request("/v1/file", "POST", "Content-Length: 99999999999999999999999\r\n"),
           request("/v1/file", "POST", "Content-Length: -1\r\n"),
           request("/v1/file", "POST", "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", b"0\r\n\r\n"),
           request("/v1/value", "POST", "Transfer-Encoding: chunked\r\n", b"zz\r\n"),
           b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(500),
           b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"] + \
          [bytes(chance.randrange(256) for _ in range(chance.randrange(2000))) for _ in range(200)]
for data, one in [(data, begin(data, cut=True)) for data in garbage]:
    answer = finish(one)
    assert not any(code in (200, 201, 206) for code in statuses(answer)), (data[:100], answer[:200])

# Bodies that end too early are not taken for whole.
for head, body in [("Content-Length: 100\r\n", b"short"), ("Transfer-Encoding: chunked\r\n", b"5\r\nab")]:
    answer = exchange(request("/v1/value", "POST", head + "Authorization: Bearer 0123456789abcdef0123456789abcdef\r\n", body), cut=True)
    assert 201 not in statuses(answer), answer

# More connections than it keeps: halves of requests give way to whole ones, the one idle longest first.
crowd = []
for _ in range(1500):
    one = connect()
    one.sendall(b"GET /v1/sta")
    crowd.append(one)
assert statuses(exchange(request("/v1/health"))) == [200]
ended = 0
for one in crowd[:500]:
    one.settimeout(5)
    try:
        ended += one.recv(1) == b""
    except ConnectionError:
        ended += 1
assert ended == 500, ended
for one in crowd:
    one.close()

# A reader that takes nothing of a file keeps no other from it.
slow = connect()
slow.sendall(request(f"/v1/file/{key}", last=False))
assert statuses(exchange(request(f"/v1/file/{key}", head="Range: bytes=0-9\r\n"))) == [206]
slow.close()
assert statuses(exchange(request("/v1/health"))) == [200]
print("each was answered or ended")
