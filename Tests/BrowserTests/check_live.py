#!/usr/bin/env python3
"""check_live.py CHROMIUM FOLDER [--streams N]: uses the live page in a browser, and leaves screenshots in FOLDER.

The daemon has 10,000 streams that it has just met, New York's taxis of seven months that end now, a name that tries to be
markup, and a stream of two channels."""
import argparse
import json
import os
import re
import sys
import tempfile
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from browser import Browser  # noqa: E402
from live import LiveDaemon, TOKEN, many, taxi  # noqa: E402

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("chromium")
parser.add_argument("folder")
parser.add_argument("--streams", type=int, default=10_000)
arguments = parser.parse_args()
folder = arguments.folder
failures = []
hostile = "</script><img/src=x/onerror=document.title='owned'>"


def check(what, found, expected=True):
    if found == expected:
        return
    failures.append(what)
    print(f"not so: {what}: {found!r}, expected {expected!r}", file=sys.stderr)


work = tempfile.TemporaryDirectory()
daemon = LiveDaemon(work.name)
browser = None
try:
    now = int(time.time()) // 60 * 60
    daemon.feed(many(arguments.streams, 12, now))
    daemon.feed(taxi("nyc.taxi", now))
    daemon.feed(taxi(hostile, now, lambda number, value: 90000 if 5000 <= number < 5003 else value))
    daemon.feed([line.replace(" ", f" {number % 7},", 1) for number, line in enumerate(taxi("two.channels", now))])

    browser = Browser(arguments.chromium)
    js, until = browser.evaluate, browser.until
    browser.size(1280, 860)
    browser.open(daemon.address)
    listed = "Number(document.documentElement.dataset.listed) || 0"
    check("streams are listed", until(listed), 50)
    check("the script ran to its beginning's end", until("document.documentElement.dataset.ready"), "true")
    check("no failure", js("document.documentElement.dataset.failure"), None)

    # With caches of nothing: a browser's, and the daemon's of the list.
    paints = []
    for _ in range(3):
        browser.call("Network.clearBrowserCache")
        browser.open("about:blank")
        browser.open(daemon.address)
        until(listed)
        paints.append((until("performance.getEntriesByName('first-contentful-paint')[0]?.startTime"), js(
            "performance.getEntriesByType('resource').filter(e => e.name.includes('streams')).map(e => e.responseEnd)[0]")))
    paint = sorted(paints)[1]
    print(f"first paint after {paint[0]:.0f} ms, the list of {arguments.streams} streams after {paint[1]:.0f} ms")
    check("first paint in less than a second", max(each[0] for each in paints) < 1000)
    check("the list in less than a second", max(each[1] for each in paints) < 1000)
    check("how many there are is said", js("document.getElementById('count').textContent"),
          f"{arguments.streams + 3:,} streams")
    check("figures are there", until("document.getElementById('figure-streams').textContent"),
          f"{arguments.streams + 3:,}")
    check("the worst is first", js("document.querySelector('#streams a .name').textContent") in (hostile, "nyc.taxi", "two.channels"))
    check("a hostile name is only text", js("[...document.querySelectorAll('#streams .name')].some(n => n.textContent === "
          f"{json.dumps(hostile)})"))
    check("no image came of it", js("document.images.length"), 0)
    check("the title is ours", "anomalyd" in js("document.title"))
    until("document.querySelectorAll('#all-list li .head').length > 3")
    check("anomalies are listed", js("document.querySelectorAll('#all-list li .head').length") > 3)
    browser.screenshot(f"{folder}/live-overview.png", whole=False)

    # Keys alone: search, choose, look.
    browser.key("/")
    check("/ goes to the search", js("document.activeElement.id"), "search")
    browser.call("Input.insertText", text="taxi")
    check("the search finds", until("document.querySelectorAll('#streams a').length === 1 && "
          "document.querySelector('#streams .name').textContent"), "nyc.taxi")
    check("and says how many", js("document.getElementById('count').textContent"),
          f"1 of {arguments.streams + 3:,} streams")
    browser.key("ArrowDown")
    check("an arrow goes to the list", js("document.activeElement.closest('#streams') !== null"))
    js("document.activeElement.click()")
    drawn = "Number(document.documentElement.dataset.drawn) || 0"
    check("the chart is drawn", until(drawn) > 0)
    check("with its lines", until("['path.value', 'path.expected', 'path.band'].every(p => document.querySelector('figure ' + p))"))
    check("the address tells of it", "stream=nyc.taxi" in js("location.hash"))
    check("it is live", js("document.getElementById('is-live').textContent"), "live")
    browser.screenshot(f"{folder}/live-stream.png", whole=False)

    # News come by themselves.
    before = js(drawn)
    daemon.feed([f"nyc.taxi 15000 {now + 1800}"])
    check("a new point is drawn", until(f"({drawn}) > {before}"))
    began = time.monotonic()
    stamp = now + 3600
    daemon.feed([f"nyc.taxi 15100 {stamp}"])
    until(f"({drawn}) >= {stamp * 1000}")
    print(f"a point is drawn {(time.monotonic() - began) * 1000:.0f} ms after it was sent (with its commit)")

    # Keys in the chart.
    browser.key("c")
    check("c goes to the chart", js("document.activeElement.tagName"), "svg")
    says = "document.querySelector('figure output').textContent"
    browser.key("ArrowLeft")
    check("the newest is read out", re.match(r"\w{3} \d{4}-\d\d-\d\d .* · value \S+", js(says)) is not None)
    browser.key("+")
    check("+ stops the live view", until("document.getElementById('is-live').textContent === 'standing still'"))
    check("and the address remembers", until("location.hash.includes('since=')"))
    remembered = js("location.hash")
    browser.key("[")
    check("[ goes back", until(f"location.hash !== {json.dumps(remembered)}"))
    browser.key("l")
    check("l is live again", until("document.getElementById('is-live').textContent === 'live'"))
    browser.key("?")
    check("? shows the keys", js("document.getElementById('help').open"))
    browser.screenshot(f"{folder}/live-help.png", whole=False)
    browser.call("Input.dispatchKeyEvent", type="keyDown", key="Escape", code="Escape", windowsVirtualKeyCode=27)
    check("Escape closes them", until("!document.getElementById('help').open"))

    # All of it, and an anomaly in words.
    js("document.querySelector('[data-range=all]').click()")
    check("all points are asked for", until("document.getElementById('facts-0').textContent.startsWith('10,322 points')"))
    browser.screenshot(f"{folder}/live-all.png", whole=False)
    until("document.querySelectorAll('#stream-list .head').length")
    number = js("Number(document.querySelector('#stream-list li').dataset.id)")
    js("document.querySelector('#stream-list .head').click()")
    check("it is explained", until("document.querySelector('.explanation dl') && "
          "['Expected', 'Observed', 'Rarity', 'Kind'].every(w => document.querySelector('.explanation').textContent.includes(w))"))
    check("in the words of anomalyctl explain", js("[...document.querySelectorAll('.explanation dd')].map(d => d.textContent)")
          == [line["text"] for line in daemon.get(f"api/v1/anomalies/{number}?zone=" + js("zone").replace("/", "%2F"))["lines"]])
    check("and shown", until("location.hash.includes('anomaly=')"))
    check("nobody can say anything yet", js("document.querySelector('.explanation .say').hidden"))
    until("!document.querySelector('.explanation').textContent.includes('Reading')")
    browser.screenshot(f"{folder}/live-anomaly.png", whole=False)

    # With the token, something can be said.
    check("there is a lock", js("document.getElementById('token-button').hidden"), False)
    js("document.getElementById('token-button').click()")
    browser.call("Input.insertText", text="wrong")
    js("document.querySelector('#unlock button[value=unlock]').click()")
    check("a wrong token is refused", until("document.getElementById('token-fault').textContent"),
          "This is another token than the daemon's.")
    js("document.getElementById('token').value = ''")
    js("document.getElementById('token').focus()")
    browser.call("Input.insertText", text=TOKEN)
    js("document.querySelector('#unlock button[value=unlock]').click()")
    check("the right one is taken", until("!document.getElementById('unlock').open"))
    check("and there are buttons", until("!document.querySelector('.explanation .say').hidden"))
    js("document.querySelector('.explanation .say input').focus()")
    browser.call("Input.insertText", text="the <b>nightly</b> backup")
    js("document.querySelector('[data-action=false-positive]').click()")
    check("what is said is stored", until("document.querySelector('.explanation .outcome')?.textContent.startsWith('False positive: stored') || "
          "document.querySelector('#stream-list .tags')?.textContent === 'false positive'"))
    check("and shown", until("document.querySelector('#stream-list .tags')?.textContent"), "false positive")
    check("with its words, as text", until("document.querySelector('.explanation')?.textContent.includes('the <b>nightly</b> backup')"))
    browser.screenshot(f"{folder}/live-said.png", whole=False)
    complaints = [text for text in browser.complaints if "401" not in text and "400" not in text]
    check("nothing complained", complaints, [])

    # The policy: what is put into the page does not run.
    for what, script in (
        ("a handler", "const i = document.createElement('img'); i.setAttribute('onerror', 'window.ran = 1')"),
        ("markup", "document.body.insertAdjacentHTML('beforeend', '<p>x')"),
        ("a script", "const s = document.createElement('script'); s.textContent = 'window.ran = 2'; document.body.append(s)"),
    ):
        check(f"{what} is not made of text", js(f"(() => {{ try {{ {script} }} catch (error) {{ return error.name }} }})()"),
              "TypeError")
    browser.settle()
    check("the policy keeps other scripts from running", js("window.ran"), None)
    browser.complaints.clear()

    # The daemon goes away, and comes back.
    daemon.stop()
    check("the page says that the connection is lost", until("!document.getElementById('trouble').hidden"))
    browser.screenshot(f"{folder}/live-lost.png", whole=False)
    daemon.start()
    check("and recovers", until("document.getElementById('trouble').hidden"))
    check("with its state", until("document.getElementById('state-word').textContent === 'running'"))
    browser.complaints.clear()

    # Health.
    browser.key("h")
    check("h shows the health", until("document.querySelectorAll('#health-figures dt').length > 10"))
    browser.screenshot(f"{folder}/live-health.png", whole=False)
    browser.key("h")

    # A stream of several channels.
    browser.open("about:blank")
    browser.open(daemon.address + "#stream=two.channels&channel=1")
    check("a channel can be chosen", until("!document.getElementById('channels').hidden && document.getElementById('channel').value"), "1")

    # Small, dark.
    for name, size, place in (
        ("phone", dict(width=390, height=844, phone=True), "#stream=nyc.taxi&range=1w"),
        ("phone-list", dict(width=390, height=844, phone=True), ""),
        ("narrow", dict(width=320, height=640, phone=True), f"#stream=nyc.taxi&anomaly={number}"),
        ("narrow-list", dict(width=320, height=640, phone=True), ""),
        ("phone-dark", dict(width=390, height=844, phone=True, dark=True), f"#stream=nyc.taxi&anomaly={number}"),
        ("dark", dict(width=1280, height=860, dark=True), f"#stream=nyc.taxi&anomaly={number}"),
        ("dark-overview", dict(width=1280, height=860, dark=True), ""),
    ):
        browser.size(**size)
        browser.open("about:blank")
        browser.open(daemon.address + place)
        until(listed)
        until(drawn if place else "document.querySelectorAll('#all-list li').length > 3")
        if "anomaly=" in place:
            check(f"{name}: the anomaly is explained", until("document.querySelector('.explanation dl') !== null"))
            check(f"{name}: and seen", until("document.getElementById('is-live').textContent"), "standing still")
        browser.settle()
        check(f"{name}: nothing is wider than the window", js("document.documentElement.scrollWidth <= innerWidth"))
        browser.screenshot(f"{folder}/live-{name}.png", whole="phone" in size)

    # Labels for those who can't see.
    browser.size(1280, 860)
    browser.open("about:blank")
    browser.open(daemon.address + "#stream=nyc.taxi")
    until(drawn)
    check("every control has a name", js(
        "[...document.querySelectorAll('button, input, select, a[href]')].filter(e => !(e.textContent.trim() || e.getAttribute('aria-label') || "
        "(e.labels && e.labels.length) || e.getAttribute('aria-labelledby'))).map(e => e.outerHTML)"), [])
    check("numbers are unique", js("(ids => new Set(ids).size === ids.length)([...document.querySelectorAll('[id]')].map(e => e.id))"))
    check("the chosen stream is said to be", js("document.querySelectorAll('#streams a[aria-current=true]').length") <= 1)
    check("nothing complained at last", browser.complaints, [])
    check("nothing was fetched from elsewhere", sorted({url for url in browser.requests
          if not url.startswith((daemon.address, "file:", "data:", "about:"))}), [])
finally:
    if browser:
        browser.close()
    daemon.stop()
    work.cleanup()
if failures:
    sys.exit(f"live page: {len(failures)} failed")
print("live page: all passed")
