"""Opens pages in a headless Chromium whose every host name leads to this program, and prints the paths
that were asked for; takes screenshots.

    python3 browse.py requests FOLDER PAGE         # one path a line
    python3 browse.py pictures FOLDER FILE...      # FOLDER/FILE.png of each
"""
import http.server
import subprocess
import sys
import tempfile
import threading

asked = []


class Handler(http.server.SimpleHTTPRequestHandler):
    def do_GET(self):
        asked.append(self.path)
        super().do_GET()

    def log_message(self, *_):
        pass


def chromium(*arguments):
    with tempfile.TemporaryDirectory() as profile:
        subprocess.run(
            ["chromium", "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
             "--disable-background-networking", "--disable-component-update", "--disable-sync",
             "--disable-domain-reliability", "--disable-features=NetworkTimeServiceQuerying,OptimizationHints,MediaRouter",
             "--no-first-run", "--disable-default-apps", "--hide-scrollbars",
             f"--user-data-dir={profile}", *arguments],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=120, check=True)


mode, folder, *files = sys.argv[1:]
server = http.server.ThreadingHTTPServer(
    ("127.0.0.1", 0), lambda *a: Handler(*a, directory=folder))
threading.Thread(target=server.serve_forever, daemon=True).start()
here = f"127.0.0.1:{server.server_port}"
if mode == "requests":
    chromium(f"--host-resolver-rules=MAP * {here}", "--window-size=1000,3000",
             f"--screenshot={folder}/{files[0]}.png", f"http://{here}/{files[0]}")
    print("\n".join(path for path in asked if path != "/favicon.ico"))
else:
    for file in files:
        chromium("--window-size=800,840", f"--screenshot={folder}/{file}.png", f"http://{here}/{file}")
