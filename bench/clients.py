#!/usr/bin/env python3
"""Puts and gets through the Python client, for long, while its daemon is killed and comes back: memory stays flat,
and every call ends with a result or a named error.

    bench/clients.py build/skad [--puts 100000] [--gets 100000] [--minutes 30]

A network of 20 nodes in one process (`skad testnet`), a daemon beside it, and in this process a client of the daemon with 16 calls
under way. The puts take turns over 20,000 values, so that stores fill up early and then stay as they are. Of the daemon the table has
the memory that it allocated and its share of the mapped database; its row begins anew where it was killed. The last lines count how
the calls ended. The exit code is 1 if a call ended in any other way, if a value came back wrong, or if memory grew
by more than a tenth and a MiB in the second half.
"""

import argparse
import asyncio
import collections
import os
import random
import resource
import shutil
import subprocess
import sys
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, os.path.join(ROOT, "clients", "python", "src"))

try:
    import skad
except ModuleNotFoundError:  # another Python stands before the system's, which has msgpack
    if sys.executable == "/usr/bin/python3":
        raise
    os.execv("/usr/bin/python3", ["/usr/bin/python3", *sys.argv])

NODES = 20
VALUES = 20_000
AT_ONCE = 16
ROWS = 20
GROWTH_MAX = 0.1
KILLS = (0.15, 0.35)  # after these shares of all calls: what follows shows whether memory stays flat


class Network:
    def __init__(self, program):
        self.program = program
        self.folder = tempfile.mkdtemp(prefix="skad-bench-")
        self.path = os.path.join(self.folder, "daemon.sock")
        self.environment = {**os.environ, "SKAD_CONFIG": "none"}
        self.daemon = None
        self.kills = 0
        self.testnet = subprocess.Popen(
            [program, "testnet", str(NODES), "--dir", self.folder],
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=self.environment,
        )
        self.address = self.testnet.stdout.readline().split()[0]
        for line in self.testnet.stdout:
            if line == "ready\n":
                break

    def start(self):
        self.daemon = subprocess.Popen(
            [self.program, "run", "--profile", "test", "--dir", os.path.join(self.folder, "daemon"), "--socket",
             self.path, "--listen", "127.0.0.1:0", "--join", self.address],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=self.environment,
        )

    def restart(self):
        self.daemon.kill()
        self.daemon.wait()
        self.kills += 1
        self.start()

    def close(self):
        for process in (self.daemon, self.testnet):
            if process is not None:
                process.kill()
                process.wait()
        shutil.rmtree(self.folder)


def memory(pid):
    """Resident memory of a process in KiB: what it allocated, and what it has mapped of files."""
    found = {}
    with open(f"/proc/{pid}/status", encoding="ascii") as file:
        for line in file:
            name, _, value = line.partition(":")
            if name in ("RssAnon", "RssFile"):
                found[name] = int(value.split()[0])
    return found["RssAnon"], found["RssFile"]


class Load:
    def __init__(self, puts, gets):
        self.left = collections.Counter(put=puts, get=gets)
        self.total = puts + gets
        self.done = 0
        self.ends = collections.Counter()
        self.wrong = []
        self.keys = {}

    def choose(self):
        kind = "put" if random.random() * (self.left["put"] + self.left["get"]) < self.left["put"] else "get"
        if kind == "get" and not self.keys:
            kind = "put"
        if self.left[kind] == 0:
            return None
        self.left[kind] -= 1
        return kind

    async def worker(self, node):
        while (kind := self.choose()) is not None:
            number = random.randrange(VALUES)
            if kind == "get" and number not in self.keys:
                number = next(iter(self.keys))
            value = b"%d " % number * 20
            try:
                if kind == "put":
                    self.keys[number] = (await node.put(value))["key"]
                elif (await node.get(self.keys[number]))["value"] != value:
                    self.wrong.append(f"another value under {self.keys[number]}")
                end = "ok"
            except skad.SkadError as error:
                end = error.code
            except Exception as error:  # this is what must not happen
                self.wrong.append(repr(error))
                end = "not a named error"
            self.ends[kind, end] += 1
            self.done += 1


async def run(network, load, seconds):
    begin = time.monotonic()
    kills = [round(share * load.total) for share in KILLS]
    rows = []
    print("| calls | seconds | client KiB | daemon KiB | daemon, files KiB | |\n|---:|---:|---:|---:|---:|---|", flush=True)

    def row(note):
        anonymous, files = memory(network.daemon.pid)
        client, _ = memory(os.getpid())
        rows.append((load.done, client, anonymous))
        passed = time.monotonic() - begin
        print(f"| {load.done:,} | {passed:.0f} | {client:,} | {anonymous:,} | {files:,} | {note} |", flush=True)

    async with skad.aio.Client(network.path, wait=60) as node:
        while not (await node.status())["joined"]:
            await asyncio.sleep(0.1)
        workers = [asyncio.create_task(load.worker(node)) for _ in range(AT_ONCE)]
        while load.done < load.total and time.monotonic() - begin < seconds and not all(w.done() for w in workers):
            if load.done * ROWS >= load.total * (len(rows) - network.kills):
                row("")
            if kills and load.done >= kills[0]:
                kills.pop(0)
                row("killed and started again")
                await asyncio.to_thread(network.restart)
            await asyncio.sleep(0.05)
        for each in workers:
            each.cancel()
        await asyncio.wait(workers)
        row("end")
    return rows


def main():
    options = argparse.ArgumentParser(description=__doc__.split("\n\n", maxsplit=1)[0])
    options.add_argument("skad")
    options.add_argument("--puts", type=int, default=100_000)
    options.add_argument("--gets", type=int, default=100_000)
    options.add_argument("--minutes", type=float, default=30)
    given = options.parse_args()

    load = Load(given.puts, given.gets)
    network = Network(given.skad)
    try:
        network.start()
        rows = asyncio.run(run(network, load, given.minutes * 60))
    finally:
        network.close()

    print(f"\n{load.done:,} of {load.total:,} calls; the daemon was killed {network.kills} times")
    for (kind, end), count in sorted(load.ends.items()):
        print(f"  {kind}: {end} {count:,}")
    print(f"  the client's peak, with what Python itself takes: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss:,} KiB")
    failed = list(dict.fromkeys(load.wrong))[:10]
    if load.done < load.total:
        failed.append(f"only {load.done:,} calls in {given.minutes:g} minutes")
    half = [each for each in rows if each[0] >= load.total / 2]
    for name, column in (("client", 1), ("daemon", 2)):
        first, last = half[0][column], half[-1][column]
        if last > first * (1 + GROWTH_MAX) + 1024:
            failed.append(f"memory of the {name} grew from {first:,} to {last:,} KiB in the second half")
    for each in failed:
        print(f"failed: {each}")
    sys.exit(1 if failed else 0)


main()
