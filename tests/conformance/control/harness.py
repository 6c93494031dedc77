"""What scenes are played with: a client's adapter, and a daemon that does what a scene says."""
import json
import os
import select
import socket
import subprocess
import tempfile
import time

import msgpack

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))
with open(os.path.join(ROOT, "proto/control.schema.json"), encoding="utf-8") as file:
    SCHEMA = json.load(file)

PATIENCE_S = float(os.environ.get("SKAD_CONFORMANCE_PATIENCE_S", "20"))  # what takes longer hangs


class Broken(Exception):
    """A demand of a scene was not met."""


class Skipped(Exception):
    """The adapter does not do what a scene needs."""


def to_json(value):
    if isinstance(value, (bytes, bytearray)):
        return {"$bin": bytes(value).hex()}
    if isinstance(value, dict):
        return {key: to_json(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [to_json(item) for item in value]
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) > 2 ** 53:
        return {"$int": str(value)}
    return value


def from_json(value):
    if isinstance(value, dict):
        if set(value) == {"$bin"}:
            return bytes.fromhex(value["$bin"])
        if set(value) == {"$int"}:
            return int(value["$int"])
        return {key: from_json(item) for key, item in value.items()}
    if isinstance(value, list):
        return [from_json(item) for item in value]
    return value


def await_input(readable, what):
    if not select.select([readable], [], [], PATIENCE_S)[0]:
        raise Broken(f"{what}: nothing comes for {PATIENCE_S} s")


class Adapter:
    """A program that drives a client: JSON lines in, JSON lines out (README.md)."""

    def __init__(self, command):
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.buffer = b""
        self.lines = []
        self.is_ = self.next()
        if "adapter" not in self.is_:
            raise Broken(f"the adapter begins with {self.is_}")

    def does(self, what):
        return what in self.is_.get("does", [])

    def do(self, **command):
        self.process.stdin.write(json.dumps(to_json(command)).encode() + b"\n")
        self.process.stdin.flush()

    def next(self):
        end = time.monotonic() + PATIENCE_S
        while b"\n" not in self.buffer:
            await_input(self.process.stdout, "the adapter")
            some = os.read(self.process.stdout.fileno(), 65536)
            if not some or time.monotonic() > end:
                raise Broken("the adapter has ended")
            self.buffer += some
        line, _, self.buffer = self.buffer.partition(b"\n")
        return from_json(json.loads(line))

    def says(self, id_, ignored=()):
        """The next line about a request; notices of these names are passed over."""
        while True:
            for line in self.lines:
                if line.get("id") == id_:
                    self.lines.remove(line)
                    if line.get("notice") in ignored:
                        break
                    return line
            else:
                self.lines.append(self.next())

    def close(self):
        self.process.stdin.close()
        try:
            code = self.process.wait(PATIENCE_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise Broken("the adapter does not end when its input ends") from None
        if code != 0:
            raise Broken(f"the adapter ended with {code}")


class Scene:
    """One scene: an adapter that is connected to the daemon of the scene, or not yet."""

    def __init__(self, adapter, folder):
        self.adapter = adapter
        self.path = os.path.join(folder, "control.sock")
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(self.path)
        self.listener.listen(1)
        self.peer = None
        self.unpacker = msgpack.Unpacker()
        self.id_ = 0

    # ---- The daemon's side ----

    def accept(self):
        await_input(self.listener, "a connection")
        self.peer = self.listener.accept()[0]
        self.peer.settimeout(PATIENCE_S)
        self.unpacker = msgpack.Unpacker()

    def read(self):
        """The next message of the client."""
        while True:
            for message in self.unpacker:
                return message
            try:
                some = self.peer.recv(65536)
            except socket.timeout:
                raise Broken("no message of the client comes") from None
            if not some:
                raise Broken("the client hung up")
            self.unpacker.feed(some)

    def is_quiet(self):
        """Whether the client has sent nothing more, so far."""
        if next(iter(self.unpacker), None) is not None:
            return False
        return not select.select([self.peer], [], [], 0)[0]

    def request(self, method, params):
        """Demands a request; returns its msgid. Defaults may be left out, or be nil."""
        message = self.read()
        if message[0] != 0 or message[2] != method:
            raise Broken(f"{message} instead of a request '{method}'")
        given = list(message[3])
        if not same_params(method, given, params):
            raise Broken(f"'{method}' came with {given} instead of {params}")
        return message[1]

    def send(self, message):
        self.peer.sendall(msgpack.packb(message))

    def answer(self, msgid, result):
        self.send([1, msgid, None, result])

    def refuse(self, msgid, code, message="so it is", **more):
        self.send([1, msgid, {"code": code, "message": message, **more}, None])

    def notify(self, name, msgid, value):
        self.send([2, name, [msgid, value]])

    def hang_up(self):
        self.peer.close()
        self.peer = None

    # ---- The client's side ----

    def connect(self):
        """Connects, and answers the client's hello if it says one."""
        self.adapter.do(do="connect", path=self.path)
        self.accept()
        if self.adapter.does("hello"):
            message = self.read()
            if message[0] != 0 or message[2] != "hello":
                raise Broken(f"{message} instead of hello")
            self.answer(message[1], sample_result("hello"))
        self.demand_connected(True)

    def demand_connected(self, yes, codes=()):
        line = self.adapter.next()
        if line.get("connected") is not yes:
            raise Broken(f"the adapter says {line}")
        if codes and line.get("code") not in codes:
            raise Broken(f"the client failed with {line} and not with one of {codes}")

    def call(self, method, params):
        self.id_ += 1
        self.adapter.do(do="call", id=self.id_, method=method, params=params)
        return self.id_

    def demand_result(self, id_, result, ignored=()):
        line = self.adapter.says(id_, ignored)
        if "result" not in line or not same(line["result"], result):
            raise Broken(f"the client says {line} instead of the result {result}")
        return line

    def demand_error(self, id_, codes, ignored=(), **more):
        line = self.adapter.says(id_, ignored)
        error = line.get("error", {})
        if error.get("code") not in codes or any(error.get(key) != more[key] for key in more):
            raise Broken(f"the client says {line} instead of an error {codes} {more}")

    def demand_notice(self, id_, name, value):
        line = self.adapter.says(id_)
        if line.get("notice") != name or not same(line.get("value"), value):
            raise Broken(f"the client says {line} instead of a notification '{name}' with {value}")

    def needs(self, what):
        if not self.adapter.does(what):
            raise Skipped(what)

    def close(self):
        if self.peer is not None:
            self.peer.close()
        self.listener.close()


# ---- Comparing ----

def same(a, b):
    """Whether two values are the same; texts may be bytes where a client cannot tell."""
    if isinstance(a, dict) and isinstance(b, dict):
        return set(a) == set(b) and all(same(a[key], b[key]) for key in a)
    if isinstance(a, (list, tuple)) and isinstance(b, (list, tuple)):
        return len(a) == len(b) and all(same(x, y) for x, y in zip(a, b))
    return a == b and isinstance(a, bool) == isinstance(b, bool)


def same_params(method, given, wanted):
    rows = SCHEMA["methods"][method]["params"]
    if rows and rows[0].get("variadic"):
        return same(given, wanted)
    if len(given) > len(rows):
        return False
    for i, row in enumerate(rows):
        one = given[i] if i < len(given) else None
        other = wanted[i] if i < len(wanted) else None
        one = row.get("default") if one is None else one
        other = row.get("default") if other is None else other
        if isinstance(one, str):
            one = one.encode()
        if isinstance(other, str):
            other = other.encode()
        if row["type"] in ("id", "public_key"):
            one = bytes.fromhex(one.decode()) if one is not None and len(one) == 64 else one
            other = bytes.fromhex(other.decode()) if other is not None and len(other) == 64 else other
        if not same(one, other):
            return False
    return True


# ---- Samples, out of the schema ----

SAMPLES = {"uint": 7, "u64": 2 ** 63 + 1, "float": 0.5, "bool": True, "str": "a text", "bin": b"\x00\xff", "bytes": b"bytes",
           "id": "ab" * 32, "public_key": "cd" * 32, "address": "192.0.2.1:4700", "endpoint": 80, "any": 3}


def keys_of(name):
    keys = {}
    for key, value in SCHEMA["maps"][name].items():
        keys.update(keys_of(value) if key == "+" else {key: value})
    return keys


def sample(kind):
    if kind.endswith("?"):
        return sample(kind[:-1])
    if kind.startswith("["):
        return [sample(kind[1:-1])]
    if kind.startswith("{"):
        return {"one": sample(kind[1:-1])}
    if kind.startswith("@"):
        return {key: sample(value[0]) for key, value in keys_of(kind[1:]).items()}
    return SAMPLES[kind]


# What a daemon has; a client keeps to it.
LIMITS = {"request_bytes": 4096, "chunk_bytes": 4000, "value_bytes": 1000, "mutable_bytes": 800, "unread_bytes": 2 ** 20,
          "operations": 64, "watches": 64, "batch": 32}


def sample_result(method):
    if method == "hello":
        return {"api": SCHEMA["api"], **sample("@hello"), "limits": {**sample("@limits"), **LIMITS}}
    kind = SCHEMA["methods"][method]["result"]
    if not kind.startswith("@"):
        return sample(kind)
    return {"api": SCHEMA["api"], **sample(kind)}


def play(scene, command):
    """Plays one scene with a fresh adapter: None, what is wrong, or Skipped."""
    with tempfile.TemporaryDirectory() as folder:
        adapter = None
        stage = None
        try:
            adapter = Adapter(command)
            stage = Scene(adapter, folder)
            scene(stage)
            stage.close()
            stage = None
            adapter.close()
            adapter = None
        except Skipped as skipped:
            return skipped
        except (Broken, OSError, ValueError) as broken:
            text = f"{broken}"
            return text if len(text) < 400 else text[:400] + "..."
        finally:
            if stage is not None:
                stage.close()
            if adapter is not None:
                adapter.process.kill()
                adapter.process.wait()
    return None
