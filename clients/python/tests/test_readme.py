"""The code of README.md runs."""

import os
import re
import subprocess
import sys
import unittest

from .network import NetworkCase

README = os.path.join(os.path.dirname(__file__), "..", "README.md")


def blocks():
    with open(README, encoding="utf-8") as file:
        return re.findall(r"^```python\n(.*?)^```$", file.read(), re.M | re.S)


class Readme(NetworkCase):
    def run_block(self, code):
        result = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, timeout=60,
            env={**os.environ, "SKAD_SOCKET": self.network.path}, check=False,
        )
        self.assertEqual((result.returncode, result.stderr), (0, ""), code)
        return result.stdout

    def test_each_block_says_what_it_should(self):
        values, tasks, watch, errors, files = blocks()
        self.assertRegex(self.run_block(values), r"b'hello'\nb\"today's news\"\n\['127.0.0.1:8080'\]\n")
        self.assertEqual(self.run_block(tasks), "20 values\n")
        self.assertEqual(self.run_block(watch), "1 b'first'\n2 b'second'\n")
        self.assertEqual(self.run_block(errors), "not_found - get: no node has the value\n")
        self.assertRegex(self.run_block(files), r"\nb'any size'\n[0-9a-f]{64} (ok|degraded)\n[0-9]+\n$")


if __name__ == "__main__":
    unittest.main()
