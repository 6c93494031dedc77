"""The scenes: what a client must do when the daemon does this and that. Each begins a new client."""
import msgpack

from harness import Broken, SAMPLES, SCHEMA, same, sample, sample_result

SCENES = []
LOST = ("disconnected", "protocol")  # codes of a client that lost its daemon


def scene(text):
    def add(function):
        SCENES.append((text, function))
        return function
    return add


# ---- Hello ----

@scene("hello: a node of another API is refused, with the code `version`")
def _(stage):
    stage.needs("hello")
    stage.adapter.do(do="connect", path=stage.path)
    stage.accept()
    message = stage.read()
    if message[3][1:2] not in ([1], [None], []):
        raise Broken(f"the client asks for {message[3]}")
    stage.refuse(message[1], "version", "this node speaks API 2", parameter="api", index=1, expected="2")
    stage.demand_connected(False, ("version",))


@scene("hello: a node of 1.0, which has no hello, is worked with")
def _(stage):
    stage.needs("hello")
    stage.adapter.do(do="connect", path=stage.path)
    stage.accept()
    stage.refuse(stage.read()[1], "method", "there is no such method")
    stage.demand_connected(True)
    id_ = stage.call("status", [])
    stage.answer(stage.request("status", []), sample_result("status"))
    stage.demand_result(id_, sample_result("status"))


@scene("hello: keys that the client does not know are no matter")
def _(stage):
    stage.needs("hello")
    stage.adapter.do(do="connect", path=stage.path)
    stage.accept()
    stage.answer(stage.read()[1], {**sample_result("hello"), "minor": 99, "of_tomorrow": [1, {"a": None}]})
    stage.demand_connected(True)


# ---- Methods, results, errors ----

def params_of(method):
    """All parameters of a method, none at its default."""
    special = {"section": "published", "kinds": ["joined", "ban"], "from": bytes(range(65)), "subject": "192.0.2.0/24",
               "requests": ["get", ["ab" * 32]], "api": 1, "client": "conformance"}
    params = [special.get(row["name"], sample(row["type"])) for row in SCHEMA["methods"][method]["params"]]
    if method in ("put", "put_file"):
        return params
    return [False if value is True else value for value in params]


def make_method(method, count):
    def method_scene(stage):
        row = SCHEMA["methods"][method]
        if row["manner"] in ("upload", "download", "batch"):
            stage.needs("raw files")
        stage.connect()
        params = params_of(method)[:count]
        id_ = stage.call(method, params)
        msgid = stage.request(method, params)
        stage.answer(msgid, sample_result(method))
        stage.demand_result(id_, sample_result(method))
    return method_scene


for name, entry in SCHEMA["methods"].items():
    if entry["manner"] in ("upload", "download", "batch", "abort"):
        continue  # they have scenes of their own
    total = len(entry["params"])
    least = max((i + 1 for i, row in enumerate(entry["params"]) if "default" not in row), default=0)
    scene(f"methods: {name} with all its parameters, and its result")(make_method(name, total))
    if least < total:
        scene(f"methods: {name} with defaults left out")(make_method(name, least))


def make_error(code):
    def error_scene(stage):
        stage.connect()
        id_ = stage.call("get", ["ab" * 32])
        stage.refuse(stage.request("get", ["ab" * 32]), code, f"this is {code}", parameter="key", index=0,
                     expected="another one", of_tomorrow=[1])
        stage.demand_error(id_, (code,), message=f"this is {code}", parameter="key", index=0,
                           expected="another one")
        stage.call("status", [])  # and the connection goes on
        stage.request("status", [])
    return error_scene


for name in list(SCHEMA["errors"]) + ["of_tomorrow"]:
    scene(f"errors: {name}")(make_error(name))


@scene("results: keys that the client does not know, and values of all types")
def _(stage):
    stage.connect()
    result = {"api": 1, "nil": None, "big": 2 ** 64 - 1, "negative": -5, "list": [[], {}, [b"", ""]], "float": 0.25,
              "map": {"": True}, "bytes": bytes(range(256)), "text": "gr\u00fc\u00df"}
    id_ = stage.call("status", [])
    stage.answer(stage.request("status", []), result)
    stage.demand_result(id_, result)


@scene("results: as large as a response may be")
def _(stage):
    stage.connect()
    result = {"api": 1, "records": [sample("@record") for _ in range(2000)], "next": None}
    id_ = stage.call("records", ["held", None, 1024])
    stage.answer(stage.request("records", ["held", None, 1024]), result)
    stage.demand_result(id_, result)


# ---- The stream ----

