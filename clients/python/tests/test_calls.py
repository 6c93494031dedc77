"""Calls in time, too late, cancelled, and around a connection that breaks."""

import asyncio
import os
import pickle
import unittest

import skad
from skad import aio
from skad._caller import Gate
from skad._link import RETIRED_MAX

from .fake import FakeCase

FAST = aio.Backoff(first_s=0.001, most_s=0.01)
KEY = "aa" * 32


async def idle(peer):
    """Greets, and answers nothing."""
    await peer.greet()
    await peer.ended()


async def answers(peer):
    """Greets, and answers each request with its method."""
    await peer.greet()
    while (message := await peer.read()) is not None:
        peer.answer(message[1], {"did": message[2]})


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


class Reconnecting(FakeCase):
    async def breaks(self, peer):
        """Hangs up instead of an answer."""
        await peer.greet()
        await peer.read()
        peer.close()

    async def test_what_changes_nothing_is_asked_again(self):
        asks = {
            "get": lambda node: node.get(KEY),
            "resolve": lambda node: node.resolve(KEY),
            "providers": lambda node: node.providers(KEY),
            "lookup": lambda node: node.lookup(KEY),
            "status": lambda node: node.status(),
        }
        for method, ask in asks.items():
            self.play(self.breaks, self.breaks, self.once)
            with self.subTest(method):
                async with aio.Client(self.path, backoff=FAST) as node:
                    self.assertEqual(await ask(node), {"did": method})

    async def once(self, peer):
        await peer.greet()
        message = await peer.read()
        peer.answer(message[1], {"did": message[2]})

    async def test_what_may_have_been_done_is_not(self):
        tries = {
            "put": lambda node: node.put(b"v"),
            "publish": lambda node: node.publish(b"v", sequence=1),
            "announce": lambda node: node.announce(KEY),
            "withdraw": lambda node: node.withdraw(KEY),
            "ban": lambda node: node.ban("192.0.2.1"),
        }
        for method, ask in tries.items():
            self.play(self.breaks)
            with self.subTest(method):
                async with aio.Client(self.path, backoff=FAST) as node:
                    with self.assertRaisesRegex(skad.DisconnectedError, "whether it was done is not known") as caught:
                        await ask(node)
                    self.assertEqual(caught.exception.method, method)

    async def test_a_client_comes_back_to_a_node_that_was_restarted(self):
        self.play(self.once)
        async with aio.Client(self.path, backoff=FAST) as node:
            self.assertEqual(await node.put(b"1"), {"did": "put"})
            await self.fake.stop()
            while node._calls._current.broken is None:
                await asyncio.sleep(0)
            task = asyncio.create_task(node.put(b"2"))
            while node._calls._failures < 3:
                await asyncio.sleep(0.001)
            self.play(answers)
            await self.fake.start()
            self.assertEqual(await task, {"did": "put"})

    async def test_patience_ends(self):
        self.play(self.once)
        async with aio.Client(self.path, patience=0.02, backoff=FAST) as node:
            await node.put(b"1")
            await self.fake.stop()
            while node._calls._current.broken is None:
                await asyncio.sleep(0)
            calls = [node.put(b"2"), node.get(KEY), node.status()]
            for result in await asyncio.gather(*calls, return_exceptions=True):
                self.assertIsInstance(result, skad.UnreachableError)

    async def test_the_first_time_it_waits_only_if_told_to(self):
        await self.fake.stop()
        with self.assertRaisesRegex(skad.UnreachableError, "there is no .*: start the node"):
            await aio.Client(self.path).open()
        task = asyncio.create_task(aio.Client(self.path, wait=60, backoff=FAST).open())
        await asyncio.sleep(0.01)
        self.play(idle)
        await self.fake.start()
        await (await task).aclose()

    async def test_why_a_socket_cannot_be_opened(self):
        await self.fake.stop()
        with open(self.path, "w"):
            pass
        with self.assertRaisesRegex(skad.UnreachableError, "no node listens at"):
            await aio.Client(self.path).open()
        with self.assertRaisesRegex(skad.UnreachableError, "cannot open"):
            await aio.Client(os.path.join(self.folder, "x" * 200)).open()
        if os.getuid() != 0:
            os.chmod(self.path, 0)
            with self.assertRaisesRegex(skad.UnreachableError, "you may not open"):
                await aio.Client(self.path, wait=60).open()

    async def test_a_client_too_many_tries_again(self):
        async def full(peer):
            peer.fail(0, "busy", "too many clients")

        self.play(full, full, answers)
        async with aio.Client(self.path, wait=60, backoff=FAST) as node:
            self.assertEqual(await node.status(), {"did": "status"})

    async def test_waits_grow_to_a_bound(self):
        backoff = aio.Backoff(first_s=1, most_s=8)
        for failures, longest in ((0, 1), (1, 2), (2, 4), (3, 8), (4, 8), (1000, 8)):
            for _ in range(20):
                self.assertLessEqual(backoff.delay(failures), longest)
                self.assertGreaterEqual(backoff.delay(failures), longest / 2)


class Batches(FakeCase):
    async def test_results_and_errors_in_the_order_of_the_calls(self):
        async def script(peer):
            await peer.greet()
            msgid, params = await peer.request("batch")
            self.assertEqual(params, [["put", [b"v", True]], ["get", [KEY]]])
            peer.answer(msgid, {"results": [[None, {"key": KEY}], [{"code": "not_found", "message": "none"}, None]]})
            msgid, params = await peer.request("batch")
            peer.answer(msgid, {"results": []})
            await peer.ended()

        self.play(script)
        async with aio.Client(self.path) as node:
            put, got = await node.batch([("put", {"value": b"v", "keep": True}), ("get", {"key": KEY})])
            self.assertEqual(put, {"key": KEY})
            self.assertIsInstance(got, skad.NotFoundError)
            self.assertEqual(got.method, "get")
            with self.assertRaises(skad.ProtocolError):
                await node.batch([("status", {})])
            with self.assertRaises(skad.ParamsError):
                await node.batch([("get", {"kee": KEY})])


class Errors(unittest.TestCase):
    def test_errors_cross_processes(self):
        error = skad.InputError("too long", method="put", parameter="value", index=0, expected="1 to 1000 bytes")
        again = pickle.loads(pickle.dumps(error))
        self.assertEqual((type(again), str(again), again.__dict__), (type(error), str(error), error.__dict__))

    def test_they_are_what_python_calls_such_errors(self):
        self.assertTrue(issubclass(skad.TimedOutError, TimeoutError))
        self.assertTrue(issubclass(skad.NoAnswerError, TimeoutError))
        self.assertTrue(issubclass(skad.DisconnectedError, ConnectionError))
        self.assertTrue(issubclass(skad.UnreachableError, ConnectionError))


if __name__ == "__main__":
    unittest.main()
