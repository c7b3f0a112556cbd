"""The table of threats names tests that are there."""

from __future__ import annotations

import re
from pathlib import Path

TESTS = Path(__file__).parents[1]


def test_every_defence_has_the_tests_that_are_named() -> None:
    text = (TESTS.parent / "CONTRIBUTING.md").read_text("utf-8")
    table = text.partition("## Threats")[2].partition("\n## ")[0]
    rows = [line for line in table.splitlines() if line.startswith("| ")][1:]
    assert len(rows) > 12
    for row in rows:
        named = re.findall(r"`([\w/]+)`", row.split("|")[-2])
        assert named, row
        for name in named:
            place = TESTS / name if "/" in name else TESTS / "server" / name
            assert place.is_dir() or place.with_suffix(".py").is_file(), name
