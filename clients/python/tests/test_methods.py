"""The client has what docs/control.md says the node has. Outside of skad's own tree there is no such page."""

import os
import re
import unittest

import skad
from skad import aio
from skad._methods import OPERATIONS, PARAMETERS, REPEATABLE

PAGE = os.environ.get("SKAD_CONTROL_PAGE", "")
LATER = {"hello", "subscribe_events", "subscribe_status", "unsubscribe", "batch", "put_file", "get_file", "abort"}
#: Methods of the protocol under the names that they have in Python.
NAMES = {
    "subscribe_events": "events",
    "subscribe_status": "watch_status",
    **dict.fromkeys(("hello", "unwatch", "unsubscribe", "abort")),
}


@unittest.skipUnless(PAGE, "SKAD_CONTROL_PAGE names no page")
class Page(unittest.TestCase):
    def test_methods_and_parameters_are_those_of_the_page(self):
        with open(PAGE, encoding="utf-8") as file:
            page = file.read()
        told = {}
        for name, parameters in re.findall(r"`([a-z_]+)` \[([^\]]*)\]", page):
            names = tuple(each.split("=")[0].strip() for each in parameters.split(",") if each.strip())
            told.setdefault(name, names)
        for name, parameters in PARAMETERS.items():
            if (name in told or name not in LATER) and name != "batch":  # which takes a list of requests
                self.assertEqual(told.get(name), tuple(each[0] for each in parameters), name)
        self.assertEqual(set(told) - set(PARAMETERS), set())

    def test_errors_are_those_of_the_page(self):
        with open(PAGE, encoding="utf-8") as file:
            section = file.read().split("## Errors")[1].split("\n## ")[0].split("The message for a put")[0]
        told = set(re.findall(r"^\| `([a-z_]+)` \|", section, re.M))
        self.assertLessEqual(told, set(skad.errors.BY_CODE))
        self.assertLessEqual(set(skad.errors.BY_CODE) - told, {"version", "aborted"})


class Methods(unittest.TestCase):
    def test_each_has_a_function(self):
        for name in PARAMETERS:
            function = NAMES.get(name, name)
            if function is not None:
                self.assertTrue(callable(getattr(aio.Client, function, None)), function)

    def test_what_is_repeated_changes_nothing(self):
        self.assertEqual(
            REPEATABLE & {"put", "store", "publish", "announce", "withdraw", "ban", "unban", "allow", "batch"}, set()
        )
        self.assertLessEqual(OPERATIONS | REPEATABLE, set(PARAMETERS))


if __name__ == "__main__":
    unittest.main()
