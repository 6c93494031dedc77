"""Files over the socket, with a node that watches the rules."""

import asyncio
import gc
import io
import os
import unittest

import skad
from skad import aio

from .fake import FakeCase

FAST = aio.Backoff(first_s=0.001, most_s=0.01)
KEY = "dd" * 32


async def takes(peer, msgid, size, window, test):
    """Receives a file as the protocol says, with so much room."""
    got = b""
    peer.tell("progress", msgid, {"received": 0, "stored": 0, "pieces": 0, "window": window})
    granted = window
    while len(got) < size:
        number, chunk = await peer.notified("chunk")
        test.assertEqual(number, msgid)
        test.assertTrue(0 < len(chunk) <= 1000)
        got += chunk
        test.assertLessEqual(len(got), granted)
        if len(got) == granted:
            granted = len(got) + window
            peer.tell("progress", msgid, {"received": len(got), "stored": len(got), "pieces": 1, "window": window})
    return got


class Uploads(FakeCase):
    async def test_a_file_goes_in_chunks_within_the_window(self):
        data = os.urandom(10_007)

        async def script(peer):
            await peer.greet()
            msgid, params = await peer.request("put_file")
            self.assertEqual(params, [len(data), True])
            self.assertEqual(await takes(peer, msgid, len(data), 2500, self), data)
            peer.answer(msgid, {"api": 1, "key": KEY, "bytes": len(data), "pieces": 12, "holders_min": 16})
            await peer.ended()

        sources = {
            "path": os.path.join(self.folder, "file"),
            "file object": io.BytesIO(data),
            "from its middle": io.BytesIO(b"before" + data),
        }
        sources["from its middle"].seek(6)
        with open(sources["path"], "wb") as file:
            file.write(data)
        for label, source in sources.items():
            self.play(script)
            progress = []
            node = aio.Client(self.path)
            with self.subTest(label):
                result = await node.put_file(source, keep=True, progress=progress.append)
                self.assertEqual(result["key"], KEY)
                self.assertEqual([each["received"] for each in progress[:2]], [0, 2500])
            await node.aclose()

    async def test_a_stream_without_a_size_ends_with_an_empty_chunk(self):
        for size in (0, 500, 1000):
            reading, writing = os.pipe()
            os.write(writing, b"x" * size)
            os.close(writing)

            async def script(peer, size=size):
                await peer.greet()
                msgid, params = await peer.request("put_file")
                self.assertEqual(params, [None, False])
                self.assertEqual(await takes(peer, msgid, size, 100, self), b"x" * size)
                self.assertEqual(await peer.notified("chunk"), [msgid, b""])
                with self.assertRaises(TimeoutError):
                    await asyncio.wait_for(peer.read(), 0.02)
                peer.answer(msgid, {"key": KEY})
                await peer.ended()

            self.play(script)
            node = aio.Client(self.path)
            with self.subTest(size), open(reading, "rb", buffering=0) as pipe:
                self.assertEqual((await node.put_file(pipe))["key"], KEY)
            await node.aclose()

    async def test_an_empty_file(self):
        async def script(peer):
            await peer.greet()
            msgid, params = await peer.request("put_file")
            self.assertEqual(params, [0, False])
            peer.answer(msgid, {"key": KEY, "bytes": 0})
            self.assertEqual(await peer.ended(), [])

        self.play(script)
        node = aio.Client(self.path)
        self.assertEqual((await node.put_file(io.BytesIO()))["bytes"], 0)
        await node.aclose()

    async def test_what_ends_early_or_cannot_be_read_is_aborted(self):
        class Torn(io.RawIOBase):
            def read(self, _=-1):
                raise OSError("the disk is torn")

        aborted = 0

        async def script(peer):
            nonlocal aborted
            await peer.greet()
            msgid, _ = await peer.request("put_file")
            peer.tell("progress", msgid, {"received": 0, "window": 10_000})
            while (message := await peer.read())[0] == 2:
                pass
            self.assertEqual(message[2:], ["abort", [msgid]])
            peer.fail(msgid, "aborted")
            peer.answer(message[1], True)
            aborted += 1
            await peer.ended()

        self.play(script, script)
        node = aio.Client(self.path)
        with self.assertRaisesRegex(skad.InputError, "ended after 3 of 9 bytes"):
            await node.put_file(io.BytesIO(b"abc"), size=9)
        await node.aclose()
        node = aio.Client(self.path)
        with self.assertRaisesRegex(OSError, "torn"):
            await node.put_file(Torn(), size=9)
        await node.aclose()
        self.assertEqual(aborted, 2)

    async def test_the_nodes_error_ends_it_at_once(self):
        async def script(peer):
            await peer.greet()
            msgid, _ = await peer.request("put_file")
            peer.tell("progress", msgid, {"received": 0, "window": 5000})
            await peer.notified("chunk")
            peer.fail(msgid, "refused", "piece 1 found no holder")
            await peer.ended()

        async def hangs_up(peer):
            await peer.greet()
            msgid, _ = await peer.request("put_file")
            peer.tell("progress", msgid, {"received": 0, "window": 500})
            await peer.notified("chunk")

        self.play(script, hangs_up)
        node = aio.Client(self.path)
        with self.assertRaisesRegex(skad.RefusedError, "piece 1 found no holder"):
            await node.put_file(io.BytesIO(b"x" * 100_000))
        await node.aclose()
        node = aio.Client(self.path)
        with self.assertRaises(skad.DisconnectedError):
            await node.put_file(io.BytesIO(b"x" * 100_000))
        await node.aclose()

    async def test_an_error_of_the_programs_own_function_ends_this_transfer_and_no_other(self):
        async def script(peer):
            await peer.greet()
            watch, _ = await peer.request("subscribe_status")
            msgid, _ = await peer.request("put_file")
            peer.tell("progress", msgid, {"received": 0, "window": 10})
            while (message := await peer.read())[0] == 2:
                pass
            self.assertEqual(message[2:], ["abort", [msgid]])
            peer.fail(msgid, "aborted")
            peer.answer(message[1], True)
            peer.tell("status", watch, {"peers": 3})
            await peer.ended()

        def progress(now):
            raise KeyError("mine")

        self.play(script)
        node = aio.Client(self.path)
        statuses = await node.watch_status().__aenter__()
        with self.assertRaisesRegex(KeyError, "mine"):
            await node.put_file(io.BytesIO(b"x" * 100), progress=progress)
        self.assertEqual((await statuses.next(30))["peers"], 3)
        await node.aclose()

    async def test_cancelling_aborts_it_at_the_node(self):
        arrived, aborted = asyncio.Event(), asyncio.Event()

        async def script(peer):
            await peer.greet()
            msgid, _ = await peer.request("put_file")
            peer.tell("progress", msgid, {"received": 0, "window": 10})
            await peer.notified("chunk")
            arrived.set()
            end, params = await peer.request("abort")
            self.assertEqual(params, [msgid])
            peer.answer(end, True)
            aborted.set()
            await peer.ended()

        self.play(script)
        node = aio.Client(self.path)
        task = asyncio.create_task(node.put_file(io.BytesIO(b"x" * 100)))
        await arrived.wait()
        task.cancel()
        with self.assertRaises(asyncio.CancelledError):
            await task
        await aborted.wait()
        await node.aclose()


