"""A gateway that misbehaves: gateway.py ADDRESS MODE [DATAGRAMS]. It answers PCP and NAT-PMP at ADDRESS, port 5351, as MODE says:

  good      as it should                     late      after four seconds: then the request was sent again
  twice     each answer five times           nonce     with another nonce
  version   of a version that there is not   zero      with a lifetime of zero
  garbage   random bytes of any length       lie       with an address that is not its own
  refuse    not authorized                   flood     garbage without end, DATAGRAMS of it, then one good answer
  short     with answers cut short           restart   with an epoch that goes back each time

It prints a line for each request, ends after a minute and a half, and sends no more than it was told."""
import os
import random
import socket
import struct
import sys
import time

address, mode = sys.argv[1:3]
datagrams = int(sys.argv[3]) if len(sys.argv) > 3 else 0
began = time.monotonic()
draw = random.Random(7)
door = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
door.bind((address, 5351))
door.settimeout(1)
own = b"\0" * 10 + b"\xff\xff" + socket.inet_aton("66.66.66.66" if mode == "lie" else "81.2.69.1")
asked = 0


def epoch():
    return 1000000 - 5000 * asked if mode == "restart" else 1000 + int(time.monotonic() - began)


def answer(request):
    """What a good gateway says, with what the mode changes in it."""
    life = 0 if mode == "zero" else 3600
    if request[0] == 2 and len(request) >= 60:
        nonce = os.urandom(12) if mode == "nonce" else request[24:36]
        port = b"\x00\x09" if mode == "lie" else request[40:42]
        result = 2 if mode == "refuse" else 0
        return struct.pack(">BBBBII", 2, 0x81, 0, result, life, epoch()) + bytes(12) + nonce + \
            request[36:42] + port + own
    if request[:2] == b"\0\0":
        return struct.pack(">BBHI", 0, 0x80, 0, epoch()) + own[12:]
    return struct.pack(">BBHI", 0, 0x81, 0, epoch()) + request[4:6] + request[4:6] + struct.pack(">I", life)


print("ready", flush=True)
while time.monotonic() - began < 90:
    try:
        request, source = door.recvfrom(2000)
    except socket.timeout:
        continue
    asked += 1
    print("request", source[1], request.hex(), flush=True)
    said = answer(request)
    if mode == "late":
        time.sleep(4)
    elif mode == "version":
        said = bytes([9, 0x80 | request[1], 0, 1]) + bytes(20)
    elif mode == "garbage":
        said = draw.randbytes(draw.randrange(1, 1400))
    elif mode == "short":
        said = said[:draw.randrange(4, 23)] if request[0] == 2 else said[:7]
    for _ in range(datagrams if mode == "flood" and asked == 1 else 0):
        door.sendto(draw.randbytes(60), source)
    for _ in range(5 if mode == "twice" else 1):
        door.sendto(said, source)
