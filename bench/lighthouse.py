"""Accessibility and SEO of the citizens' pages, as Lighthouse scores them, on a site that runs.

    LIGHTHOUSE_URL=http://127.0.0.1:8000 python -m bench lighthouse

Lighthouse (npm) and Chromium are asked of nobody: without them, or without an address, this says so and measures
nothing. Results of a search are kept out of other engines on purpose: they have no score of SEO.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator

from bench import Measure

# path, goal of accessibility, goal of SEO (None: not to be indexed)
PAGES = (
    ("/", 100, 95), ("/aides/", 100, 95), ("/reponses/", 100, 95), ("/contact/", 100, 95), ("/noa/", 100, 95),
    ("/recherche/?q=carte", 100, None),
)  # fmt: skip


def run() -> Iterator[Measure]:
    program, browser = shutil.which("lighthouse"), shutil.which("chromium") or shutil.which("google-chrome")
    site = os.environ.get("LIGHTHOUSE_URL", "").rstrip("/")
    if not program or not browser or not site:
        missing = "lighthouse" if not program else "Chromium" if not browser else "l'adresse LIGHTHOUSE_URL"
        print(f"Lighthouse n'est pas mesuré : il manque {missing}.", file=sys.stderr)
        return
    for path, *goals in PAGES:
        scores = _scores(program, browser, f"{site}{path}")
        for category, goal in zip(("accessibility", "seo"), goals, strict=True):
            if goal is not None:
                score = round(scores[category]["score"] * 100)
                yield Measure(
                    name=f"lighthouse.{category}{path}", value=score, unit="sur 100", ratio=round(goal / score, 3),
                    against=f"{goal} au moins",
                )  # fmt: skip


def _scores(program: str, browser: str, address: str) -> dict[str, dict[str, float]]:
    words = [program, address, "--quiet", "--output=json", "--only-categories=accessibility,seo",
             "--chrome-flags=--headless=new --no-sandbox"]  # fmt: skip
    found = subprocess.run(
        words, env={**os.environ, "CHROME_PATH": browser}, capture_output=True, check=True, timeout=180
    )
    scores: dict[str, dict[str, float]] = json.loads(found.stdout)["categories"]
    return scores
