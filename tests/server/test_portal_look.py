"""A customer's own mark and colour: seen before they are kept, whatever is sent."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import httpx2
import pytest
from PIL import Image

from factories import Server, element, form_token, parsed, words
from passalong.domain.brand import AA_TEXT, DARK_PAPER, LIGHT_PAPER, contrast
from portal import enter

Browser = Callable[..., httpx2.Client]


def picture(size: tuple[int, int] = (300, 120), kind: str = "PNG", **more: Any) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", size, "#118844").save(out, kind, **more)
    return out.getvalue()


def test_a_look_is_shown_before_it_is_kept(server: Server, browser: Browser) -> None:
    client = enter(server, browser())
    token = form_token(client.get("/portal/brand").text)
    upload = {"logo": ("mark.jpg", picture(kind="JPEG"), "image/jpeg")}
    values = {"csrf_token": token, "accent": "#FFD400", "do": "preview"}
    preview = client.post("/portal/brand", data=values, files=upload)
    assert preview.status_code == 200
    assert server.api.get("/api/v1/customers/initech").json()["customer"].get("accent") is None
    sheets = [e.get("href", "") for e in parsed(preview.text).iter("link") if "preview.css" in e.get("href", "")]
    css = client.get(sheets[-1])
    assert css.headers["content-type"].startswith("text/css")
    assert "--own: #ffd400" in css.text
    for paper, label in ((LIGHT_PAPER, "light paper"), (DARK_PAPER, "dark paper")):
        corrected = words(preview.text).partition(f"As text on {label} ")[2][:7]
        assert corrected in css.text
        assert contrast(corrected, paper) >= AA_TEXT
    again = parsed(preview.text)
    kept = {e.get("name", ""): e.get("value", "") for e in again.iter("input") if e.get("type") != "checkbox"}
    saved = client.post("/portal/brand", data={**kept, "do": "save"}, files={"logo": ("", b"")})
    assert saved.status_code == 303
    assert "Saved" in words(client.get(saved.headers["location"]).text)
    mark = element(server.share_page(server.share()), "main")
    assert mark is not None
    shown = [
        e.attrib["src"] for e in parsed(server.share_page(server.share())).iter("img") if "logo" in e.attrib["src"]
    ]
    assert len(shown) == 1
    image = Image.open(io.BytesIO(server.viewer.get(shown[0]).content))
    assert (image.format, max(image.size)) == ("PNG", 256)


def test_a_picture_loses_what_a_camera_wrote_into_it(server: Server, browser: Browser) -> None:
    exif = Image.Exif()
    exif[0x010F] = "Secret camera"
    client = enter(server, browser())
    token = form_token(client.get("/portal/brand").text)
    upload = {"logo": ("mark.jpg", picture(kind="JPEG", exif=exif), "image/jpeg")}
    client.post("/portal/brand", data={"csrf_token": token, "accent": "", "do": "save"}, files=upload)
    [logo] = [
        e.attrib["src"] for e in parsed(server.share_page(server.share())).iter("img") if "logo" in e.attrib["src"]
    ]
    assert b"Secret camera" not in server.viewer.get(logo).content


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"<svg xmlns='http://www.w3.org/2000/svg'><script/></svg>", "cannot be used"),
        (b"%PDF-1.4 not a picture", "cannot be used"),
        (picture()[:60], "cannot be used"),
        (picture(kind="GIF"), "cannot be used"),
        (b"", "cannot be used"),
        (b"\x89PNG\r\n\x1a\n" + b"x" * 300_000, "at most 256 kB"),
    ],
    ids=["svg", "pdf", "cut short", "gif", "empty", "too large"],
)
def test_a_hostile_picture_is_refused_beside_its_field(
    server: Server, browser: Browser, data: bytes, said: str
) -> None:
    client = enter(server, browser())
    token = form_token(client.get("/portal/brand").text)
    values = {"csrf_token": token, "accent": "#0b5fff", "do": "save"}
    refused = client.post("/portal/brand", data=values, files={"logo": ("mark.png", data, "image/png")})
    assert refused.status_code == 422
    assert said in "".join(element(refused.text, "logo-message").itertext())
    assert element(refused.text, "accent").get("value") == "#0b5fff"
    assert server.api.get("/api/v1/customers/initech").json()["customer"].get("accent") is None


def test_a_colour_is_six_digits_and_nothing_else(server: Server, browser: Browser) -> None:
    client = enter(server, browser())
    token = form_token(client.get("/portal/brand").text)
    values = {"csrf_token": token, "accent": "red;}x", "do": "preview"}
    refused = client.post("/portal/brand", data=values, files={"logo": ("", b"")})
    assert refused.status_code == 422
    assert "six hex digits" in "".join(element(refused.text, "accent-message").itertext())
    for colour in ("red", "#12345", "#1234567", "#0b5fff;}", "#0b5fff%0a", ""):
        assert client.get(f"/portal/preview.css?accent={colour.replace('#', '%23')}").status_code == 404


def test_consent_stays_what_it_was(server: Server, browser: Browser) -> None:
    client = enter(server, browser(), "globex")
    assert "not shown on what you share" in words(client.get("/portal/brand").text)
    token = form_token(client.get("/portal/brand").text)
    upload = {"logo": ("mark.png", picture(), "image/png")}
    client.post("/portal/brand", data={"csrf_token": token, "accent": "#aa0000", "do": "save"}, files=upload)
    assert "logo" not in server.share_page(server.share(customer="globex"))


def test_a_mark_is_taken_down_after_a_preview_without_it(server: Server, browser: Browser) -> None:
    client = enter(server, browser())

    def submit(page: str, logo: bytes = b"", **values: str) -> httpx2.Response:
        hidden = {
            e.get("name", ""): e.get("value", "") for e in parsed(page).iter("input") if e.get("type") == "hidden"
        }
        name = "mark.png" if logo else ""
        return client.post("/portal/brand", data={**hidden, "accent": "", **values}, files={"logo": (name, logo)})

    submit(client.get("/portal/brand").text, picture(), do="save")
    path = server.share()
    assert "/brand/logo/" in server.share_page(path)
    preview = submit(client.get("/portal/brand").text, without="true", do="preview").text
    assert "/brand/logo/" not in "".join(e.get("src", "") for e in element(preview, "main").iter("img"))
    submit(preview, do="save")
    assert "/brand/logo/" not in server.share_page(path)
