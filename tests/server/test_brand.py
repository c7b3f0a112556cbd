"""Whatever colour a brand has, its words can be read."""

from __future__ import annotations

import re
from urllib.parse import quote

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from factories import Server, parsed
from passalong import paths
from passalong.domain.brand import AA_TEXT, DARK_PAPER, LIGHT_PAPER, contrast, on, readable

COLOURS = st.integers(0, 0xFFFFFF).map(lambda n: f"#{n:06x}")


def test_contrast_is_what_the_guidelines_say() -> None:
    """Against values published beside WCAG 2.2's definition."""
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.478, abs=0.001)
    assert contrast("#767676", "#ffffff") == pytest.approx(4.542, abs=0.001)
    assert contrast("#ff0000", "#ffffff") == contrast("#ffffff", "#ff0000") == pytest.approx(3.998, abs=0.001)


@given(COLOURS)
@example("#000000")
@example("#ffffff")
@example("#ffff00")
@example("#808080")
def test_links_can_be_read_on_light_and_on_dark_paper(colour: str) -> None:
    for paper in (LIGHT_PAPER, DARK_PAPER):
        corrected = readable(colour, paper)
        assert contrast(corrected, paper) >= AA_TEXT
        if contrast(colour, paper) >= AA_TEXT:
            assert corrected == colour


@given(COLOURS)
@example("#757575")
@example("#787878")
@example("#7f7f7f")
def test_a_button_can_be_read_on_every_accent(colour: str) -> None:
    assert contrast(on(colour), colour) >= AA_TEXT


def test_a_stylesheet_is_kept_for_ever_under_a_name_that_changes_with_it(server: Server) -> None:
    path = server.share()

    def sheet() -> str:
        found = re.search(r'href="(/brand/acme\.css\?v=\w+)"', server.viewer.get(path).text)
        assert found
        return found[1]

    before = sheet()
    css = server.viewer.get(before)
    assert css.headers["content-type"].startswith("text/css")
    assert "immutable" in css.headers["cache-control"]
    assert "#0b5fff" in css.text
    server.api.put("/api/v1/brands/acme", json={"name": "Acme", "accent": "#A01020", "home_url": "https://a.example"})
    after = sheet()
    assert after != before
    assert "#a01020" in server.viewer.get(after).text
    assert server.viewer.get("/brand/none.css").status_code == 404
    assert server.viewer.get("/brand/acme.js").status_code == 404


def test_a_logo_is_a_picture_that_is_served_from_here(server: Server) -> None:
    pixel = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
    body = {"name": "Acme", "accent": "#0b5fff", "home_url": "https://acme.example"}
    answer = server.api.put("/api/v1/brands/acme", json={**body, "logo": f"data:image/png;base64,{pixel}"})
    assert answer.status_code == 200, answer.text
    page = server.viewer.get(server.share()).text
    found = re.search(r'src="(/brand/logo/[0-9a-f]{64}\.png)"', page)
    assert found
    picture = server.viewer.get(found[1])
    assert picture.headers["content-type"] == "image/png"
    assert picture.content.startswith(b"\x89PNG")
    for name in ("../passalong.db", "%2e%2e%2fpassalong.db", "0" * 64 + ".png", "x.png"):
        assert server.viewer.get(f"/brand/logo/{name}").status_code == 404
    svg = "PHN2ZyB4bWxucz0iaHR0cDovL3d3dy53My5vcmcvMjAwMC9zdmciLz4="
    for logo in (
        "https://evil.example/x.png",
        f"data:image/svg+xml;base64,{svg}",
        "data:image/png;base64,AAAA",
        f"data:image/png;base64,{svg}",
    ):
        refused = server.api.put("/api/v1/brands/acme", json={**body, "logo": logo})
        assert refused.status_code == 422, logo
        assert [fault["field"] for fault in refused.json()["faults"]] == ["logo"]


@given(COLOURS)
@example("#0b5fff")
def test_links_can_be_read_on_the_shaded_notes_too(colour: str) -> None:
    """`.note` and `.frame` lay the brand's colour on `--shade`, not on the paper itself."""
    css = (paths.widget_templates() / "base.css").read_text("utf-8")
    light, dark = re.findall(r"--shade: (#[0-9a-f]{6})", css)[:2]
    assert contrast(readable(colour, LIGHT_PAPER), light) >= AA_TEXT
    assert contrast(readable(colour, DARK_PAPER), dark) >= AA_TEXT


def test_a_customers_colour_stands_beside_the_brands(server: Server) -> None:
    body = {"name": "Initech", "accent": "#FFD400", "consent_to_cobrand": True}
    server.api.put("/api/v1/customers/initech", json=body).raise_for_status()
    html = server.viewer.get(server.share()).text
    [sheet] = [e.get("href", "") for e in parsed(html).iter("link") if e.get("rel") == "stylesheet"]
    coloured = server.viewer.get(sheet).text
    assert "#ffd400" in coloured
    plain = server.viewer.get(sheet.partition("&")[0]).text
    assert coloured.startswith(plain)
    for hostile in ("}body{display:none", "ffd40", "FFD400;", "#ffd400"):
        assert server.viewer.get(f"{sheet.partition('&')[0]}&accent={quote(hostile)}").text == plain
    body["consent_to_cobrand"] = False
    server.api.put("/api/v1/customers/initech", json=body).raise_for_status()
    assert "accent=" not in server.viewer.get(server.share()).text
