"""Files from people who mean no good, or whose programs do not know better: served safely, or refused in words."""

from __future__ import annotations

import gc
import io
import struct
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

import httpx2
import pytest

from factories import Server, parsed, picture

STEPS = {"title": "A tour", "kind": "walkthrough", "source": {"steps": [{"image": "a.png"}]}}


def png_of(width: int, height: int) -> bytes:
    """A PNG that says it is that large, and is not: nobody should try to find out."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    rows = zlib.compress(b"\0" * 10_000)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def zip_bomb() -> bytes:
    """A small archive that unpacks to a hundred megabytes, in the dress of a spreadsheet."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr("xl/workbook.xml", b"\0" * 100_000_000)
    return packed.getvalue()


def send(server: Server, content: bytes, name: str, asset: str) -> httpx2.Response:
    return server.api.post(f"/api/v1/assets/{asset}/files", files={"file": (name, content)}, timeout=60)


def stored(server: Server) -> set[Path]:
    return {path for path in server.config.files.rglob("*") if path.is_file()}


@pytest.fixture(params=["report", "tour"])
def asset(request: pytest.FixtureRequest, server: Server) -> str:
    """An asset that takes a file, and one that takes pictures."""
    server.api.put("/api/v1/assets/tour", json=STEPS).raise_for_status()
    return str(request.param)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (lambda: picture()[:2000], "damaged"),
        (lambda: png_of(30_000, 30_000), "too many pixels"),
        (lambda: png_of(1, 60_000), "too many pixels"),
        (lambda: picture(kind="JPEG")[:-600], "damaged"),
        (lambda: b"\x89PNG\r\n\x1a\n<script>alert(1)</script>", ""),
        (lambda: b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>', ""),
        (lambda: b'<?xml version="1.0"?><!DOCTYPE svg [<!ENTITY a "b">]><svg/>', ""),
        (lambda: b"", ""),
        (lambda: b"GIF89a" + b"\0" * 40, ""),
        (lambda: b"RIFF\x10\0\0\0WEBPVP8 ", ""),
    ],
)
def test_what_is_refused_is_refused_in_words_and_leaves_nothing(
    server: Server, asset: str, content: Callable[[], bytes], says: str
) -> None:
    before = stored(server)
    answer = send(server, content(), "a.png", asset)
    assert answer.status_code == 422, answer.text
    [fault] = answer.json()["faults"]
    assert fault["field"] in ("file", "a.png")
    assert says in fault["message"]
    assert fault["message"].endswith(".")
    assert stored(server) == before


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning", "ignore::ResourceWarning")
def test_two_hundred_megabytes_are_refused_and_leave_nothing(server: Server, asset: str) -> None:
    before = stored(server)
    megabyte = b"\0" * 1_000_000

    class Endless(io.RawIOBase):
        """A PDF of two hundred megabytes that is never in memory at once."""

        def __init__(self) -> None:
            self.left = [b"%PDF-1.7\n", *([megabyte] * 200)]

        def readable(self) -> bool:
            return True

        def read(self, size: int = -1) -> bytes:
            return self.left.pop(0) if self.left else b""

    try:
        answer = server.api.post(
            f"/api/v1/assets/{asset}/files", files={"file": ("a.png", Endless(), "application/pdf")}, timeout=120
        )
    except httpx2.TransportError:
        pass  # the server may hang up before it has read all of it
    else:
        assert answer.status_code == 413
        assert "larger than" in answer.json()["detail"]
    assert stored(server) == before
    assert server.viewer.get("/healthz").status_code == 200
    gc.collect()  # Litestar leaves the half it has read to the collector


def test_an_archive_is_never_unpacked(server: Server) -> None:
    bomb = zip_bomb()
    assert len(bomb) < 500_000
    send(server, bomb, "table.xlsx", "report").raise_for_status()
    path = server.share("report", "open")
    assert "Excel workbook" in server.viewer.get(path).text
    answer = server.viewer.get(f"{path}/file")
    assert answer.content == bomb
    assert answer.headers["content-disposition"].startswith("attachment")
    assert send(server, bomb, "a.png", "report").json()["file"]["name"] == "a.xlsx", "named for what it is"


def test_a_picture_with_a_program_at_its_end_loses_it_in_a_walkthrough(server: Server) -> None:
    server.api.put("/api/v1/assets/tour", json=STEPS).raise_for_status()
    send(server, picture() + b"<script>alert(1)</script>PK\x03\x04", "a.png", "tour").raise_for_status()
    html = server.viewer.get(server.share("tour", "open")).text
    [shown] = [i for i in parsed(html).iter("img") if "/media/" in i.get("src", "")]
    for address in [shown.get("src", ""), *(s.split(" ")[0] for s in shown.get("srcset", "").split(", "))]:
        answer = server.viewer.get(address)
        assert answer.headers["content-type"] == "image/webp"
        assert b"script" not in answer.content
        assert "sandbox" in answer.headers["content-security-policy"]


def test_only_pictures_are_given_out_by_their_content_alone(server: Server) -> None:
    [document] = [path.name for path in stored(server) if path.read_bytes().startswith(b"%PDF")]
    for name in (f"{document}.webp", f"{document}.pdf", document, "0" * 64 + ".webp", "..%2Fpassalong.db", "x.webp"):
        assert server.viewer.get(f"/media/{name}").status_code == 404
