"""A node that does as a test says: it plays one script for each connection, in the order of their coming."""

from __future__ import annotations

import asyncio
import os
import shutil
import tempfile
import threading
import unittest

import msgpack

LIMITS = {"request_bytes": 4096, "operations": 64, "chunk_bytes": 1000}


class Peer:
    """One connection, from the node's side."""

    def __init__(self, reader, writer):
        self.reader = reader
        self.writer = writer
        self.unpacker = msgpack.Unpacker(raw=False)

    async def read(self):
        """The next message; None at the end."""
        while True:
            for message in self.unpacker:
                return message
            data = await self.reader.read(65536)
            if not data:
                return None
            self.unpacker.feed(data)

    async def request(self, method):
        """The next message, which must be a request of this method: its msgid and parameters."""
        message = await self.read()
        assert message is not None and message[0] == 0 and message[2] == method, (method, message)
        return message[1], message[3]

    async def notified(self, method):
        message = await self.read()
        assert message is not None and message[0] == 2 and message[1] == method, (method, message)
        return message[2]

    async def ended(self):
        """Waits until the client hangs up; what it sent before is returned."""
        sent = []
        while (message := await self.read()) is not None:
            sent.append(message)
        return sent

    def raw(self, data):
        self.writer.write(data)

    def send(self, message):
        self.raw(msgpack.packb(message, use_bin_type=True))

    def answer(self, msgid, result):
        self.send([1, msgid, None, result])

    def fail(self, msgid, code, message="so it is", **more):
        self.send([1, msgid, {"code": code, "message": message, **more}, None])

    def tell(self, name, msgid, value):
        self.send([2, name, [msgid, value]])

    def close(self):
        self.writer.close()

    async def greet(self, **more):
        """Takes the client's hello, as a node of version 1.1 does."""
        msgid, params = await self.request("hello")
        assert params[1] == 1, params
        self.answer(msgid, {"api": 1, "minor": 1, "version": "0", "limits": LIMITS, **more})


class Fake:
    """scripts: coroutine functions of a Peer. A connection more than there are scripts is a fault of the test."""

    def __init__(self, path):
        self.path = path
        self.scripts = []
        self.faults = []
        self.connections = 0
        self._running = []
        self._server = None

    async def start(self):
        self._server = await asyncio.start_unix_server(self._serve, self.path)

    async def stop(self):
        self._server.close()
        for task in self._running:
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)
        os.path.exists(self.path) and os.unlink(self.path)

    async def played(self):
        """Waits until each script has come to its end."""
        await asyncio.gather(*self._running)

    async def _serve(self, reader, writer):
        self._running.append(asyncio.current_task())
        self.connections += 1
        try:
            if not self.scripts:
                raise AssertionError("one connection too many")
            await self.scripts.pop(0)(Peer(reader, writer))
        except asyncio.CancelledError:
            pass
        except BaseException as error:
            self.faults.append(error)
        finally:
            writer.close()


class Folder(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="skad-py-")
        self.addCleanup(shutil.rmtree, self.folder)
        self.path = os.path.join(self.folder, "s")


class FakeCase(unittest.IsolatedAsyncioTestCase):
    """A test with a fake in its own loop; at the end nothing may have gone wrong there."""

    async def asyncSetUp(self):
        self.folder = tempfile.mkdtemp(prefix="skad-py-")
        self.addCleanup(shutil.rmtree, self.folder)
        self.path = os.path.join(self.folder, "s")
        self.fake = Fake(self.path)
        await self.fake.start()

    async def asyncTearDown(self):
        await self.fake.stop()
        if self.fake.faults:
            raise self.fake.faults[0]
        self.assertEqual(self.fake.scripts, [], "the client came too rarely")

    def play(self, *scripts):
        self.fake.scripts.extend(scripts)


class FakeThread:
    """A fake in a thread of its own, for clients that block."""

    def __init__(self, path, *scripts):
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self.fake = Fake(path)
        self.fake.scripts.extend(scripts)
        self.run(self.fake.start())

    def run(self, coroutine):
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(30)

    def stop(self):
        self.run(self.fake.stop())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()
        if self.fake.faults:
            raise self.fake.faults[0]


async def idle(peer):
    """Greets, and answers nothing."""
    await peer.greet()
    await peer.ended()


async def answers(peer):
    """Greets, and answers each request with its method."""
    await peer.greet()
    while (message := await peer.read()) is not None:
        peer.answer(message[1], {"did": message[2]})
