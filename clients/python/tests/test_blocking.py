"""The client that blocks has the promises of the other; here is what is its own: threads, interrupts, arguments."""

import gc
import inspect
import io
import os
import subprocess
import sys
import threading
import unittest
from unittest import mock

import skad
from skad import aio, blocking

from .fake import FakeThread, Folder

KEY = "ee" * 32


class Blocking(Folder):
    def play(self, *scripts):
        node = FakeThread(self.path, *scripts)
        self.addCleanup(node.stop)
        return node

    def test_threads_share_a_client(self):
        async def script(peer):
            await peer.greet()
            requests = [await peer.request("get") for _ in range(8)]
            for msgid, params in reversed(requests):
                peer.answer(msgid, {"value": params[0]})
            await peer.ended()

        self.play(script)
        got = {}
        with skad.Client(self.path) as node:

            def ask(index):
                got[index] = node.get(f"{index:064x}")["value"]

            threads = [threading.Thread(target=ask, args=(index,)) for index in range(8)]
            for each in threads:
                each.start()
            for each in threads:
                each.join()
        self.assertEqual(got, {index: f"{index:064x}" for index in range(8)})

    def test_watches_iterate_and_end(self):
        async def script(peer):
            await peer.greet()
            msgid, _ = await peer.request("watch_record")
            peer.tell("changed", msgid, {"sequence": 1, "value": b"one"})
            end, _ = await peer.request("unwatch")
            peer.answer(msgid, {"changes": 1})
            peer.answer(end, True)
            await peer.ended()

        async def calls(peer):
            await peer.greet()
            await peer.ended()

        self.play(calls, script)
        with skad.Client(self.path) as node:
            with node.watch_record(KEY) as watch:
                for change in watch:
                    self.assertEqual(change["value"], b"one")
                    break
                with self.assertRaises(skad.NoAnswerError):
                    watch.next(0.01)
            self.assertEqual(list(watch), [])

    def test_files(self):
        async def calls(peer):
            await peer.greet()
            await peer.ended()

        async def script(peer):
            await peer.greet()
            msgid, params = await peer.request("put_file")
            peer.tell("progress", msgid, {"received": 0, "window": 10})
            self.assertEqual(await peer.notified("chunk"), [msgid, b"content"])
            peer.answer(msgid, {"key": KEY})
            for _ in range(2):
                msgid, params = await peer.request("get_file")
                peer.tell("chunk", msgid, b"content")
                self.assertEqual(await peer.notified("ack"), [msgid, 7])
                peer.answer(msgid, {"key": KEY, "bytes": 7})
            await peer.ended()

        self.play(calls, script)
        path = os.path.join(self.folder, "file")
        with open(path, "wb") as file:
            file.write(b"content")
        with skad.Client(self.path) as node:
            self.assertEqual(node.put_file(path)["key"], KEY)
            target = io.BytesIO()
            self.assertEqual(node.get_file(KEY, target)["bytes"], 7)
            self.assertEqual(target.getvalue(), b"content")
            with node.read_file(KEY) as reader:
                self.assertEqual(list(reader), [b"content"])

    def test_an_interrupt_ends_the_call_at_the_node(self):
        ended = threading.Event()

        async def script(peer):
            await peer.greet()
            await peer.request("put")
            await peer.ended()
            ended.set()

        self.play(script)
        real = blocking.asyncio.run_coroutine_threadsafe

        def interrupted(coroutine, loop):
            future = real(coroutine, loop)
            arrived = threading.Event()

            async def wait():
                while node._node._calls._current.live == 0:
                    await blocking.asyncio.sleep(0)
                arrived.set()

            real(wait(), loop)
            arrived.wait(30)
            future.result = mock.Mock(side_effect=KeyboardInterrupt)
            return future

        with skad.Client(self.path) as node:
            with mock.patch.object(blocking.asyncio, "run_coroutine_threadsafe", interrupted):
                with self.assertRaises(KeyboardInterrupt):
                    node.put(b"v")
            self.assertTrue(ended.wait(30))

    def test_a_client_that_is_closed_or_never_opened(self):
        async def script(peer):
            await peer.greet()
            await peer.ended()

        with self.assertRaises(skad.UnreachableError):
            with skad.Client(self.path):
                pass
        self.play(script)
        node = skad.Client(self.path).open()
        node.close()
        node.close()
        with self.assertRaises(skad.ClosedError):
            node.status()

    def test_a_dropped_client_leaves_no_thread(self):
        async def script(peer):
            await peer.greet()
            await peer.ended()

        before = threading.active_count()
        self.play(script)
        skad.Client(self.path).open()
        gc.collect()
        self.assertEqual(threading.active_count(), before + 1)  # that of the node

    def test_a_program_may_end_without_closing(self):
        async def script(peer):
            await peer.greet()
            await peer.ended()

        self.play(script)
        code = "import skad, sys; node = skad.Client(sys.argv[1]).open()"
        result = subprocess.run([sys.executable, "-X", "dev", "-c", code, self.path], capture_output=True, check=False,
                                timeout=60, text=True)
        self.assertEqual((result.returncode, result.stderr), (0, ""))


class Arguments(unittest.TestCase):
    def test_both_clients_take_the_same(self):
        def public(kind):
            return {name: each for name, each in vars(kind).items() if inspect.isfunction(each) and name[0] != "_"}

        blocks, waits = public(skad.Client), public(aio.Client)
        self.assertEqual(set(blocks) - {"close"}, set(waits) - {"aclose"})
        for name in set(blocks) & set(waits):
            with self.subTest(name):
                one, other = inspect.signature(blocks[name]), inspect.signature(waits[name])
                self.assertEqual(list(one.parameters.values()), list(other.parameters.values()))
                self.assertTrue(blocks[name].__doc__)
        one, other = inspect.signature(skad.Client.__init__), inspect.signature(aio.Client.__init__)
        self.assertEqual(one, other)


if __name__ == "__main__":
    unittest.main()
