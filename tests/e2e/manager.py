#!/usr/bin/env python3
"""Stands in for a service manager: manager.py SOCKET LOG writes each message that comes to SOCKET as a
line to LOG, its own lines joined by spaces, with the time in seconds in front."""
import os
import socket
import sys
import time

path, log = sys.argv[1:]
here = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
here.bind(path)
with open(log, "w", buffering=1) as out:
    while True:
        text = here.recv(4096).decode()
        out.write(f"{time.monotonic():.3f} {' '.join(text.splitlines())}\n")
