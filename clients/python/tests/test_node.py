"""The client with real nodes: each method once, then a daemon that is killed and comes back."""

import asyncio
import hashlib
import io
import os
import unittest

import skad
from skad import aio, protocol

from .network import NetworkCase, until

KEY = "00" * 32


class Methods(NetworkCase):
    def setUp(self):
        self.node = skad.Client(self.network.path).open()
        self.addCleanup(self.node.close)

    def has(self, result, kind):
        """The node gives what the types promise."""
        self.assertEqual(kind.__required_keys__ - result.keys(), set())
        return result

    def test_values(self):
        stored = self.has(self.node.put(b"a value"), protocol.Put)
        got = self.has(self.node.get(bytes.fromhex(stored["key"])), protocol.Get)
        self.assertEqual((got["value"], got["key"]), (b"a value", stored["key"]))
        self.assertEqual(self.node.get(self.node.put("text")["key"])["value"], b"text")
        with self.assertRaises(skad.NotFoundError):
            self.node.get(KEY)

    def test_records(self):
        published = self.node.publish(b"one", salt=b"records", sequence=1, keep=False)
        self.assertEqual(self.has(published, protocol.Publish)["sequence"], 1)
        me = self.node.status()["public_key"]
        self.assertEqual(self.has(self.node.resolve(me, salt="records"), protocol.Resolve)["value"], b"one")
        with self.assertRaises(skad.RefusedError):
            self.node.publish(b"two", salt=b"records", sequence=1)
        with self.assertRaises(skad.InputError):
            self.node.store(b"no record")

    def test_announcements(self):
        self.has(self.node.announce(KEY, endpoint="127.0.0.1:80", metadata="m"), protocol.Put)
        providers = self.has(self.node.providers(KEY), protocol.Providers)["providers"]
        self.assertEqual([(each["endpoint"], each["metadata"]) for each in providers], [("127.0.0.1:80", b"m")])
        self.assertEqual(self.has(self.node.withdraw(KEY), protocol.Withdraw)["withdrawn"], 1)

    def test_lookups(self):
        steps = []
        found = self.has(self.node.trace(KEY, steps.append), protocol.Lookup)
        self.assertLessEqual({step["id"] for step in found["steps"] if step["state"] == "answered"},
                             {step["id"] for step in steps})
        self.has(self.node.lookup(KEY), protocol.Lookup)
        self.has(self.node.ping(self.network.address), protocol.Ping)

    def test_the_node_itself(self):
        self.has(self.node.status(), protocol.Status)
        self.has(self.node.health(), protocol.Health)
        self.has(self.node.table(), protocol.Table)
        page = self.has(self.node.records(max=1), protocol.Records)
        if page["next"] is not None:
            self.node.records(start=page["next"])
        self.has(self.node.ban("192.0.2.1", life_s=60), protocol.Subject)
        self.assertIn("192.0.2.1/32", [each["subject"] for each in self.node.bans()["bans"]])
        self.node.unban("192.0.2.1")
        self.node.allow("192.0.2.0/24")
        with self.assertRaises(skad.NotFoundError):
            self.node.unban("192.0.2.1")

    def test_wrong_parameters(self):
        wrong = {
            "an ID": lambda: self.node.get("xy"),
            "a section": lambda: self.node.records("neither"),
            "an address": lambda: self.node.ping("nowhere"),
            "a value": lambda: self.node.put(b""),
            "a salt": lambda: self.node.resolve(KEY, salt=b"s" * 65),
        }
        for label, call in wrong.items():
            with self.subTest(label), self.assertRaises((skad.ParamsError, skad.InputError)):
                call()

    def test_watches_see_changes_and_end(self):
        me = self.node.status()["public_key"]
        with self.node.watch_record(me, salt="seen", every_s=5) as watch:
            for sequence in (1, 2):
                self.node.publish(f"{sequence}", salt="seen", sequence=sequence, keep=False)
                self.assertEqual(watch.next(30)["sequence"], sequence)
        with self.node.watch_providers(self.node.put(b"w")["key"]) as watch:
            with self.assertRaises(skad.NoAnswerError):
                watch.next(0.05)
        until(lambda: self.node.status()["watches"] == 0)

    def test_what_is_cancelled_ends_at_the_node(self):
        async def cancels():
            async with aio.Client(self.network.path) as node:
                tasks = [asyncio.create_task(node.lookup(os.urandom(32))) for _ in range(30)]
                await node.status()
                for task in tasks:
                    task.cancel()
                await asyncio.wait(tasks)
                await node.put(b"and it goes on")

        asyncio.run(cancels())
        until(lambda: self.node.status()["operations"] == 0)

    def test_the_interface_of_1_1(self):
        self.has(self.node.hello, protocol.Hello)
        self.has(self.node.hello["limits"], protocol.Limits)
        stored, missing, health = self.node.batch([("put", {"value": "v"}), ("get", {"key": KEY}), ("health", {})])
        self.assertEqual(len(stored["key"]), 64)
        self.assertIsInstance(missing, skad.NotFoundError)
        self.has(health, protocol.Health)
        with self.node.events(["ban"]) as events, self.node.watch_status(every_s=1) as statuses:
            self.node.ban("192.0.2.9")
            self.assertEqual(events.next(30)["subject"], "192.0.2.9/32")
            for _ in range(2):
                self.has(statuses.next(30), protocol.Status)
        first = self.node.publish("a", salt="automatic")["sequence"]
        self.assertGreater(self.node.publish("b", salt="automatic")["sequence"], first)
        with self.assertRaises(skad.ParamsError) as caught:
            self.node.get("xy")
        self.assertEqual((caught.exception.parameter, caught.exception.index), ("key", 0))
        self.assertIn("64 hex digits", caught.exception.expected)

    def test_files(self):
        data = os.urandom(300_000)
        progress = []
        stored = self.has(self.node.put_file(io.BytesIO(data), progress=progress.append), protocol.PutFile)
        self.assertEqual((stored["bytes"], progress[-1]["received"]), (len(data), len(data)))
        reading, writing = os.pipe()
        os.write(writing, b"from a pipe")
        os.close(writing)
        with open(reading, "rb", buffering=0) as pipe:
            piped = self.node.put_file(pipe)["key"]
        for key, content in ((stored["key"], data), (piped, b"from a pipe")):
            path = os.path.join(self.network.folder, "fetched")
            self.has(self.node.get_file(key, path), protocol.GetFile)
            with open(path, "rb") as file:
                self.assertEqual(hashlib.sha256(file.read()).digest(), hashlib.sha256(content).digest())
        with self.node.read_file(stored["key"], offset=123_456, length=5000) as part:
            self.assertEqual(b"".join(part), data[123_456:128_456])
        with self.node.read_file(stored["key"]) as file:
            next(file)  # and no more: leaving aborts it
        with self.assertRaises(skad.NotFoundError):
            self.node.get_file(KEY, io.BytesIO())


