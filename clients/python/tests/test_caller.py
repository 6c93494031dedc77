"""Calls in time, too late, cancelled, and more than the node takes."""

import asyncio
import unittest

import skad
from skad import aio
from skad._caller import Gate
from skad._link import RETIRED_MAX

from .fake import FakeCase, answers, idle

FAST = aio.Backoff(first_s=0.001, most_s=0.01)
KEY = "aa" * 32


class Cancelling(FakeCase):
    async def test_a_call_that_takes_too_long_ends_at_the_node_too(self):
        self.play(idle, answers)
        async with aio.Client(self.path, timeout=30) as node:
            with self.assertRaisesRegex(skad.NoAnswerError, "lookup: the node gave no answer in 0.01 s"):
                await node.lookup(KEY, timeout=0.01)
            await self.fake.played()  # the first connection has ended, as the operation was the only one over it
            self.assertEqual(await node.get(KEY), {"did": "get"})

    async def test_the_clients_timeout_is_no_error_of_the_network(self):
        async def script(peer):
            await peer.greet()
            msgid, _ = await peer.request("get")
            peer.fail(msgid, "timed_out", "no node answered")
            await peer.ended()

        self.play(script)
        async with aio.Client(self.path) as node:
            with self.assertRaisesRegex(skad.TimedOutError, "no node answered"):
                await node.get(KEY)

    async def test_a_cancelled_call_leaves_the_others_their_answers(self):
        cancelled = asyncio.Event()

        async def first(peer):
            await peer.greet()
            await peer.request("put")
            msgid, _ = await peer.request("get")
            await cancelled.wait()
            peer.answer(msgid, {"value": b"of the first"})
            self.assertEqual(await peer.ended(), [])

        self.play(first, answers)
        async with aio.Client(self.path) as node:
            put = asyncio.create_task(node.put(b"v"))
            get = asyncio.create_task(node.get(KEY))
            await asyncio.sleep(0)
            while node._calls._current.live < 2:
                await asyncio.sleep(0)
            put.cancel()
            with self.assertRaises(asyncio.CancelledError):
                await put
            self.assertEqual(await node.get("bb" * 32), {"did": "get"})  # over another connection
            cancelled.set()
            self.assertEqual(await get, {"value": b"of the first"})
            while node._calls._retired:
                await asyncio.sleep(0)

    async def test_connections_that_wait_for_their_last_call_are_bounded(self):
        self.play(*[idle] * (RETIRED_MAX + 1))
        kept = []
        async with aio.Client(self.path) as node:
            for _ in range(3 * RETIRED_MAX):
                tasks = [asyncio.create_task(node.put(b"v")) for _ in range(2)]
                kept.append(tasks[1])
                while node._calls._current is None or node._calls._current.live < 2:
                    await asyncio.sleep(0)
                tasks[0].cancel()
                await asyncio.sleep(0)
                self.assertLessEqual(len(node._calls._retired), RETIRED_MAX)
                if len(node._calls._retired) == RETIRED_MAX and node._calls._current is not None:
                    break
            self.assertEqual(self.fake.connections, RETIRED_MAX + 1)
        for error in await asyncio.gather(*kept, return_exceptions=True):
            self.assertIsInstance(error, skad.ClosedError)

    async def test_closing_ends_what_is_under_way(self):
        self.play(idle)
        node = await aio.Client(self.path).open()
        task = asyncio.create_task(node.put(b"v"))
        while node._calls._current.live < 1:
            await asyncio.sleep(0)
        await node.aclose()
        with self.assertRaises(skad.ClosedError):
            await task
        with self.assertRaises(skad.ClosedError):
            await node.status()

    async def test_closing_ends_the_waiting_for_a_node(self):
        await self.fake.stop()
        node = aio.Client(self.path, wait=60, backoff=FAST)
        task = asyncio.create_task(node.status())
        while node._calls._opening is None:
            await asyncio.sleep(0)
        await node.aclose()
        with self.assertRaises(skad.ClosedError):
            await task


class Bounds(FakeCase):
    async def test_no_more_operations_than_the_node_takes(self):
        most = 0
        under_way = []

        async def script(peer):
            nonlocal most
            await peer.greet(limits={"operations": 3})
            done = 0
            while done < 10:
                message = await peer.read()
                if message[2] == "status":  # it came past the operations that wait
                    peer.answer(message[1], {"joined": True})
                else:
                    under_way.append(message[1])
                most = max(most, len(under_way))
                while len(under_way) == 3 or (under_way and done >= 7):
                    peer.answer(under_way.pop(), {})
                    done += 1
            await peer.ended()

        self.play(script)
        async with aio.Client(self.path) as node:
            puts = [asyncio.create_task(node.put(b"%d" % i)) for i in range(10)]
            self.assertTrue((await node.status())["joined"])
            await asyncio.gather(*puts)
        self.assertEqual(most, 3)

    async def test_a_turn_that_is_given_to_a_cancelled_task_goes_to_the_next(self):
        gate = Gate(lambda: 1)
        entered = []

        async def enter(name):
            async with gate:
                entered.append(name)

        async with gate:
            first = asyncio.create_task(enter("first"))
            second = asyncio.create_task(enter("second"))
            await asyncio.sleep(0)
        first.cancel()
        await asyncio.wait([first, second])
        self.assertEqual(entered, ["second"])


if __name__ == "__main__":
    unittest.main()
