#!/usr/bin/env python3
"""Holds a running daemon against proto/control.schema.json.

  truth.py CONTROL_SOCKET MONITOR_SOCKET PID

Calls each method, and compares the keys and types of what comes with the schema; gives each
parameter a wrong type, and expects the error that the schema tells. Prints each check; ends with 1
if one fails. The node must be part of a network; PID is its process, which is told to reload.
"""
import json
import os
import signal
import socket
import sys

import msgpack

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))
with open(os.path.join(ROOT, "proto/control.schema.json"), encoding="utf-8") as file:
    SCHEMA = json.load(file)
METHODS = {name: row for name, row in SCHEMA["methods"].items() if not row.get("coming")}
failures = []
seen_maps = set()


class Client:
    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(70)
        self.socket.connect(path)
        self.unpacker = msgpack.Unpacker()
        self.msgid = 0
        self.notes = []

    def send(self, message):
        self.socket.sendall(msgpack.packb(message))

    def begin(self, method, *params):
        self.msgid += 1
        self.send([0, self.msgid, method, list(params)])
        return self.msgid

    def next(self):
        while True:
            for message in self.unpacker:
                return message
            data = self.socket.recv(65536)
            if not data:
                raise ConnectionError("the node hung up")
            self.unpacker.feed(data)

    def await_(self, msgid):
        """The response; what is notified of the request before it goes to `notes`."""
        while True:
            message = self.next()
            if message[0] == 1 and message[1] == msgid:
                return message[2], message[3]
            if message[0] == 2:
                self.notes.append((message[1], message[2][1]))

    def call(self, method, *params):
        return self.await_(self.begin(method, *params))


def check(what, problem):
    print(("FAIL  " if problem else "ok    ") + what + (": " + problem if problem else ""))
    if problem:
        failures.append(what)


def is_hex(value):
    return isinstance(value, str) and len(value) == 64 and not set(value) - set("0123456789abcdef")


PLAIN = {
    "uint": lambda v: isinstance(v, int) and not isinstance(v, bool) and v >= 0,
    "u64": lambda v: PLAIN["uint"](v),
    "float": lambda v: isinstance(v, float),
    "bool": lambda v: isinstance(v, bool),
    "str": lambda v: isinstance(v, str),
    "bin": lambda v: isinstance(v, bytes),
    "id": is_hex,
    "public_key": is_hex,
    "address": lambda v: isinstance(v, str) and ":" in v,
    "any": lambda v: True,
}


def keys_of(name):
    keys = {}
    for key, value in SCHEMA["maps"][name].items():
        keys.update(keys_of(value) if key == "+" else {key: value})
    return keys


def wrong_map(name, value, is_result):
    if not isinstance(value, dict):
        return f"{value!r} is not a map"
    seen_maps.add(name)
    keys = keys_of(name)
    if is_result:
        if next(iter(value), None) != "api" or value["api"] != SCHEMA["api"]:
            return "the first key is not the api"
        value = {key: value[key] for key in value if key != "api"}
    must = {key for key in keys if len(keys[key]) == 2}
    if set(value) - set(keys) or must - set(value):
        return f"it has {sorted(set(value) - set(keys))} that the schema does not, and lacks {sorted(must - set(value))}"
    for key in value:
        problem = wrong(keys[key][0], value[key])
        if problem:
            return f"{key}: {problem}"
    return None


def wrong(kind, value, is_result=False):
    """What is wrong with a value, None if it is of its type."""
    if kind.endswith("?"):
        return None if value is None else wrong(kind[:-1], value)
    if kind.startswith("["):
        if not isinstance(value, list):
            return f"{value!r} is not a list"
        return next((problem for item in value if (problem := wrong(kind[1:-1], item))), None)
    if kind.startswith("{"):
        if not isinstance(value, dict):
            return f"{value!r} is not a map"
        return next((problem for item in value.values() if (problem := wrong(kind[1:-1], item))), None)
    if kind.startswith("@"):
        return wrong_map(kind[1:], value, is_result)
    return None if PLAIN[kind](value) else f"{value!r} is no {kind}"


def result(method, answer):
    error, value = answer
    check(f"the result of {method}", f"{error}" if error else wrong(METHODS[method]["result"], value, True))
    return value


