"""What comes over a connection, right and wrong."""

import asyncio
import gc
import unittest
from unittest import mock

import msgpack

import skad
from skad import _connection, _link, aio

from .fake import FakeCase


class Connection(FakeCase):
    async def test_answers_in_any_order_reach_their_calls(self):
        async def script(peer):
            await peer.greet()
            first, _ = await peer.request("get")
            second, params = await peer.request("get")
            self.assertEqual(params, ["bb" * 32])
            peer.answer(second, {"value": b"second"})
            peer.answer(first, {"value": b"first"})
            await peer.ended()

        self.play(script)
        async with aio.Client(self.path) as node:
            one, two = await asyncio.gather(node.get("aa" * 32), node.get("bb" * 32))
            self.assertEqual((one["value"], two["value"]), (b"first", b"second"))

    async def test_parameters_are_positional_and_the_rest_is_left_out(self):
        async def script(peer):
            await peer.greet()
            for expected in (["v", b"", None, 7], [b"v", b"s", 3, None, None, False]):
                msgid, params = await peer.request("publish")
                self.assertEqual(params[: len(expected)], expected)
                peer.answer(msgid, {})
            msgid, params = await peer.request("records")
            self.assertEqual(params, ["held", None, 256])
            peer.answer(msgid, {})
            msgid, params = await peer.request("ban")
            self.assertEqual(params, ["192.0.2.1"])
            peer.answer(msgid, {})
            await peer.ended()

        self.play(script)
        async with aio.Client(self.path) as node:
            await node.publish("v", cas=7)
            await node.publish(b"v", salt=b"s", sequence=3, keep=False)
            await node.records()
            await node.ban("192.0.2.1")

    async def test_a_message_may_come_byte_by_byte(self):
        async def script(peer):
            await peer.greet()
            msgid, _ = await peer.request("status")
            for byte in msgpack.packb([1, msgid, None, {"id": "x" * 100}]):
                peer.raw(bytes([byte]))
                await peer.writer.drain()
                await asyncio.sleep(0)
            await peer.ended()

        self.play(script)
        async with aio.Client(self.path) as node:
            self.assertEqual((await node.status())["id"], "x" * 100)

    async def test_what_is_no_protocol_is_an_error_of_that_name(self):
        deep = b"\x91" * 5000
        cases = {
            "no msgpack": b"\xc1\xc1",
            "a number": b"\x07",
            "an empty array": b"\x90",
            "a short response": msgpack.packb([1, 1, None]),
            "a message of another type": msgpack.packb([9, 1]),
            "nested too deeply": deep,
            "an HTTP server": b"HTTP/1.1 400 Bad Request\r\n\r\n",
        }
        for label, data in cases.items():

            async def script(peer, data=data):
                await peer.greet()
                await peer.request("status")
                peer.raw(data)
                await peer.ended()

            self.play(script)
            with self.subTest(label):
                async with aio.Client(self.path) as node:
                    with self.assertRaises(skad.ProtocolError):
                        await node.status()

    async def test_a_message_without_end_is_bounded(self):
        async def script(peer):
            await peer.greet()
            await peer.request("status")
            peer.raw(b"\xc6\x7f\xff\xff\xff")  # 2 GiB are announced
            for _ in range(64):
                peer.raw(b"x" * 1024)
            await peer.ended()

        self.play(script)
        with mock.patch.object(_connection, "BUFFER_MAX", 1 << 15):
            async with aio.Client(self.path) as node:
                with self.assertRaises(skad.ProtocolError):
                    await node.status()

    async def test_each_error_of_the_node_has_its_class(self):
        codes = dict(skad.errors.BY_CODE)

        async def script(peer):
            await peer.greet()
            for code in codes:
                msgid, _ = await peer.request("put")
                peer.fail(msgid, code)
            await peer.ended()

        self.play(script)
        async with aio.Client(self.path) as node:
            for code, kind in codes.items():
                with self.subTest(code), self.assertRaises(kind) as caught:
                    await node.put(b"v")
                self.assertEqual(caught.exception.code, code)
                self.assertEqual(caught.exception.method, "put")
                self.assertEqual(str(caught.exception), "put: so it is")

    async def test_errors_of_odd_shape(self):
        async def script(peer):
            await peer.greet()
            msgid, _ = await peer.request("put")
            peer.fail(msgid, "tired", parameter="value", index=0, expected="1 to 1000 bytes")
            msgid, _ = await peer.request("put")
            peer.send([1, msgid, 17, None])
            msgid, _ = await peer.request("put")
            peer.fail(msgid, 3, index="x")
            await peer.ended()

        self.play(script)
        async with aio.Client(self.path) as node:
            with self.assertRaises(skad.SkadError) as caught:
                await node.put(b"v")
            error = caught.exception
            self.assertEqual((error.code, error.parameter, error.index), ("tired", "value", 0))
            self.assertEqual(str(error), "put: so it is (expected: 1 to 1000 bytes)")
            with self.assertRaises(skad.ProtocolError):
                await node.put(b"v")
            with self.assertRaises(skad.SkadError) as caught:
                await node.put(b"v")
            self.assertEqual((caught.exception.code, caught.exception.index), ("unknown", None))

    async def test_one_client_too_many_is_told_so(self):
        async def script(peer):
            peer.fail(0, "busy", "too many clients")

        self.play(script)
        with self.assertRaisesRegex(skad.BusyError, "too many clients"):
            await aio.Client(self.path).open()

    async def test_an_error_that_nothing_waits_for_any_more_is_no_remark(self):
        gone = asyncio.Event()

        async def script(peer):
            await peer.greet()
            msgid, _ = await peer.request("status")
            await gone.wait()
            peer.fail(msgid, "busy")
            msgid, _ = await peer.request("health")
            peer.answer(msgid, {})
            await peer.ended()

        self.play(script)
        remarks = []
        asyncio.get_running_loop().set_exception_handler(lambda _, context: remarks.append(context))
        async with aio.Client(self.path) as node:
            with self.assertRaises(skad.NoAnswerError):
                await node.status(timeout=0.01)
            gone.set()
            await node.health()
        gc.collect()
        self.assertEqual(remarks, [])

    async def test_what_cannot_be_sent_harms_no_connection(self):
        async def script(peer):
            await peer.greet()
            msgid, _ = await peer.request("status")
            peer.answer(msgid, {"joined": True})
            await peer.ended()

        self.play(script)
        async with aio.Client(self.path) as node:
            with self.assertRaisesRegex(skad.InputError, "5012 bytes.*at most 4096"):
                await node.put(b"x" * 5000)
            with self.assertRaises(skad.InputError):
                await node.put(object())
            with self.assertRaises(skad.InputError):
                await node.publish(b"v", sequence=1 << 70)
            with self.assertRaises(skad.ParamsError) as caught:
                await node.call("put", {"vaule": b"x"})
            self.assertEqual((caught.exception.parameter, caught.exception.expected), ("vaule", "value, keep, forward"))
            with self.assertRaises(skad.ParamsError):
                await node.call("dance")
            self.assertTrue((await node.status())["joined"])

    async def test_notifications_of_no_interest_are_ignored(self):
        async def script(peer):
            await peer.greet()
            msgid, _ = await peer.request("status")
            peer.tell("step", msgid, {})
            peer.tell("changed", 77, {})
            peer.send([2, "x", []])
            peer.send([2, 5, [1, 2]])
            peer.send([0, 1, "are you there", []])
            peer.answer(99, "not asked for")
            peer.answer(msgid, {"joined": True})
            await peer.ended()

        self.play(script)
        async with aio.Client(self.path) as node:
            self.assertTrue((await node.status())["joined"])


