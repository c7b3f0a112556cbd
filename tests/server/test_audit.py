"""The dependency audit fails for what is vulnerable, and for nothing else."""

from __future__ import annotations

from typing import Any

import pytest

from audit import UNREACHABLE, judged

FINE = {"name": "fine", "version": "1.0", "vulns": []}
BAD = {"name": "bad", "version": "2.0", "vulns": [{"id": "PYSEC-2026-1", "fix_versions": ["2.1"], "aliases": []}]}
OURS = {"name": "passalong", "skip_reason": "Dependency not found on PyPI"}


@pytest.mark.parametrize(
    ("packages", "code", "said"),
    [
        ([FINE, OURS], 0, "No known vulnerability in 1 packages."),
        ([FINE, BAD, OURS], 1, "bad 2.0: PYSEC-2026-1, mended in 2.1"),
        ([OURS, {**OURS, "name": "fine"}], 0, UNREACHABLE),
    ],
)
def test_a_known_vulnerability_fails_and_silence_is_told_as_silence(
    packages: list[dict[str, Any]], code: int, said: str
) -> None:
    left, lines = judged({"dependencies": packages})
    assert left == code
    assert lines[0].startswith(said)
