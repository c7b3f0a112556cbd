"""Asks PyPI which known vulnerabilities the installed packages have: `make audit`. Leaves with 1 if there are any.

Where PyPI's list cannot be asked, it says so and leaves with 0: that is no fault of a change.
"""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

UNREACHABLE = "PyPI’s list of vulnerabilities cannot be asked from here, so nothing was audited"


def judged(report: dict[str, Any]) -> tuple[int, list[str]]:
    """Exit code and lines for pip-audit's JSON. What is not on PyPI, as this project, is told and not audited."""
    packages = report["dependencies"]
    vulnerable = [
        f"{package['name']} {package['version']}: {found['id']}, mended in {', '.join(found['fix_versions']) or 'none'}"
        for package in packages
        for found in package.get("vulns", [])
    ]
    left_out = [package["name"] for package in packages if "skip_reason" in package]
    if len(left_out) == len(packages):
        return 0, [f"{UNREACHABLE}: it knows none of {len(packages)} packages."]
    lines = vulnerable or [f"No known vulnerability in {len(packages) - len(left_out)} packages."]
    if left_out:
        lines.append(f"Not on PyPI, and not audited: {', '.join(left_out)}.")
    return (1 if vulnerable else 0), lines


def main() -> int:
    command = [sys.executable, "-m", "pip_audit", "--local", "--format=json", "--progress-spinner=off"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.stdout:
        code, lines = judged(json.loads(done.stdout))
    else:
        said = done.stderr.strip().splitlines() or ["it said nothing"]
        refused = "connect" in done.stderr.lower()
        code, lines = (0, [f"{UNREACHABLE}: {said[-1]}"]) if refused else (1, said)
    print("\n".join(lines))
    return code


if __name__ == "__main__":
    sys.exit(main())