class Restarts(NetworkCase):
    def test_a_daemon_is_killed_and_comes_back(self):
        asyncio.run(self.through_a_restart())

    async def through_a_restart(self):
        async with aio.Client(self.network.node(3)) as other, aio.Client(self.network.path) as node:
            publisher = (await other.status())["public_key"]
            await other.publish("one", salt="watched", sequence=1)
            watch = node.watch_record(publisher, salt="watched", every_s=5)
            self.assertEqual((await watch.next(30))["sequence"], 1)
            key = (await other.put(b"there all the time"))["key"]

            rounds = 150
            puts = [asyncio.create_task(node.put(f"value {index}")) for index in range(rounds)]
            gets = [asyncio.create_task(node.get(key)) for _ in range(rounds)]
            await asyncio.wait(puts + gets, return_when=asyncio.FIRST_COMPLETED)
            await asyncio.to_thread(self.network.kill)
            await other.publish("two", salt="watched", sequence=2)
            await asyncio.to_thread(self.network.start)

            ended = await asyncio.gather(*puts, return_exceptions=True)
            for each in ended:
                self.assertTrue(isinstance(each, (dict, skad.SkadError)), repr(each))
            self.assertTrue(any(isinstance(each, skad.DisconnectedError) for each in ended))
            # A get may reach the node before it has joined again, and then finds nothing.
            for each in await asyncio.gather(*gets, return_exceptions=True):
                self.assertTrue(isinstance(each, (dict, skad.NotFoundError, skad.TimedOutError)), repr(each))
            await asyncio.to_thread(self.network.until_joined)
            self.assertEqual((await node.get(key))["value"], b"there all the time")
            self.assertEqual((await watch.next(60))["sequence"], 2)  # the first is not repeated
            await watch.aclose()


if __name__ == "__main__":
    unittest.main()
