#!/usr/bin/env python3
"""The adapter of this client for the conformance scenes of skad (tests/conformance/control/README.md there): JSON lines in,
JSON lines out. It drives the connection and the file transfers, below what repeats calls and comes back by itself."""

import asyncio
import io
import json
import sys

from skad import _files, errors
from skad._link import Backoff, Link

ENDS = {
    "watch_record": "unwatch",
    "watch_providers": "unwatch",
    "subscribe_events": "unsubscribe",
    "subscribe_status": "unsubscribe",
}
GONE = {"unreachable", "no_answer", "closed"}  # codes of the client for a daemon that is not there


def to_json(value):
    if isinstance(value, bytes):
        return {"$bin": value.hex()}
    if isinstance(value, dict):
        return {key: to_json(each) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [to_json(each) for each in value]
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) > 2**53:
        return {"$int": str(value)}
    return value


def from_json(value):
    if isinstance(value, dict):
        if set(value) == {"$bin"}:
            return bytes.fromhex(value["$bin"])
        if set(value) == {"$int"}:
            return int(value["$int"])
        return {key: from_json(each) for key, each in value.items()}
    return [from_json(each) for each in value] if isinstance(value, list) else value


def say(**line):
    print(json.dumps(to_json(line)), flush=True)


def told(error):
    """An error as the daemon gave it, or the client's own under a name of the scenes."""
    keys = ("code", "message", "parameter", "index", "expected", "piece")
    found = {key: getattr(error, key) for key in keys if getattr(error, key) is not None}
    found["code"] = "disconnected" if error.code in GONE else error.code
    return found


class Adapter:
    def __init__(self):
        self.link = None
        self.requests = {}  # id: (method, msgid) of calls, or the task of a file
        self.tasks = set()

    def begin(self, coroutine):
        task = asyncio.get_running_loop().create_task(coroutine)
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)
        return task

    async def obey(self, command):
        what = command["do"]
        if what == "connect":
            await self.connect(command["path"])
        elif what == "call":
            await self.call(command["id"], command["method"], command["params"])
        elif what in ("put_file", "get_file"):
            make = self.put_file if what == "put_file" else self.get_file
            self.requests[command["id"]] = self.begin(self.ends(command["id"], make(command)))
        elif what == "end":
            await self.end(self.requests[command["id"]])

    async def connect(self, path):
        self.link = Link(path, "skad-python", 0, 0, Backoff())
        try:
            await self.link.get()
            say(connected=True)
        except errors.SkadError as error:
            say(connected=False, **told(error))

    async def call(self, id_, method, params):
        def notified(name, value):
            say(id=id_, notice=name, value=value)

        async def ends():
            return {"result": await answer}

        try:
            connection = await self.link.get()
            msgid, answer = await connection.send(method, params, notified)
        except errors.SkadError as error:
            say(id=id_, error=told(error))
            return
        self.requests[id_] = (ENDS.get(method), msgid)
        self.begin(self.ends(id_, ends()))

    async def put_file(self, command):
        data = command["bytes"]
        size = len(data) if command["known"] else None
        return {"result": await _files.upload(self.link, io.BytesIO(data), size, command["keep"], None)}

    async def get_file(self, command):
        key, offset, length = (command["params"] + [0, None][len(command["params"]) - 1 :])[:3]
        download = _files.Download(self.link, key, offset, length, None, resume=False)
        async with download:
            data = b"".join([chunk async for chunk in download])
        return {"result": download.result, "bytes": data}

    async def ends(self, id_, coming):
        try:
            say(id=id_, **await coming)
        except errors.SkadError as error:
            say(id=id_, error=told(error))
        except asyncio.CancelledError:
            say(id=id_, error={"code": "aborted", "message": "the program has ended it"})

    async def end(self, request):
        if isinstance(request, asyncio.Task):
            request.cancel()
            return
        ender, msgid = request
        connection = await self.link.get()
        await connection.send(ender, [msgid])


async def main():
    say(adapter="skad-python", does=["hello", "end", "batch", "files"])
    adapter = Adapter()
    reader = asyncio.StreamReader(limit=1 << 24)
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    while line := await reader.readline():
        await adapter.obey(from_json(json.loads(line)))
    if adapter.link is not None:
        adapter.link.close()


if __name__ == "__main__":
    asyncio.run(main())
