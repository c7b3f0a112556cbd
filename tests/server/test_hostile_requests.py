"""Requests that no browser sends: each answered in words, none with an error of ours."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import struct
import zlib
from typing import Any

import httpx2
import pytest
from PIL import Image

import engine
from factories import PDF, Server, form_token, picture
from portal import enter

FAR = 2**70


def cursor(key: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(key).encode()).decode().rstrip("=")


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/oembed?url=http://[", 404),
        ("/brand/logo/{logo}%0A", 404),
        ("/media/{logo}%0A", 404),
        (f"/api/v1/shares/nothing/tree?cursor={cursor([0, FAR, 'x'])}", 422),
        (f"/api/v1/leads?cursor={cursor([FAR, 'x'])}", 422),
        (f"/api/v1/events?after={FAR}", 400),
        (f"/portal?cursor={cursor(FAR)}", 422),
        ("/s/%00", 404),
        ("/go/%0A", 404),
        ("/s/" + "x" * 5000, 404),
    ],
)
def test_an_address_is_answered(server: Server, path: str, status: int, browser: Any) -> None:
    logo = "data:image/png;base64," + base64.b64encode(picture(size=(9, 9))).decode()
    brand = {"name": "Acme", "accent": "#0b5fff", "home_url": "https://acme.example", "logo": logo}
    stored = server.api.put("/api/v1/brands/acme", json=brand).json()["logo"]
    client = enter(server, browser()) if path.startswith("/portal") else server.api
    assert client.get(path.replace("{logo}", stored)).status_code == status


@pytest.mark.parametrize("asked", ["bytes=" + "9" * 5000 + "-", "bytes=-" + "9" * 5000, "bytes=0-" + "9" * 5000])
def test_a_range_of_five_thousand_digits_is_none(server: Server, asked: str) -> None:
    path = server.share(mechanic="open")
    assert server.viewer.get(f"{path}/file", headers={"range": asked}).status_code == 200


@pytest.mark.parametrize("tail", ["/gate", "/pass-along"])
def test_a_form_in_no_known_character_set(server: Server, tail: str) -> None:
    part = b'Content-Disposition: form-data; name="email"\r\nContent-Type: text/plain; charset=zzz'
    body = b"--x\r\n" + part + b"\r\n\r\na\r\n--x--\r\n"
    headers = {"content-type": "multipart/form-data; boundary=x"}
    answer = server.viewer.post(f"{server.share()}{tail}", content=body, headers=headers)
    assert answer.status_code in (303, 400, 415, 422)


@pytest.mark.parametrize("noun", ["brands", "customers", "mechanics", "assets"])
def test_no_id_ends_in_a_new_line(server: Server, noun: str) -> None:
    assert server.api.put(f"/api/v1/{noun}/x%0A", json={}).status_code == 400


def test_no_field_does_either(server: Server) -> None:
    brand = {"name": "Acme", "home_url": "https://acme.example", "accent": "#0b5fff\n"}
    assert server.api.put("/api/v1/brands/acme", json=brand).status_code == 400
    share = {"asset": "report", "customer": "initech", "mechanic": "hard", "channel": "mail\n"}
    assert server.api.post("/api/v1/shares", json=share).status_code == 422


def test_a_link_that_expires_in_ten_thousand_years_is_refused(server: Server) -> None:
    share = {"asset": "report", "customer": "initech", "mechanic": "hard", "expires_at": "9999-12-31T23:59:59Z"}
    answer = server.api.post("/api/v1/shares", json=share)
    assert answer.status_code == 422
    assert [fault["field"] for fault in answer.json()["faults"]] == ["expires_at"]


def odd_exif() -> bytes:
    """A PNG whose Exif block is no Exif."""
    whole = picture(size=(30, 30))
    data = b"eXIf" + b"not a TIFF file at all"
    chunk = struct.pack(">I", len(data) - 4) + data + struct.pack(">I", zlib.crc32(data))
    return whole[:33] + chunk + whole[33:]


def odd_avif() -> bytes:
    packed = io.BytesIO()
    Image.new("RGB", (64, 64), "#123456").save(packed, "AVIF")
    whole = bytearray(packed.getvalue())
    for place in range(len(whole) // 2, len(whole)):
        whole[place] ^= 0x5A
    return bytes(whole)


@pytest.mark.parametrize("content", [odd_exif(), odd_avif()], ids=["exif", "avif"])
def test_a_damaged_picture_is_refused_wherever_it_is_sent(server: Server, content: bytes, browser: Any) -> None:
    steps = {"title": "A tour", "kind": "walkthrough", "source": {"steps": [{"image": "a.png"}]}}
    server.api.put("/api/v1/assets/tour", json=steps).raise_for_status()
    for asset in ("tour", "report"):
        answer = server.api.post(f"/api/v1/assets/{asset}/files", files={"file": ("a.png", content)})
        assert answer.status_code == 422, answer.text
    client: httpx2.Client = enter(server, browser())
    values = {"csrf_token": form_token(client.get("/portal/brand").text), "do": "preview", "accent": ""}
    assert client.post("/portal/brand", data=values, files={"logo": ("a.png", content)}).status_code == 422


def test_what_was_uploaded_is_not_given_out_by_its_content(server: Server) -> None:
    digest = hashlib.sha256(PDF).hexdigest()
    for path in (f"/brand/logo/{digest}.png", f"/media/{digest}.webp"):
        assert server.viewer.get(path).status_code == 404


def test_a_row_that_cannot_be_read_keeps_nothing_else_from_being_served(server: Server) -> None:
    path = server.share()
    [(generation,)] = engine.execute(server.config.database, "UPDATE generation SET value = value + 1 RETURNING value")
    for noun, body in (("asset", '{"id": "odd"}'), ("thing", "{}")):
        engine.execute(server.config.database, "INSERT INTO catalog VALUES (?, 'odd', ?, ?, 0)", noun, body, generation)
    kill = {"reason": "Over", "by": "Mara", "fallback": "gone"}
    assert server.api.post("/api/v1/mechanics/hard/kill", json=kill).status_code == 200
    assert server.viewer.get(path).status_code == 410
