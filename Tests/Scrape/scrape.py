"""Runs the daemon and a Prometheus that scrapes it, feeds points, and asks Prometheus what it has seen."""

import json
import math
import os
import pathlib
import random
import socket
import subprocess
import sys
import tempfile
import time
import urllib.parse
import urllib.request

from prometheus_client.openmetrics import parser as openmetrics
from prometheus_client import parser as classic

programs, prometheus, promtool, rules = (pathlib.Path(argument) for argument in sys.argv[1:5])
PATIENCE = 120  # seconds
OPENMETRICS = "application/openmetrics-text;version=1.0.0"


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def eventually(what, condition):
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        found = condition()
        if found:
            return found
        time.sleep(0.2)
    raise SystemExit(f"scrape test: not within {PATIENCE} s: {what}")


def get(url, accept="*/*"):
    request = urllib.request.Request(url, headers={"Accept": accept})
    with urllib.request.urlopen(request, timeout=30) as answer:
        return answer.headers["Content-Type"], answer.read().decode()


def check(condition, what):
    if not condition:
        raise SystemExit(f"scrape test: {what}")


def check_texts(address):
    """Both texts, by the parsers of Prometheus' own Python library and by promtool."""
    media, text = get(address, OPENMETRICS)
    check(media == "application/openmetrics-text; version=1.0.0; charset=utf-8", f"wrong type {media}")
    check(text.endswith("# EOF\n"), "no # EOF")
    families = list(openmetrics.text_string_to_metric_families(text))
    media, text = get(address)
    check(media == "text/plain; version=0.0.4; charset=utf-8", f"wrong type {media}")
    old = list(classic.text_string_to_metric_families(text))
    check(len(old) == len(families), f"{len(families)} families in the one text, {len(old)} in the other")
    lint = subprocess.run([promtool, "check", "metrics"], input=text, capture_output=True, text=True)
    check(lint.returncode == 0, f"promtool check metrics: {lint.stdout}{lint.stderr}")
    names = {family.name for family in families}
    control = json.loads(subprocess.run(
        [programs / "anomalyctl", "--socket", folder / "control.sock", "metrics", "-o", "json"],
        check=True, capture_output=True, text=True).stdout)
    check({family["name"] for family in control["families"]} == names, "anomalyctl metrics has other metrics")
    print(f"scrape test: {len(families)} metrics, {sum(len(family.samples) for family in families)} time series, "
          f"{len(text)} bytes")


class Feed:
    """A few streams of a season with noise, as the daemon takes them."""

    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.connect(str(path))
        self.random = random.Random(1)
        self.time = int(time.time()) - 1_000_000
        self.sent = 0

    def send(self, points):
        lines = []
        for _ in range(points):
            self.time += 10
            for stream in range(5):
                value = math.sin(self.time / 600 + stream) + 0.1 * self.random.gauss(0, 1)
                lines.append(f"scraped.{stream} {value:.4f} {self.time}")
        self.sent += len(lines)
        self.socket.sendall(("\n".join(lines) + "\nnonsense\n!sync x\n").encode())
        check(self.socket.recv(100) == b"!synced x\n", "no !synced")


with tempfile.TemporaryDirectory() as name:
    folder = pathlib.Path(name)
    own, theirs = free_port(), free_port()
    daemon = subprocess.Popen(
        [programs / "anomalyd", "--set", f"http.listen=127.0.0.1:{own}", "--log-level", "error"],
        env=os.environ | {name: str(folder) for name in
                          ("CONFIGURATION_DIRECTORY", "STATE_DIRECTORY", "RUNTIME_DIRECTORY")})
    (folder / "prometheus.yml").write_text(f"""
global: {{scrape_interval: 1s, evaluation_interval: 1s}}
rule_files: [{json.dumps(str(rules.resolve()))}]
scrape_configs:
  - job_name: anomalyd
    static_configs: [{{targets: ["127.0.0.1:{own}"]}}]
""")
    scraper = None
    try:
        eventually("the daemon listens", lambda: (folder / "feed.sock").exists() and daemon.poll() is None)
        scraper = subprocess.Popen(
            [prometheus, f"--config.file={folder}/prometheus.yml", f"--storage.tsdb.path={folder}/tsdb",
             f"--web.listen-address=127.0.0.1:{theirs}", "--log.level=error"])

        def query(expression):
            """The values of an instant query, by their labels; nothing while Prometheus starts."""
            url = f"http://127.0.0.1:{theirs}/api/v1/query?" + urllib.parse.urlencode({"query": expression})
            try:
                answer = json.loads(get(url)[1])
            except OSError:
                return []
            check(answer["status"] == "success", f"{expression}: {answer}")
            return [float(sample["value"][1]) for sample in answer["data"]["result"]]

        feed = Feed(folder / "feed.sock")
        feed.send(200)
        eventually("Prometheus reaches the daemon", lambda: query('up{job="anomalyd"}') == [1])
        eventually("all points are seen", lambda: query("anomalyd_points_total") == [feed.sent])
        for _ in range(10):
            feed.send(100)
            time.sleep(0.5)
        eventually("the points grow", lambda: query("anomalyd_points_total") == [feed.sent])
        eventually("the rate is more than nothing", lambda: any(rate > 0 for rate in query("rate(anomalyd_points_total[1m])")))
        for histogram in ("step", "train", "commit", "commit_latency", "sync_wait"):
            quantile = f"histogram_quantile(0.9, rate(anomalyd_{histogram}_seconds_bucket[1m]))"
            eventually(f"{quantile} is a number", lambda: any(0 < value < 60 for value in query(quantile)))
            print(f"scrape test: {quantile} = {query(quantile)[0]:.3g} s")
        check(sum(query('anomalyd_rejected_lines_total{reason="fields"}')) == 11, "wrong count of rejected lines")
        check(query('anomalyd_streams{state="awake"}') == [5], "wrong count of streams")
        eventually("tiers", lambda: sum(query("sum(anomalyd_stored_rows)")) > 0)
        # What Prometheus says of the types that it was told.
        metadata = json.loads(get(f"http://127.0.0.1:{theirs}/api/v1/metadata?metric=anomalyd_step_seconds")[1])
        check(metadata["data"]["anomalyd_step_seconds"][0]["type"] == "histogram", f"{metadata}")
        groups = json.loads(get(f"http://127.0.0.1:{theirs}/api/v1/rules")[1])["data"]["groups"]
        for rule in groups[0]["rules"]:
            check(rule["health"] in ("ok", "unknown"), f"the rule {rule['name']} fails: {rule.get('lastError')}")
            check(rule["state"] != "firing", f"the alert {rule['name']} fires")
        check_texts(f"http://127.0.0.1:{own}/metrics")
    finally:
        for process in filter(None, (scraper, daemon)):
            process.terminate()
        for process in filter(None, (scraper, daemon)):
            process.wait(30)
    check(daemon.returncode == 0, f"the daemon ended with {daemon.returncode}")
    print("scrape test: Prometheus has seen all that it should")
