"""What the client itself makes of requests and answers."""

import unittest

import skad
from skad import aio

from .fake import FakeCase

KEY = "aa" * 32


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


if __name__ == "__main__":
    unittest.main()