@scene("stream: responses come in another order than their requests")
def _(stage):
    stage.connect()
    ids = [stage.call("get", [f"{i:02x}" * 32]) for i in range(5)]
    msgids = [stage.request("get", [f"{i:02x}" * 32]) for i in range(5)]
    if len(set(msgids)) != 5:
        raise Broken(f"requests in flight share msgids: {msgids}")
    for i in (3, 0, 4, 1, 2):
        stage.answer(msgids[i], {"api": 1, "n": i})
    for i in range(5):
        stage.demand_result(ids[i], {"api": 1, "n": i})


@scene("stream: a response comes byte by byte")
def _(stage):
    stage.connect()
    id_ = stage.call("health", [])
    msgid = stage.request("health", [])
    for byte in msgpack.packb([1, msgid, None, sample_result("health")]):
        stage.peer.sendall(bytes([byte]))
    stage.demand_result(id_, sample_result("health"))


@scene("stream: many messages come at once")
def _(stage):
    stage.connect()
    ids = [stage.call("bans", []) for _ in range(20)]
    msgids = [stage.request("bans", []) for _ in range(20)]
    stage.peer.sendall(b"".join(msgpack.packb([1, msgid, None, sample_result("bans")]) for msgid in msgids))
    for id_ in ids:
        stage.demand_result(id_, sample_result("bans"))


@scene("stream: notifications that the client does not know, and those of no request, are passed over")
def _(stage):
    stage.connect()
    id_ = stage.call("bans", [])
    msgid = stage.request("bans", [])
    stage.notify("changed", 4000000000, sample_result("resolve"))
    stage.notify("of_tomorrow", msgid, {"a": 1})
    stage.answer(msgid, sample_result("bans"))
    stage.demand_result(id_, sample_result("bans"), ignored=("of_tomorrow",))


@scene("stream: a response to a request that was never made is passed over")
def _(stage):
    stage.connect()
    id_ = stage.call("bans", [])
    msgid = stage.request("bans", [])
    stage.answer((msgid + 1000) % 2 ** 32, {"api": 1, "wrong": True})
    stage.answer(msgid, sample_result("bans"))
    stage.demand_result(id_, sample_result("bans"))


# ---- Watches and subscriptions ----

@scene("watches: changes come until the client ends it")
def _(stage):
    stage.needs("end")
    stage.connect()
    id_ = stage.call("watch_record", ["cd" * 32, b"salt", 30])
    msgid = stage.request("watch_record", ["cd" * 32, b"salt", 30])
    for sequence in (1, 2):
        change = {**sample_result("resolve"), "sequence": sequence}
        stage.notify("changed", msgid, change)
        stage.demand_notice(id_, "changed", change)
    stage.adapter.do(do="end", id=id_)
    end = stage.request("unwatch", [msgid])
    stage.answer(msgid, {"api": 1, "changes": 2})
    stage.answer(end, True)
    stage.demand_result(id_, {"api": 1, "changes": 2})


@scene("subscriptions: events of all kinds, and those that are not known yet")
def _(stage):
    stage.needs("end")
    stage.connect()
    id_ = stage.call("subscribe_events", [])
    msgid = stage.request("subscribe_events", [])
    for kind in list(SCHEMA["events"]) + ["of_tomorrow"]:
        event = {"kind": kind, "unix_s": 1700000000, "of_tomorrow": {}}
        stage.notify("event", msgid, event)
        stage.demand_notice(id_, "event", event)
    stage.adapter.do(do="end", id=id_)
    end = stage.request("unsubscribe", [msgid])
    stage.answer(msgid, {"api": 1, "events": 11})
    stage.answer(end, True)
    stage.demand_result(id_, {"api": 1, "events": 11})


@scene("subscriptions: the status, between answers to other requests")
def _(stage):
    stage.connect()
    id_ = stage.call("subscribe_status", [5])
    msgid = stage.request("subscribe_status", [5])
    stage.notify("status", msgid, sample_result("status"))
    other = stage.call("bans", [])
    answered = stage.request("bans", [])
    stage.notify("status", msgid, sample_result("status"))
    stage.answer(answered, sample_result("bans"))
    stage.demand_result(other, sample_result("bans"))
    stage.demand_notice(id_, "status", sample_result("status"))
    stage.demand_notice(id_, "status", sample_result("status"))


@scene("traces: steps come before the result")
def _(stage):
    stage.connect()
    id_ = stage.call("trace", ["ab" * 32])
    msgid = stage.request("trace", ["ab" * 32])
    stage.notify("step", msgid, sample("@step"))
    stage.answer(msgid, sample_result("trace"))
    stage.demand_notice(id_, "step", sample("@step"))
    stage.demand_result(id_, sample_result("trace"))


# ---- Batches ----

