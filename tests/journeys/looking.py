"""What a page owes to everyone: no fault that axe-core or HTML_CodeSniffer sees, no sideways scroll."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Frame, Locator, Page

SNIFFER = (Path(__file__).parent / "vendor" / "HTMLCS.js").read_text()
WIDE, NARROW, SMALLEST = (1366, 768), (390, 844), (320, 640)
# Where to keep a picture of each state, to look at.
SHOTS = os.environ.get("GUICHET_SHOTS", "")

# HTML_CodeSniffer 2.5 does not know that a user name may be an e-mail address (HTML, autofill field « username »), and
# has no words for what it then wants to say.
SNIFF = """() => new Promise((done) => {
  const said = window.HTMLCS.getTranslation.bind(window.HTMLCS);
  window.HTMLCS.getTranslation = (key) => said(key) || key;
  window.HTMLCS.process('WCAG2AA', document, () => done(window.HTMLCS.getMessages()
    .filter((m) => m.type === window.HTMLCS.ERROR)
    .filter((m) => !m.msg.includes('InvalidAutoComplete_Text')
      || !m.element.matches('[type=email][autocomplete=username]'))
    .map((m) => `${m.code}: ${m.msg} ${m.element.outerHTML ? m.element.outerHTML.slice(0, 160) : ''}`)));
})"""
TOO_WIDE = """() => {
  const width = document.documentElement.clientWidth;
  if (document.documentElement.scrollWidth <= width) return [];
  return [...document.querySelectorAll('body *')]
    .filter((e) => e.checkVisibility() && e.getBoundingClientRect().right > width + 1)
    .map((e) => e.outerHTML.slice(0, 120)).slice(0, 5).concat([String(document.documentElement.scrollWidth)]);
}"""


def go(page: Page, control: Locator) -> None:
    """Click what leads to another page, and be there."""
    with page.expect_navigation(wait_until="load"):
        control.click()


def unfold(page: Page, words: str) -> None:
    """Open what is folded under these words. A browser short of time may lose a click made while it scrolls: a person
    clicks again."""
    fold = page.locator("details", has=page.locator(":scope > summary", has_text=words)).last
    for _ in range(3):
        fold.locator(":scope > summary").click()
        if fold.get_attribute("open") is not None:
            return
    raise AssertionError(f"it stays folded: {words}")


def check(page: Page, state: str) -> None:
    """Fails with every fault of this state of the page, wide and narrow."""
    before = page.viewport_size
    faults: list[str] = []
    for width, height in (WIDE, NARROW):
        page.set_viewport_size({"width": width, "height": height})
        if SHOTS:
            page.screenshot(path=f"{SHOTS}/{state.replace(' ', '-')}-{width}.png", full_page=True)
        faults += [f"{width}: {fault}" for fault in axe(page)]
        if width == WIDE[0]:  # it reads the markup, which is the same at every width
            faults += sniff(page.main_frame)
    page.set_viewport_size({"width": SMALLEST[0], "height": SMALLEST[1]})
    faults += [f"too wide at 320: {line}" for line in page.evaluate(TOO_WIDE)]
    if before:
        page.set_viewport_size(before)
    assert not faults, f"{state}\n" + "\n".join(faults)


def axe(page: Page) -> list[str]:
    found: dict[str, Any] = Axe().run(page).response
    return [
        f"{fault['id']}: {node['html'][:160]} {node['failureSummary'][:300]}"
        for fault in found["violations"]
        for node in fault["nodes"]
    ]


def sniff(frame: Frame) -> list[str]:
    frame.evaluate(SNIFFER)
    return list(frame.evaluate(SNIFF))
