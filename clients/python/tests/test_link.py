"""Around a connection that breaks, and one that cannot be made."""

import asyncio
import os
import unittest
from unittest import mock

import skad
from skad import aio

from .fake import FakeCase, answers, idle

FAST = aio.Backoff(first_s=0.001, most_s=0.01)
KEY = "aa" * 32


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

    async def test_a_socket_of_another_user_is_not_tried_again(self):
        await self.fake.stop()
        tries = mock.AsyncMock(side_effect=PermissionError)
        with mock.patch.object(asyncio, "open_unix_connection", tries):
            with self.assertRaisesRegex(skad.UnreachableError, "you may not open"):
                await aio.Client(self.path, wait=60, backoff=FAST).open()
        tries.assert_awaited_once()

    async def test_it_waits_between_tries(self):
        async def full(peer):
            peer.fail(0, "busy", "too many clients")

        self.play(full, full)  # at once, and when the time is over
        patient = aio.Backoff(first_s=1000, most_s=1000)
        with self.assertRaises(skad.BusyError):
            await aio.Client(self.path, wait=0.05, backoff=patient).open()

    async def test_a_node_that_hangs_up_before_any_answer_is_as_good_as_none(self):
        self.play(self.breaks, self.breaks, self.breaks, self.once)
        async with aio.Client(self.path, backoff=FAST) as node:
            await node.get(KEY)
            self.assertEqual(node._calls._failures, 3)
            await self.fake.played()
            self.play(self.once)
            await node.get(KEY)  # the one before did answer
            self.assertEqual(node._calls._failures, 0)

    async def test_waits_grow_to_a_bound(self):
        backoff = aio.Backoff(first_s=1, most_s=8)
        for failures, longest in ((0, 1), (1, 2), (2, 4), (3, 8), (4, 8), (1000, 8)):
            for _ in range(20):
                self.assertLessEqual(backoff.delay(failures), longest)
                self.assertGreaterEqual(backoff.delay(failures), longest / 2)


if __name__ == "__main__":
    unittest.main()