@scene("batches: results and errors in the order of the requests")
def _(stage):
    stage.needs("batch")
    stage.connect()
    requests = [["get", ["ab" * 32]], ["status", []], ["put", [b"v", True]]]
    id_ = stage.call("batch", requests)
    msgid = stage.request("batch", requests)
    results = [[{"code": "not_found", "message": "no"}, None], [None, sample_result("status")],
               [None, sample_result("put")]]
    stage.answer(msgid, {"api": 1, "results": results})
    stage.demand_result(id_, {"api": 1, "results": results})


# ---- Files ----

def begin_put(stage, data, known, keep=False):
    stage.needs("files")
    stage.connect()
    stage.id_ += 1
    stage.adapter.do(do="put_file", id=stage.id_, bytes=data, known=known, keep=keep)
    return stage.request("put_file", [len(data) if known else None, keep])


def take_chunks(stage, msgid, data, taken, may, ends):
    """Takes what comes, up to `may` bytes in all; returns how many were taken."""
    while taken < may or (ends and taken == len(data)):
        message = stage.read()
        if message[:2] != [2, "chunk"] or message[2][0] != msgid:
            raise Broken(f"{message} instead of a chunk")
        chunk = message[2][1]
        if len(chunk) > 4000:
            raise Broken(f"a chunk of {len(chunk)} bytes")
        if not chunk:
            if taken != len(data) or not ends:
                raise Broken(f"the end of the file after {taken} bytes")
            return taken
        if data[taken:taken + len(chunk)] != chunk:
            raise Broken(f"other bytes after {taken}")
        taken += len(chunk)
        if taken > may:
            raise Broken(f"{taken} bytes were sent where {may} are allowed")
    return taken


def make_put(size, known):
    def put_scene(stage):
        data = bytes(i * 7 % 256 for i in range(size))
        msgid = begin_put(stage, data, known, True)
        progress = {"received": 0, "stored": 0, "pieces": 0, "window": 10000}
        stage.notify("progress", msgid, progress)
        taken = 0
        while taken < size:
            taken = take_chunks(stage, msgid, data, taken, min(size, progress["received"] + 10000), False)
            progress = {"received": taken - taken % 5000 if taken < size else taken, "stored": 0, "pieces": 0,
                        "window": 10000}
            stage.notify("progress", msgid, progress)
        if not known:
            take_chunks(stage, msgid, data, taken, taken, True)
        stage.answer(msgid, sample_result("put_file"))
        stage.demand_result(stage.id_, sample_result("put_file"), ignored=("progress",))
    return put_scene


for bytes_ in (0, 1, 4000, 25000):
    scene(f"files: {bytes_} bytes are put, within the windows")(make_put(bytes_, True))
    scene(f"files: {bytes_} bytes are put whose size is not known before")(make_put(bytes_, False))


@scene("files: a put that fails in the middle")
def _(stage):
    data = bytes(50000)
    msgid = begin_put(stage, data, True)
    stage.notify("progress", msgid, {"received": 0, "stored": 0, "pieces": 0, "window": 8000})
    take_chunks(stage, msgid, data, 0, 8000, False)
    stage.refuse(msgid, "refused", "all 16 holders refused: 16 full (no room left)")
    stage.demand_error(stage.id_, ("refused",), ignored=("progress",))


@scene("files: a put that the client ends")
def _(stage):
    stage.needs("end")
    data = bytes(50000)
    msgid = begin_put(stage, data, True)
    stage.notify("progress", msgid, {"received": 0, "stored": 0, "pieces": 0, "window": 8000})
    take_chunks(stage, msgid, data, 0, 8000, False)
    stage.adapter.do(do="end", id=stage.id_)
    end = stage.request("abort", [msgid])
    stage.refuse(msgid, "aborted", "the client has ended it")
    stage.answer(end, True)
    stage.demand_error(stage.id_, ("aborted",), ignored=("progress",))


def begin_get(stage, *params):
    stage.needs("files")
    stage.connect()
    stage.id_ += 1
    stage.adapter.do(do="get_file", id=stage.id_, params=list(params))
    return stage.request("get_file", list(params))


def await_ack(stage, msgid, given):
    """Until all that was given is acknowledged; acknowledgements count from the first byte."""
    acked = 0
    while acked < given:
        message = stage.read()
        if message[:2] != [2, "ack"] or message[2][0] != msgid:
            raise Broken(f"{message} instead of an ack")
        if not acked <= message[2][1] <= given:
            raise Broken(f"{message[2][1]} bytes are acknowledged after {acked}, and {given} were given")
        acked = message[2][1]


