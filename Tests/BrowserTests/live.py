"""A daemon with a live page, and what is fed to it, for tests and benchmarks of that page."""
import csv
import datetime
import http.client
import json
import os
import signal
import socket
import subprocess
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
TOKEN = "0123456789abcdef0123456789abcdef"


class LiveDaemon:
    """anomalyd with its files in a folder, and its page on a port of its own."""

    def __init__(self, folder, *arguments, token=TOKEN):
        self.folder, self.arguments = Path(folder), arguments
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.address = f"http://127.0.0.1:{self.port}/"
        if token:
            path = self.folder / "token"
            path.write_text(token + "\n")
            path.chmod(0o600)
            self.arguments += ("--set", f"http.token_file={json.dumps(str(path))}")
        self.start()

    def start(self):
        self.process = subprocess.Popen(
            [ROOT / ".build/release/anomalyd", "--listen", self.folder / "feed.sock", "--database",
             self.folder / "anomaly.db", "--set", f"control.socket={json.dumps(str(self.folder / 'control.sock'))}",
             "--set", f'http.listen=["127.0.0.1:{self.port}"]', "--set", "feed.new_streams_burst=100000", "--set",
             "feed.max_streams_per_client=100000", "--log-level", "error", *self.arguments],
            stdin=subprocess.DEVNULL)
        end = time.monotonic() + 60
        while True:
            try:
                return self.get("api/v1/status")
            except (OSError, http.client.HTTPException):
                if self.process.poll() is not None or time.monotonic() > end:
                    raise RuntimeError("anomalyd does not start")
                time.sleep(0.05)

    def stop(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(120)

    def request(self, method, path, body=None, **headers):
        """Status, headers and body of an answer."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        connection.request(method, "/" + path, body, {key.replace("_", "-"): value for key, value in headers.items()})
        response = connection.getresponse()
        return response.status, dict(response.getheaders()), response.read()

    def get(self, path):
        status, _, body = self.request("GET", path)
        if status != 200:
            raise RuntimeError(f"{path}: {status} {body[:200]}")
        return json.loads(body)

    def feed(self, lines):
        """Sends lines; returns when they are stored."""
        with socket.socket(socket.AF_UNIX) as feed:
            feed.connect(str(self.folder / "feed.sock"))
            feed.sendall(("\n".join(lines) + "\n!sync 1\n").encode())
            answer = b""
            while not answer.endswith(b"!synced 1\n"):
                more = feed.recv(4096)
                if not more:
                    raise RuntimeError(f"the feed has ended: {answer}")
                answer += more


def taxi(name, last=None, change=lambda number, value: value):
    """Lines of New York's taxi trips; `last` is the time of the newest one, in seconds."""
    rows = list(csv.DictReader(open(ROOT / "fixtures/series/nyc_taxi.csv")))
    times = [int(datetime.datetime.fromisoformat(row["timestamp"] + "+00:00").timestamp()) for row in rows]
    shift = 0 if last is None else last - times[-1]
    return [f"{name} {change(number, float(row['value']))} {at + shift}"
            for number, (row, at) in enumerate(zip(rows, times))]


def many(streams, points, last, seed=1):
    """Lines of streams of a point a minute, the newest at `last`."""
    import math
    import random
    random.seed(seed)
    bases = [random.uniform(10, 90) for _ in range(streams)]
    return [f"web.{place:05d}.load {base + 5 * math.sin(number / 7 + place) + random.gauss(0, 1):.2f} {last - 60 * (points - 1 - number)}"
            for number in range(points) for place, base in enumerate(bases)]