def checks_of_results(client):
    hello = result("hello", client.call("hello", "truth 1", 1))
    check("hello names all methods", None if hello["methods"] == list(METHODS) else f"{hello['methods']}")
    status = result("status", client.call("status"))
    table = result("table", client.call("table"))
    result("ping", client.call("ping", table["rows"][0]["addresses"][0]))
    result("lookup", client.call("lookup", "ab" * 32))
    result("trace", client.call("trace", "cd" * 32))
    steps = [value for name, value in client.notes if name == "step"]
    check("the steps of trace", "none came" if not steps else next((p for s in steps if (p := wrong("@step", s))), None))
    key = result("put", client.call("put", b"a value", True))["key"]
    result("get", client.call("get", key))
    published = result("publish", client.call("publish", b"news", "salt", 1))
    check("the sequence is told", None if published["sequence"] == 1 else f"{published['sequence']}")
    result("resolve", client.call("resolve", status["public_key"], "salt"))
    result("announce", client.call("announce", key, "127.0.0.1:80", b"meta"))
    result("providers", client.call("providers", key))
    watch = client.begin("watch_record", status["public_key"], "salt")
    while not any(name == "changed" for name, _ in client.notes):
        message = client.next()
        client.notes.append((message[1], message[2][1]))
    changed = [value for name, value in client.notes if name == "changed"][0]
    check("the change of a watch", wrong_map("resolve", changed, True))
    second = client.begin("watch_providers", key, 3600)
    stop = client.begin("unwatch", watch)
    result("watch_record", client.await_(watch))
    result("unwatch", client.await_(stop))
    stop = client.begin("unwatch", second)
    result("watch_providers", client.await_(second))
    client.await_(stop)
    result("records", client.call("records", "published", None, 1))
    result("withdraw", client.call("withdraw", key))
    result("ban", client.call("ban", "192.0.2.0/24", 60))
    result("bans", client.call("bans"))
    result("unban", client.call("unban", "192.0.2.0/24"))
    result("allow", client.call("allow", "192.0.2.0/24"))
    result("health", client.call("health"))
    checks_of_subscriptions(client)
    batch = result("batch", client.call("batch", ["status", []], ["get", ["00" * 32]], ["stp", []]))
    errors = [error and error["code"] for error, _ in batch["results"]]
    check("a batch has each in its place", None if errors == [None, "not_found", "method"] else f"{errors}")
    batch = client.call("batch", ["trace", ["ef" * 32]], ["trace", ["fe" * 32]])[1]
    check("a trace in a batch has its result, and no steps", next((p for error, value in batch["results"]
          if (p := f"{error}" if error else wrong_map("lookup", value, True))), None))
    published = client.call("publish", b"next")[1]
    again = client.call("publish", b"and next")[1]
    check("the node takes the next sequence", None if again["sequence"] == published["sequence"] + 1 else f"{again}")
    checks_of_files(client)
    store_needs_a_record(client)


def put_file(client, data, size, keep=False):
    """Sends a file as far as the windows let; the response, and the progress that was told."""
    msgid = client.begin("put_file", size, keep)
    sent, told, progress = 0, 0, []
    while True:
        while sent < told and sent < len(data):
            some = data[sent:min(sent + 4000, told)]
            client.send([2, "chunk", [msgid, some]])
            sent += len(some)
            if sent == len(data) and size is None:
                client.send([2, "chunk", [msgid, b""]])
        message = client.next()
        if message[0] == 1 and message[1] == msgid:
            return message[2:], progress
        if message[1] == "progress":
            progress.append(message[2][1])
            told = progress[-1]["received"] + progress[-1]["window"]


def get_file(client, *params):
    """The response, the bytes and the progress of a file; each chunk is acknowledged."""
    msgid = client.begin("get_file", *params)
    data, progress = b"", []
    while True:
        message = client.next()
        if message[0] == 1 and message[1] == msgid:
            return message[2:], data, progress
        if message[1] == "progress":
            progress.append(message[2][1])
        if message[1] == "chunk":
            data += message[2][1]
            client.send([2, "ack", [msgid, len(data)]])


def checks_of_files(client):
    data = bytes(i * i % 251 for i in range(300001))
    answer, progress = put_file(client, data, len(data))
    stored = result("put_file", answer)
    check("the progress of put_file", next((p for value in progress if (p := wrong("@put_progress", value))), None))
    check("all of it is stored", None if progress[-1]["stored"] == len(data) == stored["bytes"] else f"{progress[-1]}")
    again, _ = put_file(client, data, None)
    check("a file of unknown size has the same key", None if again[1] and again[1]["key"] == stored["key"] else f"{again}")
    answer, got, progress = get_file(client, stored["key"])
    result("get_file", answer)
    check("the progress of get_file", next((p for value in progress if (p := wrong("@get_progress", value))), None))
    check("the same bytes come back", None if got == data else f"{len(got)} bytes")
    _, got, _ = get_file(client, stored["key"], 29990, 1020)
    check("a part of it comes", None if got == data[29990:31010] else f"{len(got)} bytes")
    (error, _), _, _ = get_file(client, "00" * 32)
    check("a file that is not there", wrong("@error", error) or
          (None if error["code"] == "not_found" and error["piece"] == "00" * 32 else f"{error}"))
    (error, _), _, _ = get_file(client, stored["key"], 300002)
    check("an offset behind the end", None if error and error.get("parameter") == "offset" else f"{error}")
    msgid = client.begin("put_file", 9000)
    stop = client.begin("abort", msgid)
    error, _ = client.await_(msgid)
    check("what is aborted says so", None if error["code"] == "aborted" else f"{error}")
    result("abort", client.await_(stop))