@scene("files: a get, within its window, and acknowledged")
def _(stage):
    data = bytes(i * 11 % 256 for i in range(20000))
    msgid = begin_get(stage, "ab" * 32)
    stage.notify("progress", msgid, {"size": len(data), "sent": 0, "pieces": 1, "window": 8000})
    for at in range(0, len(data), 8000):
        for begin in range(at, min(at + 8000, len(data)), 3000):
            stage.notify("chunk", msgid, data[begin:min(begin + 3000, at + 8000)])
        await_ack(stage, msgid, min(at + 8000, len(data)))
    result = {"api": 1, "key": SAMPLES["id"], "size": len(data), "bytes": len(data), "pieces": 21}
    stage.answer(msgid, result)
    line = stage.demand_result(stage.id_, result, ignored=("progress", "chunk"))
    if line.get("bytes") != data:
        raise Broken("the client gives other bytes")


@scene("files: a part of a file, and an empty one")
def _(stage):
    msgid = begin_get(stage, "ab" * 32, 500, 20)
    stage.notify("progress", msgid, {"size": 9000, "sent": 0, "pieces": 1, "window": 8000})
    stage.notify("chunk", msgid, b"x" * 20)
    result = {"api": 1, "key": SAMPLES["id"], "size": 9000, "bytes": 20, "pieces": 2}
    stage.answer(msgid, result)
    line = stage.demand_result(stage.id_, result, ignored=("progress", "chunk"))
    if not same(line.get("bytes"), b"x" * 20):
        raise Broken(f"the client gives {line.get('bytes')}")


@scene("files: a get that fails behind the first chunk names the piece")
def _(stage):
    msgid = begin_get(stage, "ab" * 32)
    stage.notify("progress", msgid, {"size": 9000, "sent": 0, "pieces": 1, "window": 8000})
    stage.notify("chunk", msgid, b"x" * 1000)
    stage.refuse(msgid, "not_found", "no node has the value", piece="ef" * 32)
    stage.demand_error(stage.id_, ("not_found",), ignored=("progress", "chunk"), piece="ef" * 32)


# ---- A daemon that goes, or is none ----

@scene("daemon: there is none at the path")
def _(stage):
    stage.adapter.do(do="connect", path=stage.path + ".none")
    stage.demand_connected(False, ("disconnected", "protocol"))


@scene("daemon: it hangs up in the middle of a response")
def _(stage):
    stage.connect()
    id_ = stage.call("status", [])
    msgid = stage.request("status", [])
    whole = msgpack.packb([1, msgid, None, sample_result("status")])
    stage.peer.sendall(whole[:len(whole) // 2])
    stage.hang_up()
    stage.demand_error(id_, LOST)


@scene("daemon: it hangs up while several requests wait, and each is told")
def _(stage):
    stage.connect()
    ids = [stage.call("get", [f"{i:02x}" * 32]) for i in range(3)]
    for i in range(3):
        stage.request("get", [f"{i:02x}" * 32])
    stage.hang_up()
    for id_ in ids:
        stage.demand_error(id_, LOST)


@scene("daemon: it hangs up in the middle of a file")
def _(stage):
    msgid = begin_get(stage, "ab" * 32)
    stage.notify("progress", msgid, {"size": 9000, "sent": 0, "pieces": 1, "window": 8000})
    stage.notify("chunk", msgid, b"x" * 1000)
    stage.hang_up()
    stage.demand_error(stage.id_, LOST, ignored=("progress", "chunk"))


def make_garbage(raw):
    def garbage_scene(stage):
        stage.connect()
        id_ = stage.call("status", [])
        stage.request("status", [])
        stage.peer.sendall(raw)
        stage.hang_up()
        stage.demand_error(id_, LOST)
    return garbage_scene


for label, raw_bytes in (
        ("a reserved byte", b"\xc1"), ("HTTP", b"HTTP/1.1 400 Bad Request\r\n\r\n"), ("a map", b"\x81\x01\x02"),
        ("an array of two", b"\x92\x01\x02"), ("a response without a number", b"\x94\x01\xa1x\xc0\xc0"),
        ("a type that there is not", b"\x94\x07\x01\xc0\xc0"), ("nothing but depth", b"\x91" * 4000),
        ("a length of 4 GiB", b"\xdd\xff\xff\xff\xff")):
    scene(f"garbage: {label} in place of a response")(make_garbage(raw_bytes))


@scene("daemon: too many clients, told with msgid 0")
def _(stage):
    stage.adapter.do(do="connect", path=stage.path)
    stage.accept()
    stage.send([1, 0, {"code": "busy", "message": "too many clients"}, None])
    stage.hang_up()
    line = stage.adapter.next()
    if line.get("connected") is False:
        if line.get("code") not in LOST + ("busy",):
            raise Broken(f"the client says {line}")
        return
    id_ = stage.call("status", [])
    stage.demand_error(id_, LOST + ("busy",))
