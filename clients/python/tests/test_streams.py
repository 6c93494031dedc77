"""Watches and subscriptions: what comes, what is left out, how they end and come back."""

import asyncio
import gc
import unittest

import skad
from skad import aio

from .fake import FakeCase

FAST = aio.Backoff(first_s=0.001, most_s=0.01)
PUBLISHER = "cc" * 32


def version(sequence, value=b"v"):
    return {"sequence": sequence, "value": value}


class Streams(FakeCase):
    def client(self):
        return aio.Client(self.path, backoff=FAST)

    async def test_changes_come_one_after_the_other_until_it_is_ended(self):
        seen = asyncio.Event()

        async def script(peer):
            await peer.greet()
            msgid, params = await peer.request("watch_record")
            self.assertEqual(params, [PUBLISHER, b"salt", 5])
            peer.tell("changed", msgid, version(1))
            await seen.wait()
            peer.tell("changed", msgid, version(2))
            end, params = await peer.request("unwatch")
            self.assertEqual(params, [msgid])
            peer.answer(msgid, {"changes": 2})
            peer.answer(end, True)
            await peer.ended()

        self.play(script)
        sequences = []
        node = self.client()
        async with node.watch_record(PUBLISHER, salt=b"salt", every_s=5) as watch:
            async for each in watch:
                sequences.append(each["sequence"])
                seen.set()
                if len(sequences) == 2:
                    break
        self.assertEqual(sequences, [1, 2])
        with self.assertRaises(StopAsyncIteration):
            await watch.__anext__()
        await node.aclose()

    async def test_a_slow_reader_gets_the_latest(self):
        sent = asyncio.Event()

        async def script(peer):
            await peer.greet()
            msgid, _ = await peer.request("watch_record")
            for sequence in range(1, 1001):
                peer.tell("changed", msgid, version(sequence))
            probe, _ = await peer.request("unwatch")
            peer.answer(probe, False)
            sent.set()
            await peer.ended()

        self.play(script)
        node = self.client()
        watch = await node.watch_record(PUBLISHER).__aenter__()
        self.assertFalse(await (await node._lasting.get()).call("unwatch", [0]))
        await sent.wait()
        self.assertEqual((await watch.next())["sequence"], 1000)
        await node.aclose()

    async def test_events_that_find_no_room_are_counted(self):
        async def script(peer):
            await peer.greet()
            msgid, params = await peer.request("subscribe_events")
            self.assertEqual(params, [["ban", "joined"]])
            for index in range(1024 + 3):
                peer.tell("event", msgid, {"kind": "ban", "unix_s": index})
            probe, _ = await peer.request("unsubscribe")
            peer.answer(probe, False)
            await peer.ended()

        self.play(script)
        node = self.client()
        events = await node.events(["ban", "joined"]).__aenter__()
        await (await node._lasting.get()).call("unsubscribe", [0])
        self.assertEqual(await events.next(), {"kind": "lost", "count": 3})
        self.assertEqual((await events.next())["unix_s"], 3)
        await node.aclose()

    async def test_a_watch_comes_back_and_does_not_repeat_itself(self):
        quiet = asyncio.Event()

        async def first(peer):
            await peer.greet()
            msgid, _ = await peer.request("watch_record")
            peer.tell("changed", msgid, version(1))
            peer.close()

        async def second(peer):  # restarted; it finds what was, then a change
            await peer.greet()
            msgid, params = await peer.request("watch_record")
            self.assertEqual(params, [PUBLISHER, b"", 60])
            peer.tell("changed", msgid, version(1))
            probe, _ = await peer.request("unwatch")
            peer.answer(probe, False)
            await quiet.wait()
            peer.tell("changed", msgid, version(2))
            await peer.ended()

        async def broken(peer):
            await peer.greet()

        self.play(first, broken, second)
        node = self.client()
        watch = node.watch_record(PUBLISHER)
        self.assertEqual((await watch.next(30))["sequence"], 1)
        coming = asyncio.create_task(watch.next(30))
        while self.fake.connections < 3 or node._lasting._current is None or node._lasting._current.live == 0:
            await asyncio.sleep(0)
        await (await node._lasting.get()).call("unwatch", [0])
        self.assertFalse(coming.done(), "what was there before is repeated")
        quiet.set()
        self.assertEqual((await coming)["sequence"], 2)
        await node.aclose()

    async def test_providers_are_the_same_in_any_order(self):
        one = {"publisher": "aa", "sequence": 1, "endpoint": None}
        two = {"publisher": "bb", "sequence": 1, "endpoint": "192.0.2.1:1"}

        async def first(peer):
            await peer.greet()
            msgid, _ = await peer.request("watch_providers")
            peer.tell("changed", msgid, {"providers": [one, two]})
            peer.close()

        async def second(peer):
            await peer.greet()
            msgid, _ = await peer.request("watch_providers")
            peer.tell("changed", msgid, {"providers": [two, one]})
            peer.tell("changed", msgid, {"providers": [two]})
            await peer.ended()

        self.play(first, second)
        node = self.client()
        watch = node.watch_providers(PUBLISHER)
        self.assertEqual([len((await watch.next(30))["providers"]) for _ in range(2)], [2, 1])
        await node.aclose()

    async def test_it_ends_with_the_nodes_error(self):
        async def script(peer):
            await peer.greet()
            msgid, _ = await peer.request("watch_record")
            peer.fail(msgid, "busy", "64 watches are the most")
            await peer.ended()

        self.play(script)
        node = self.client()
        watch = node.watch_record(PUBLISHER)
        with self.assertRaisesRegex(skad.BusyError, "watch_record: 64 watches"):
            await watch.next()
        with self.assertRaises(StopAsyncIteration):
            await watch.__anext__()
        await node.aclose()

    async def test_when_the_node_stays_away_the_reader_is_told(self):
        async def script(peer):
            await peer.greet()
            msgid, _ = await peer.request("watch_record")
            peer.tell("changed", msgid, version(1))
            self.fake._server.close()
            peer.close()

        self.play(script)
        node = aio.Client(self.path, patience=0.01, backoff=FAST)
        watch = node.watch_record(PUBLISHER)
        await watch.next()
        with self.assertRaises(skad.UnreachableError):
            await watch.next()
        await node.aclose()

    async def test_giving_up_on_an_item_does_not_end_it(self):
        async def script(peer):
            await peer.greet()
            msgid, _ = await peer.request("subscribe_status")
            peer.tell("status", msgid, {"peers": 2})
            probe, _ = await peer.request("unsubscribe")
            peer.answer(probe, False)
            peer.tell("status", msgid, {"peers": 3})
            await peer.ended()

        self.play(script)
        node = self.client()
        statuses = node.watch_status()
        self.assertEqual(await statuses.next(30), {"peers": 2})  # so it has begun, however slow
        with self.assertRaises(skad.NoAnswerError):
            await statuses.next(0.01)
        await (await node._lasting.get()).call("unsubscribe", [0])
        self.assertEqual(await statuses.next(30), {"peers": 3})
        await node.aclose()

    async def test_a_cancelled_reader_ends_it_at_the_node(self):
        ended = asyncio.Event()

        async def script(peer):
            await peer.greet()
            msgid, _ = await peer.request("watch_record")
            end, params = await peer.request("unwatch")
            self.assertEqual(params, [msgid])
            peer.answer(end, True)
            ended.set()
            await peer.ended()

        self.play(script)
        node = self.client()

        async def read():
            async with node.watch_record(PUBLISHER) as watch:
                async for _ in watch:
                    pass

        task = asyncio.create_task(read())
        while node._lasting._current is None or node._lasting._current.live == 0:
            await asyncio.sleep(0)
        task.cancel()
        with self.assertRaises(asyncio.CancelledError):
            await task
        await ended.wait()
        await node.aclose()

    async def test_dropping_it_ends_it_at_the_node(self):
        ended = asyncio.Event()

        async def script(peer):
            await peer.greet()
            msgid, _ = await peer.request("subscribe_events")
            peer.tell("event", msgid, {"kind": "joined"})
            end, params = await peer.request("unsubscribe")
            self.assertEqual(params, [msgid])
            peer.answer(msgid, {"events": 1})
            peer.answer(end, True)
            ended.set()
            await peer.ended()

        self.play(script)
        node = self.client()
        async for event in node.events():
            self.assertEqual(event["kind"], "joined")
            break
        gc.collect()
        await ended.wait()
        await node.aclose()

    async def test_watches_do_not_hold_back_calls_that_are_cancelled(self):
        """A watch has a connection of its own, so the one of a cancelled call closes at once."""

        async def watches(peer):
            await peer.greet()
            msgid, _ = await peer.request("watch_record")
            peer.tell("changed", msgid, version(1))
            await peer.ended()

        closed = asyncio.Event()

        async def calls(peer):
            await peer.greet()
            msgid, _ = await peer.request("get")
            peer.answer(msgid, {"value": b"v"})
            await peer.request("put")
            await peer.ended()
            closed.set()

        self.play(watches, calls)
        node = self.client()
        watch = node.watch_record(PUBLISHER)
        await watch.next()
        await node.get(bytes(32))  # so there is a connection for calls, however slow
        with self.assertRaises(skad.NoAnswerError):
            await node.put(b"v", timeout=0.01)
        await asyncio.wait_for(closed.wait(), 30)
        await node.aclose()


if __name__ == "__main__":
    unittest.main()