def checks_of_subscriptions(client):
    client.notes.clear()
    events = client.begin("subscribe_events", ["ban"])
    status = client.begin("subscribe_status", 3600)
    client.call("ban", "198.51.100.0/24", 3600)
    while not any(name == "event" for name, _ in client.notes):
        message = client.next()
        if message[0] == 2:
            client.notes.append((message[1], message[2][1]))
    states = [value for name, value in client.notes if name == "status"]
    told = next(value for name, value in client.notes if name == "event")
    check("an event of a ban", wrong("@event", told) or
          (None if told["kind"] == "ban" and told["subject"] == "198.51.100.0/24" else f"{told}"))
    reloads = client.begin("subscribe_events", ["reload"])
    client.call("bans")  # the subscription is there
    client.notes.clear()
    os.kill(int(sys.argv[3]), signal.SIGHUP)
    while not any(name == "event" for name, _ in client.notes):
        message = client.next()
        if message[0] == 2:
            client.notes.append((message[1], message[2][1]))
    told = next(value for name, value in client.notes if name == "event")
    check("an event of a reload", wrong("@event", told) or
          (None if told["kind"] == "reload" and told.get("changed") == "" else f"{told}"))
    client.await_(client.begin("unsubscribe", reloads))
    stop = client.begin("unsubscribe", events)
    result("subscribe_events", client.await_(events))
    result("unsubscribe", client.await_(stop))
    stop = client.begin("unsubscribe", status)
    result("subscribe_status", client.await_(status))
    client.await_(stop)
    told = states
    check("the status comes at once", "none came" if not told else wrong_map("status", told[0], True))


def store_needs_a_record(client):
    error, _ = client.call("store", b"no record")
    check("store of what is no record", None if error and error["code"] == "input" and
          error["parameter"] == "record" else f"{error}")
    checked.add("store")


def wrong_value_for(param):
    """What no parameter of this type takes."""
    return 7 if param["type"] in ("bytes", "str", "id", "public_key", "address", "bin") else {}


GOOD = {"id": "00" * 32, "public_key": "00" * 32, "bytes": b"x", "uint": 7, "u64": 7, "uint?": 7, "bool": True,
        "address": "127.0.0.1:9", "endpoint": 80, "str": "held", "bin": bytes(65), "[str]": []}


def checks_of_errors(client):
    for method, row in METHODS.items():
        for i, param in enumerate(row["params"]):
            if param.get("variadic"):
                continue
            params = [GOOD[p["type"]] for p in row["params"][:i]] + [wrong_value_for(param)]
            error, _ = client.call(method, *params)
            expected = {"code": "params", "parameter": param["name"], "index": i, "expected": param["expected"]}
            told = {key: (error or {}).get(key) for key in expected}
            check(f"a wrong '{param['name']}' of {method}", wrong("@error", error) or
                  (None if told == expected else f"{error}"))
        if not any(p.get("variadic") for p in row["params"]):
            error, _ = client.call(method, *[None] * (len(row["params"]) + 1))
            check(f"too many parameters of {method}", None if error and error["code"] == "params" and
                  "parameter" not in error or len(row["params"]) else f"{error}")
    error, _ = client.call("stp")
    check("a method that there is not", None if error and error["code"] == "method" else f"{error}")
    error, _ = client.call("hello", "", 2)
    check("another API", None if error and error["code"] == "version" else f"{error}")
    for method, params, parameter in (("put", [b""], "value"), ("publish", [b"", bytes(65), 1], "salt"),
                                      ("watch_record", ["00" * 32, "", 4], "every_s"),
                                      ("resolve", ["00" * 32, bytes(65)], "salt"), ("ban", ["x"], "subject")):
        error, _ = client.call(method, *params)
        check(f"{parameter} of {method} out of its limits", None if error and error["code"] == "input" and
              error.get("parameter") == parameter else f"{error}")


def checks_of_monitor(path):
    client = Client(path)
    hello = result("hello", client.call("hello"))
    takes = [name for name, row in METHODS.items() if row["monitor"]]
    check("the monitoring socket names what it takes", None if hello["methods"] == takes and
          hello["socket"] == "monitor" else f"{hello['methods']}")
    batch = result("batch", client.call("batch", ["status", []], ["put", [b"x"]], ["hello", []]))
    codes = [error and error["code"] for error, _ in batch["results"]]
    check("each request of a batch is looked at there", None if codes == [None, "denied", None] else f"{codes}")
    status = client.begin("subscribe_status", 60)
    stop = client.begin("unsubscribe", status)
    result("subscribe_status", client.await_(status))
    result("unsubscribe", client.await_(stop))
    for method, row in METHODS.items():
        if not row["monitor"]:
            params = [GOOD[p["type"]] for p in row["params"]]
            if row["manner"] == "download":
                params = params[:1]
            error, _ = client.call(method, *params)
            check(f"{method} is denied there", None if error and error["code"] == "denied" else f"{error}")


checked = set()


def main():
    client = Client(sys.argv[1])
    checks_of_results(client)
    checks_of_errors(client)
    checks_of_monitor(sys.argv[2])
    print(f"{len(failures)} failed")
    sys.exit(1 if failures else 0)


main()
