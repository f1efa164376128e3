#!/usr/bin/env python3
"""check_report.py CHROMIUM PAGE FOLDER: opens a report in a browser, uses it, and leaves screenshots in FOLDER.

The page is one of `run`: its worst stream has a name that tries to be markup, and its data are those of New York's
taxis."""
import os
import re
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from browser import Browser  # noqa: E402

program, page, folder = sys.argv[1:]
failures = []


def check(what, found, expected=True):
    if found == expected:
        return
    failures.append(what)
    print(f"not so: {what}: {found!r}, expected {expected!r}", file=sys.stderr)


browser = Browser(program)
try:
    text = open(page, encoding="utf-8").read()
    check("the page asks nobody for anything", re.findall(r"(?:src|href)=\"(?!#)[^\"]*", text), [])
    check("the page is small", len(text) < 400_000)

    browser.size(1200, 900)
    browser.open(page)
    js = browser.evaluate
    chart = "document.querySelector('figure[data-chart=\"2\"]')"
    says = f"{chart}.querySelector('output').textContent"

    # It runs, and all is drawn.
    check("the script ran to its end", js("document.documentElement.dataset.charts"), "3")
    check("no failure", js("document.documentElement.dataset.failure"), None)
    check("each chart has its lines", js("[...document.querySelectorAll('figure')].every(f => "
          "f.querySelector('path.value').getAttribute('d').length > 1000 && f.querySelector('path.expected') && "
          "f.querySelector('path.band') && f.querySelector('path.mark'))"))
    check("no coordinate is broken", js("!/NaN|undefined|Infinity/.test(document.querySelector('main').innerHTML)"))

    # Names are text.
    check("a hostile name is only text", js("document.querySelector('h3').textContent"),
          "</script><img/src=x/onerror=document.title='owned'>")
    check("no image came of it", js("document.images.length"), 0)
    check("the title is ours", js("document.title").startswith("anomalyd, "))
    check("what people said is text", js("document.body.textContent.includes('the <b>nightly</b> backup')"))

    # The policy: what is put into the page does not run.
    js("(() => { const s = document.createElement('script'); s.textContent = 'window.ran = 1'; document.body.append(s); "
       "const i = document.createElement('img'); i.src = 'data:image/gif;base64,R0lGODlhAQABAAAAACw='; "
       "i.setAttribute('onload', 'window.ran = 2'); i.setAttribute('onerror', 'window.ran = 3'); "
       "document.body.append(i); })()")
    browser.settle()
    check("the policy keeps other scripts from running", js("window.ran"), None)
    check("and says so", any("Content Security Policy" in text for text in browser.complaints))
    browser.complaints.clear()
    browser.open(page)

    # A pointer reads values out.
    box = js(f"(() => {{ const b = {chart}.querySelector('svg').getBoundingClientRect(); window.scrollTo({{top: scrollY + b.top - 200, behavior: 'instant'}}); "
             f"const c = {chart}.querySelector('svg').getBoundingClientRect(); return [c.left, c.top, c.width, c.height]; }})()")
    left, top, width, height = box
    browser.mouse("mouseMoved", left + width / 2, top + height / 2)
    browser.settle()
    check("the read-out has a time and a value", re.match(r"\w{3} 2014-\d\d-\d\d .* UTC · value \S+", js(says)) is not None)
    browser.screenshot(f"{folder}/hover.png", whole=False)

    # Dragging zooms, and there is a way back.
    reset = f"{chart}.querySelector('button.reset')"
    path = f"[...{chart}.querySelectorAll('path.value')].reduce((sum, p) => sum + p.getAttribute('d').length, 0)"
    before = js(path)
    browser.mouse("mousePressed", left + width * 0.4, top + height / 2, button="left", buttons=1, clickCount=1)
    browser.mouse("mouseMoved", left + width * 0.5, top + height / 2, button="left", buttons=1)
    browser.settle()
    check("the range is shown", js(f"{chart}.querySelectorAll('rect.range').length"), 1)
    browser.mouse("mouseReleased", left + width * 0.5, top + height / 2, button="left", buttons=0, clickCount=1)
    browser.settle()
    check("fewer columns are drawn", 0 < js(path) < before / 3)
    check("there is a way back", js(f"{reset}.hidden"), False)
    browser.screenshot(f"{folder}/zoomed.png", whole=False)
    js(f"{reset}.click()")
    check("and it leads back", js(path), before)

    # Keys do all of that.
    js(f"{chart}.querySelector('svg').focus()")
    check("keys are explained", "n and p to anomalies" in js(f"{chart}.querySelector('svg').blur() || "
          f"({chart}.querySelector('svg').dispatchEvent(new Event('pointerleave')), {chart}.querySelector('svg').focus(), {says})"))
    browser.key("n")
    first = js(says)
    check("n goes to an anomaly", re.sub(r"\d+: \w+", "1: kind", first.split(" · ")[-1]), "anomaly 1: kind")
    browser.key("ArrowRight")
    check("an arrow goes on", js(says) != first)
    browser.key("ArrowLeft")
    check("and back", js(says), first)
    browser.key("+")
    check("+ zooms", js(path) < before)
    browser.key("n")
    browser.key("p")
    check("p comes back", js(says), first)
    browser.key("Escape")
    check("Escape shows all", js(path), before)

    # Series can be hidden.
    js(f"{chart}.querySelector('button.band').click()")
    check("no band", js(f"{chart}.querySelectorAll('path.band').length"), 0)
    check("and the button says so", js(f"{chart}.querySelector('button.band').getAttribute('aria-pressed')"), "false")
    js(f"{chart}.querySelector('button.band').click()")
    check("band again", js(f"{chart}.querySelectorAll('path.band').length") > 0)

    # The table leads to the chart.
    js("document.querySelector('a[data-in=\"2\"]').click()")
    browser.settle()
    check("the chart shows the anomaly", re.search(r"anomaly \d+", js(says)) is not None)
    check("and little else", js(f"{reset}.hidden"), False)

    # Names for those who can't see.
    check("charts have names", js("[...document.querySelectorAll('figure > svg')].every(s => "
          "s.getAttribute('aria-labelledby').split(' ').every(id => document.getElementById(id)))"))
    check("numbers of rows are unique", js("(ids => new Set(ids).size === ids.length)([...document.querySelectorAll('[id]')].map(e => e.id))"))

    for name, size in {
        "desktop": dict(width=1200, height=900), "desktop-dark": dict(width=1200, height=900, dark=True),
        "phone": dict(width=390, height=844, phone=True), "phone-dark": dict(width=390, height=844, phone=True, dark=True),
    }.items():
        browser.size(**size)
        browser.open(page)
        check(f"{name}: nothing is wider than the window", js("document.documentElement.scrollWidth <= innerWidth"))
        check(f"{name}: charts fill it", js("[...document.querySelectorAll('figure > svg')].every(s => "
              "s.getBoundingClientRect().width > innerWidth * 0.8)"))
        browser.screenshot(f"{folder}/{name}.png")
    browser.size(1200, 900)
    browser.open(page)
    browser.pdf(f"{folder}/print.pdf")
    check("it can be printed", open(f"{folder}/print.pdf", "rb").read(5), b"%PDF-")
    check("nothing complained", browser.complaints, [])
    check("nothing was fetched", sorted({url for url in browser.requests if not url.startswith(("file:", "data:"))}), [])
finally:
    browser.close()
if failures:
    sys.exit(f"browser tests: {len(failures)} failed")
print("browser tests: all passed")