class Downloads(FakeCase):
    data = os.urandom(4500)

    async def sends(self, peer):
        """Sends the file; at most 2000 bytes that are not acknowledged."""
        await peer.greet()
        msgid, params = await peer.request("get_file")
        self.assertEqual(params, [KEY, 0])
        peer.tell("progress", msgid, {"pieces": 0, "bytes": len(self.data)})
        sent = acked = 0
        while sent < len(self.data):
            while sent < len(self.data) and sent - acked < 2000:
                peer.tell("chunk", msgid, self.data[sent : sent + 500])
                sent += 500
            if sent < len(self.data):
                number, acked = await peer.notified("ack")
                self.assertEqual(number, msgid)
                self.assertLessEqual(acked, sent)
        peer.answer(msgid, {"api": 1, "key": KEY, "bytes": len(self.data), "pieces": 5})
        await peer.ended()

    async def test_a_file_goes_to_a_path_a_file_object_or_a_loop(self):
        self.play(self.sends, self.sends, self.sends)
        path = os.path.join(self.folder, "file")
        node = aio.Client(self.path)
        result = await node.get_file(KEY, path)
        await node.aclose()
        self.assertEqual(result["bytes"], len(self.data))
        with open(path, "rb") as file:
            self.assertEqual(file.read(), self.data)
        self.assertEqual(os.stat(path).st_mode & 0o777, 0o666 & ~umask())
        self.assertEqual(sorted(os.listdir(self.folder)), ["file", "s"])

        node = aio.Client(self.path)
        target, progress = io.BytesIO(), []
        await node.get_file(KEY, target, progress=progress.append)
        self.assertEqual((target.getvalue(), progress[0]["bytes"]), (self.data, len(self.data)))
        await node.aclose()

        node = aio.Client(self.path)
        async with node.read_file(KEY) as file:
            self.assertEqual(b"".join([chunk async for chunk in file]), self.data)
        self.assertEqual(file.result["pieces"], 5)
        await node.aclose()

    async def test_it_goes_on_where_it_stopped(self):
        async def breaks(peer):
            await peer.greet()
            msgid, params = await peer.request("get_file")
            self.assertEqual(params, [KEY, 100, 1000])
            peer.tell("chunk", msgid, b"a" * 300)
            peer.tell("chunk", msgid, b"b" * 300)
            peer.close()

        async def rest(peer):
            await peer.greet()
            msgid, params = await peer.request("get_file")
            self.assertEqual(params, [KEY, 700, 400])
            peer.tell("chunk", msgid, b"c" * 400)
            peer.answer(msgid, {"key": KEY, "bytes": 400})
            await peer.ended()

        self.play(breaks, rest)
        node = aio.Client(self.path, backoff=FAST)
        target = io.BytesIO()
        await node.get_file(KEY, target, offset=100, length=1000)
        self.assertEqual(target.getvalue(), b"a" * 300 + b"b" * 300 + b"c" * 400)
        await node.aclose()

    async def test_it_is_whole_when_the_connection_breaks_after_the_last_byte(self):
        async def breaks(peer):
            await peer.greet()
            msgid, _ = await peer.request("get_file")
            peer.tell("progress", msgid, {"size": 500, "sent": 500, "pieces": 2, "window": 9})
            peer.tell("chunk", msgid, b"a" * 500)

        async def breaks_a_part(peer):
            await peer.greet()
            msgid, _ = await peer.request("get_file")
            peer.tell("chunk", msgid, b"a" * 100)

        self.play(breaks)
        node = aio.Client(self.path, backoff=FAST)
        result = await node.get_file(bytes.fromhex(KEY), io.BytesIO())
        self.assertEqual(result, {"api": 1, "key": KEY, "size": 500, "bytes": 500, "pieces": 2})
        await node.aclose()
        self.play(breaks_a_part)
        node = aio.Client(self.path, backoff=FAST)
        self.assertEqual((await node.get_file(KEY, io.BytesIO(), length=100))["bytes"], 100)
        await node.aclose()

    async def test_no_more_files_than_the_node_takes(self):
        async def script(peer):
            await peer.greet(limits={"files": 2, "chunk_bytes": 1000})
            for _ in range(3):
                waiting = [(await peer.request("get_file"))[0] for _ in range(2)]
                with self.assertRaises(TimeoutError):
                    await asyncio.wait_for(peer.read(), 0.05)
                for msgid in waiting:
                    peer.answer(msgid, {"key": KEY, "bytes": 0})
            await peer.ended()

        self.play(script)
        node = aio.Client(self.path)
        await node._lasting.get()
        await asyncio.gather(*[node.get_file(KEY, io.BytesIO()) for _ in range(6)])
        await node.aclose()

    async def test_a_failure_leaves_no_file_and_does_not_touch_the_old_one(self):
        async def script(peer):
            await peer.greet()
            msgid, _ = await peer.request("get_file")
            peer.tell("chunk", msgid, b"x" * 500)
            peer.fail(msgid, "not_found", "piece 7 is missing", piece=KEY)
            await peer.ended()

        self.play(script)
        path = os.path.join(self.folder, "file")
        with open(path, "wb") as file:
            file.write(b"old")
        node = aio.Client(self.path)
        with self.assertRaisesRegex(skad.NotFoundError, "piece 7") as caught:
            await node.get_file(KEY, path)
        self.assertEqual(caught.exception.piece, KEY)
        with open(path, "rb") as file:
            self.assertEqual(file.read(), b"old")
        self.assertEqual(sorted(os.listdir(self.folder)), ["file", "s"])
        await node.aclose()

    async def test_dropping_it_aborts_it(self):
        aborted = asyncio.Event()

        async def script(peer):
            await peer.greet()
            msgid, _ = await peer.request("get_file")
            peer.tell("chunk", msgid, b"x" * 500)
            end, params = await peer.request("abort")
            self.assertEqual(params, [msgid])
            peer.fail(msgid, "aborted")
            peer.answer(end, True)
            aborted.set()
            await peer.ended()

        self.play(script)
        node = aio.Client(self.path)
        async for _ in node.read_file(KEY):
            break
        gc.collect()
        await aborted.wait()
        await node.aclose()

    async def test_leaving_the_loop_aborts_it(self):
        aborted = asyncio.Event()

        async def script(peer):
            await peer.greet()
            msgid, _ = await peer.request("get_file")
            peer.tell("chunk", msgid, b"x" * 500)
            end, params = await peer.request("abort")
            self.assertEqual(params, [msgid])
            peer.fail(msgid, "aborted")
            peer.answer(end, True)
            aborted.set()
            await peer.ended()

        self.play(script)
        node = aio.Client(self.path)
        async with node.read_file(KEY) as file:
            async for _ in file:
                break
        await aborted.wait()
        await node.aclose()


def umask():
    mask = os.umask(0)
    os.umask(mask)
    return mask


if __name__ == "__main__":
    unittest.main()
