"""A real network for tests: `skad testnet` and one daemon beside it, which may be killed and come back."""

import os
import shutil
import subprocess
import tempfile
import time
import unittest

import skad

PROGRAM = os.environ.get("SKAD", "")
NODES = 20
WAIT_S = 60


class Network:
    def __init__(self):
        self.folder = tempfile.mkdtemp(prefix="skad-net-")
        self.daemon = None
        environment = {**os.environ, "SKAD_CONFIG": "none"}
        self._environment = environment
        self._log = open(os.path.join(self.folder, "log"), "w")
        self.testnet = subprocess.Popen(
            [PROGRAM, "testnet", str(NODES), "--dir", self.folder],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=self._log, text=True, env=environment,
        )
        lines = []
        for line in self.testnet.stdout:
            lines.append(line.split())
            if line == "ready\n":
                break
        else:
            raise AssertionError("the network did not come up")
        self.address = lines[0][0]
        self.path = os.path.join(self.folder, "daemon.sock")
        self.start()

    def node(self, index):
        """The socket of a node that stays."""
        return os.path.join(self.folder, f"node-{index}.sock")

    def start(self):
        self.daemon = subprocess.Popen(
            [PROGRAM, "run", "--profile", "test", "--dir", os.path.join(self.folder, "daemon"), "--socket", self.path,
             "--listen", "127.0.0.1:0", "--join", self.address],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=self._log, env=self._environment,
        )

    def kill(self):
        self.daemon.kill()
        self.daemon.wait()

    def until_joined(self):
        with skad.Client(self.path, wait=WAIT_S) as node:
            until(lambda: node.status()["joined"])

    def close(self):
        for process in (self.daemon, self.testnet):
            if process is not None:
                process.kill()
                process.wait()
        self.testnet.stdout.close()
        self._log.close()
        shutil.rmtree(self.folder)


def until(condition):
    """Waits for a process outside: there is no other way than to look again."""
    deadline = time.monotonic() + WAIT_S
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError("waited in vain")
        time.sleep(0.05)


@unittest.skipUnless(PROGRAM, "SKAD names no program")
class NetworkCase(unittest.TestCase):
    """The network comes up once for all tests of a class."""

    @classmethod
    def setUpClass(cls):
        cls.network = Network()
        cls.addClassCleanup(cls.network.close)
        cls.network.until_joined()
