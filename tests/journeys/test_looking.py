"""The guards themselves: each sees the fault it is there for."""

from __future__ import annotations

import pytest

from tests.journeys import looking
from tests.journeys.conftest import Visits

pytestmark = pytest.mark.browser
BAD = """<!doctype html><html lang="fr"><title>x</title><main><h1>x</h1><img src="data:,">
<input placeholder="Nom"><p style="color:#ccc">pâle</p><div style="width:900px;background:#eee">large</div></main>"""


def test_faults_are_seen(visits: Visits) -> None:
    page = visits.page()
    page.set_content(BAD)
    assert any(line.startswith("image-alt") for line in looking.axe(page))
    assert any(line.startswith("color-contrast") for line in looking.axe(page))
    assert any("F68" in line or "H91" in line for line in looking.sniff(page.main_frame))
    with pytest.raises(AssertionError, match="too wide at 320"):
        looking.check(page, "mauvaise page")