class Versions(FakeCase):
    async def test_a_node_without_hello_does_what_it_has(self):
        async def script(peer):
            msgid, _ = await peer.request("hello")
            peer.fail(msgid, "method", "there is no such method")
            msgid, _ = await peer.request("put")
            peer.answer(msgid, {"api": 1, "key": "aa" * 32})
            msgid, _ = await peer.request("batch")
            peer.fail(msgid, "method", "there is no such method")
            await peer.ended()

        self.play(script)
        async with aio.Client(self.path) as node:
            self.assertEqual((node.hello["minor"], node.hello["limits"]["value_bytes"]), (0, 1000))
            self.assertEqual((await node.put(b"v"))["key"], "aa" * 32)
            with self.assertRaises(skad.MethodError):
                await node.batch([("status", {})])

    async def test_a_node_of_another_api(self):
        async def refuses(peer):
            msgid, _ = await peer.request("hello")
            peer.fail(msgid, "version", "this node has api 2, not 1")
            await peer.ended()

        async def answers(peer):
            msgid, _ = await peer.request("hello")
            peer.answer(msgid, {"api": 2})
            await peer.ended()

        async def results(peer):
            msgid, _ = await peer.request("hello")
            peer.fail(msgid, "method")
            msgid, _ = await peer.request("status")
            peer.answer(msgid, {"api": 2, "jiont": 1})
            await peer.ended()

        self.play(refuses, answers, results)
        for text in ("api 2, not 1", "version 2 .* this client 1"):
            with self.assertRaisesRegex(skad.VersionError, text):
                await aio.Client(self.path, wait=10).open()
        async with aio.Client(self.path) as node:
            with self.assertRaisesRegex(skad.VersionError, "version 2"):
                await node.status()

    async def test_a_socket_of_something_else(self):
        async def silent(peer):
            await peer.ended()

        async def talks(peer):
            peer.raw(b"220 mail.example ESMTP\r\n")
            await peer.ended()

        self.play(silent, talks)
        with mock.patch.object(_link, "HELLO_S", 0.05):
            with self.assertRaisesRegex(skad.NoAnswerError, "does not answer"):
                await aio.Client(self.path).open()
        with self.assertRaises(skad.ProtocolError):
            await aio.Client(self.path, wait=10).open()


if __name__ == "__main__":
    unittest.main()
