"""Drives a headless Chromium over a pair of pipes (Chrome DevTools Protocol), with nothing but the standard
library: for pages that are to be used, not only looked at. browse.py is for the latter.

    with Browser() as browser:
        browser.open("http://127.0.0.1:4780/")
        browser.wait("document.title !== ''")
"""
import json
import os
import signal
import subprocess
import tempfile
import time


class Browser:
    def __init__(self, dark=False):
        self.profile = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        to_child, self.write_fd = os.pipe()
        self.read_fd, from_child = os.pipe()
        self.rest = b""
        self.number = 0
        self.notices = []
        self.session = None

        def place():  # the protocol has descriptors 3 and 4
            first, second = os.dup(to_child), os.dup(from_child)
            os.dup2(first, 3)
            os.dup2(second, 4)

        self.process = subprocess.Popen(
            ["chromium", "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
             "--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-first-run",
             "--disable-default-apps", "--hide-scrollbars", "--window-size=1200,1600",
             *(["--force-dark-mode"] if dark else []),
             "--remote-debugging-pipe", f"--user-data-dir={self.profile.name}", "about:blank"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, close_fds=False, preexec_fn=place,
            start_new_session=True)
        os.close(to_child)
        os.close(from_child)
        pages = [t for t in self.call("Target.getTargets")["targetInfos"] if t["type"] == "page"]
        self.session = self.call("Target.attachToTarget", targetId=pages[0]["targetId"], flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(domain + ".enable")
        if dark:
            self.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": "dark"}])

    def __enter__(self):
        return self

    def __exit__(self, *_):
        os.close(self.write_fd)
        try:
            os.killpg(self.process.pid, signal.SIGKILL)  # its own session: all of its processes
        except ProcessLookupError:
            pass
        self.process.wait()
        os.close(self.read_fd)
        self.profile.cleanup()

    def message(self):
        while b"\0" not in self.rest:
            part = os.read(self.read_fd, 1 << 16)
            if not part:
                raise EOFError("the browser ended")
            self.rest += part
        one, self.rest = self.rest.split(b"\0", 1)
        return json.loads(one)

    def call(self, method, **params):
        self.number += 1
        request = {"id": self.number, "method": method, "params": params}
        if self.session is not None:
            request["sessionId"] = self.session
        os.write(self.write_fd, json.dumps(request).encode() + b"\0")
        while True:
            answer = self.message()
            if answer.get("id") != self.number:
                self.notices.append(answer)
            elif "error" in answer:
                raise RuntimeError(f"{method}: {answer['error']}")
            else:
                return answer["result"]

    def run(self, script):
        """The value of an expression in the page."""
        result = self.call("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in result:
            raise RuntimeError(result["exceptionDetails"]["exception"].get("description", result))
        return result["result"].get("value")

    def wait(self, script, seconds=30):
        """Until an expression holds in the page."""
        end = time.monotonic() + seconds
        while not self.run(f"Boolean({script})"):
            if time.monotonic() > end:
                raise TimeoutError(f"waited in vain for {script}: {self.run('document.body.innerText')}")
            time.sleep(0.05)

    def open(self, address):
        self.call("Page.navigate", url=address)
        self.wait("document.readyState === 'complete'")

    def press(self, key, code):
        for kind in ("rawKeyDown", "char", "keyUp"):
            text = {"text": "\r"} if key == "Enter" and kind == "char" else {}
            if kind != "char" or text:
                self.call("Input.dispatchKeyEvent", type=kind, key=key, code=key, windowsVirtualKeyCode=code, **text)

    def type(self, text):
        self.call("Input.insertText", text=text)

    def picture(self, path):
        import base64
        with open(path, "wb") as file:
            file.write(base64.b64decode(self.call("Page.captureScreenshot", format="png")["data"]))

    def asked(self):
        """The addresses that the page asked for."""
        return [n["params"]["request"]["url"] for n in self.notices if n["method"] == "Network.requestWillBeSent"]

    def complaints(self):
        """What the console holds: errors of scripts, and what the policy refused."""
        return [n["params"] for n in self.notices
                if n["method"] == "Runtime.exceptionThrown" or
                (n["method"] == "Log.entryAdded" and n["params"]["entry"]["level"] == "error")]
