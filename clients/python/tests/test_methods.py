"""The client has what the schema of the control protocol says the node has."""

import inspect
import json
import os
import typing
import unittest

import skad
from skad import aio, protocol
from skad._methods import LIMITS_1_0, OPERATIONS, REPEATABLE, positional

SCHEMA = os.environ.get("SKAD_CONTROL_SCHEMA", "")
#: Methods of the protocol under other names in Python, or behind others.
NAMES = {
    "subscribe_events": "events",
    "subscribe_status": "watch_status",
    **dict.fromkeys(("hello", "unwatch", "unsubscribe", "abort")),
}
#: Parameters that Python has another name for.
PARAMETERS = {"from": "start", "requests": "calls"}


class Methods(unittest.TestCase):
    def test_each_has_a_function_that_takes_its_parameters(self):
        for method, parameters in protocol.PARAMETERS.items():
            name = NAMES.get(method, method)
            if name is None:
                continue
            with self.subTest(method):
                taken = inspect.signature(getattr(aio.Client, name)).parameters
                self.assertEqual({PARAMETERS.get(each, each) for each, _, _ in parameters} - set(taken), set())

    def test_only_defaults_are_left_out(self):
        self.assertEqual(positional("put_file", {"size": None}), [None])
        self.assertEqual(positional("publish", {"value": b"v", "sequence": None, "cas": 0}), [b"v", None, None, 0])
        self.assertEqual(positional("status", {}), [])

    def test_each_error_has_a_class(self):
        self.assertLessEqual(set(typing.get_args(protocol.ErrorCode)), set(skad.errors.BY_CODE))
        for code, kind in skad.errors.BY_CODE.items():
            self.assertEqual(kind.code, code)
            self.assertIs(getattr(skad, kind.__name__), kind)

    def test_what_is_repeated_changes_nothing(self):
        changes = {"put", "store", "publish", "announce", "withdraw", "ban", "unban", "allow", "batch"}
        self.assertEqual(REPEATABLE & changes, set())
        self.assertLessEqual(OPERATIONS | REPEATABLE, set(protocol.PARAMETERS))

    def test_older_limits_have_no_unknown_names(self):
        self.assertLessEqual(protocol.Limits.__required_keys__, set(LIMITS_1_0))

    @unittest.skipUnless(SCHEMA, "SKAD_CONTROL_SCHEMA names no schema")
    def test_operations_are_those_of_the_schema(self):
        with open(SCHEMA, encoding="utf-8") as file:
            methods = json.load(file)["methods"]
        self.assertEqual(
            OPERATIONS, {name for name, row in methods.items() if row["manner"] in ("operation", "batch")}
        )


if __name__ == "__main__":
    unittest.main()
