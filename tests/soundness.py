"""What holds of every page: valid, accessible, free of scripts, no wider than its screen."""

from __future__ import annotations

import warnings
from pathlib import Path

import axe_playwright_python
import html5lib
from playwright.sync_api import Page

from factories import parsed

AXE = (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text("utf-8")


def sound(html: str) -> None:
    """Valid, and free of anything that could run or reach out."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        parser = html5lib.HTMLParser(strict=False)
        parser.parse(html)
    assert [(place, code) for place, code, _ in parser.errors] == []
    tree = parsed(html)
    assert tree.find(".//script") is None
    for node in tree.iter():
        assert "style" not in node.attrib, node.tag
        assert not [name for name in node.attrib if isinstance(name, str) and name.lower().startswith("on")], node.tag
    ids = [node.get("id") for node in tree.iter() if node.get("id")]
    assert len(ids) == len(set(ids)), "every id is there once"
    assert tree.get("lang")
    assert (tree.findtext(".//title") or "").strip()
    assert len(tree.findall(".//h1")) + len(tree.findall(".//main")) >= 2


def overflow(page: Page) -> int:
    return int(page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth"))


def sticking_out(page: Page) -> list[str]:
    script = """[...document.querySelectorAll('main *, header *, footer *')]
        .filter(e => e.getBoundingClientRect().right > innerWidth + 1 && !e.closest('pre, .prose .table'))
        .map(e => e.tagName + '.' + e.className + ' ' + e.getBoundingClientRect().right)"""
    return list(page.evaluate(script))


def violations(page: Page) -> list[str]:
    page.evaluate(AXE)
    found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")["violations"]
    return [
        f"{v['id']}: {v['help']} {[node['target'] for node in v['nodes']]}"
        for v in found
        if v["impact"] in ("serious", "critical")
    ]
