"""The file of a page over HTTP, and which files are taken at all."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import httpx2
import pytest
from PIL import Image

from factories import PDF, Server, picture
from passalong.demo import pictures

SIZE = len(PDF)


def upload(server: Server, content: bytes, name: str, asset: str = "report") -> httpx2.Response:
    return server.api.post(f"/api/v1/assets/{asset}/files", files={"file": (name, content, "application/pdf")})


def stored(server: Server) -> list[Path]:
    return [path for path in server.config.files.rglob("*") if path.is_file()]


@pytest.fixture
def file(server: Server) -> str:
    return server.share(mechanic="open") + "/file"


def test_the_whole_file_comes_as_what_it_is(server: Server, file: str) -> None:
    answer = server.viewer.get(file)
    assert (answer.status_code, answer.content) == (200, PDF)
    assert answer.headers["content-type"] == "application/pdf"
    assert answer.headers["content-length"] == str(SIZE)
    assert answer.headers["accept-ranges"] == "bytes"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["content-disposition"].startswith("inline;")
    assert "'none'" in answer.headers["content-security-policy"]
    assert server.viewer.get(f"{file}?download=1").headers["content-disposition"].startswith("attachment;")
    head = server.viewer.head(file)
    assert (head.status_code, head.content, head.headers["content-length"]) == (200, b"", str(SIZE))
    assert head.headers["etag"] == answer.headers["etag"]


@pytest.mark.parametrize(
    ("asked", "first", "last"),
    [
        ("bytes=0-4", 0, 4),
        ("bytes=0-", 0, SIZE - 1),
        ("bytes=5-", 5, SIZE - 1),
        ("bytes=-7", SIZE - 7, SIZE - 1),
        ("bytes=0-0", 0, 0),
        (f"bytes=10-{SIZE * 9}", 10, SIZE - 1),
        (f"bytes=-{SIZE * 9}", 0, SIZE - 1),
    ],
)
def test_a_part_of_the_file_can_be_asked_for(server: Server, file: str, asked: str, first: int, last: int) -> None:
    answer = server.viewer.get(file, headers={"range": asked})
    assert answer.status_code == 206
    assert answer.content == PDF[first : last + 1]
    assert answer.headers["content-range"] == f"bytes {first}-{last}/{SIZE}"
    head = server.viewer.head(file, headers={"range": asked})
    assert head.headers["content-length"] == str(last - first + 1)


@pytest.mark.parametrize("asked", [f"bytes={SIZE}-", "bytes=-0", "bytes=99999-100000"])
def test_a_part_beyond_the_end_is_refused_with_the_size(server: Server, file: str, asked: str) -> None:
    answer = server.viewer.get(file, headers={"range": asked})
    assert (answer.status_code, answer.content) == (416, b"")
    assert answer.headers["content-range"] == f"bytes */{SIZE}"


@pytest.mark.parametrize("asked", ["bytes=0-1,4-5", "lines=0-1", "bytes=a-b", "bytes=-", "bytes=9-3", "bytes=0-1-2"])
def test_a_range_that_is_none_gets_the_whole_file(server: Server, file: str, asked: str) -> None:
    answer = server.viewer.get(file, headers={"range": asked})
    assert (answer.status_code, answer.content) == (200, PDF)


def test_a_browser_that_has_it_is_told_so(server: Server, file: str) -> None:
    etag = server.viewer.get(file).headers["etag"]
    for held in (etag, f"W/{etag}", f'"other", {etag}', "*"):
        answer = server.viewer.get(file, headers={"if-none-match": held})
        assert (answer.status_code, answer.content) == (304, b""), held
    assert server.viewer.get(file, headers={"if-none-match": '"other"'}).status_code == 200


def test_a_download_goes_on_only_with_the_same_file(server: Server, file: str) -> None:
    etag = server.viewer.get(file).headers["etag"]
    same = server.viewer.get(file, headers={"range": "bytes=5-", "if-range": etag})
    changed = server.viewer.get(file, headers={"range": "bytes=5-", "if-range": '"other"'})
    assert (same.status_code, changed.status_code) == (206, 200)
    assert changed.content == PDF


def test_behind_the_gate_the_file_leads_to_the_form(server: Server) -> None:
    path = server.share()
    for sent in ({}, {"range": "bytes=0-4"}):
        answer = server.viewer.get(f"{path}/file", headers=sent)
        assert (answer.status_code, answer.headers["location"]) == (303, path)
        assert PDF[:5] not in answer.content
    server.admit(path)
    assert server.viewer.get(f"{path}/file").content == PDF


def test_a_page_without_a_file_has_none(server: Server) -> None:
    assert server.viewer.get(server.share("page", "open") + "/file").status_code == 404


def test_a_name_in_any_script_survives_the_download(server: Server, file: str) -> None:
    assert upload(server, PDF, 'Über "Ziele";\r\nx: y/日本 2026.pdf').status_code == 200
    said = server.viewer.get(f"{file}?download=1").headers["content-disposition"]
    assert "filename*=UTF-8''%C3%9Cber" in said
    assert "%E6%97%A5%E6%9C%AC%202026.pdf" in said
    plain = said.split('filename="')[1].split('"')[0]
    assert plain.isascii()
    assert plain.endswith("2026.pdf")


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("report.pdf", b"<!doctype html><script>alert(1)</script>"),
        ("report.pdf", b"  \n<html><body>x"),
        ("report.txt", b"\xef\xbb\xbf<html><script>alert(1)</script>"),
        ("logo.svg", b'<svg xmlns="http://www.w3.org/2000/svg"><script>1</script></svg>'),
        ("logo.png", b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"/>'),
        ("run.exe", b"MZ\x90\x00\x03"),
        ("files.zip", b"PK\x03\x04rest of an archive"),
        ("empty.pdf", b""),
        ("odd.txt", b"text \x00 with a nul"),
    ],
)
def test_what_could_run_or_is_unknown_is_not_taken(server: Server, name: str, content: bytes) -> None:
    before = stored(server)
    refused = upload(server, content, name)
    assert refused.status_code == 422
    assert [fault["field"] for fault in refused.json()["faults"]] == ["file"]
    assert stored(server) == before
    assert server.viewer.get(server.share(mechanic="open") + "/file").content == PDF


def test_a_file_that_is_two_things_at_once_is_served_as_what_was_seen(server: Server, file: str) -> None:
    polyglot = picture(size=(2, 2)) + b"<!doctype html><script>alert(document.cookie)</script>"
    taken = upload(server, polyglot, "page.html").json()["file"]
    assert (taken["media_type"], taken["name"]) == ("image/png", "page.png")
    answer = server.viewer.get(file)
    assert answer.headers["content-type"] == "image/png"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "sandbox" in answer.headers["content-security-policy"]


def test_text_is_served_as_plain_text_whatever_it_says(server: Server, file: str) -> None:
    upload(server, "a,b\n1,é <script>alert(1)</script>\n".encode(), "table.csv")
    answer = server.viewer.get(file)
    assert answer.headers["content-type"].replace(" ", "").lower() == "text/plain;charset=utf-8"
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_an_office_file_is_known_by_its_inside_and_offered_for_download(server: Server, file: str) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr("xl/workbook.xml", "<workbook/>")
    taken = upload(server, packed.getvalue(), "numbers").json()["file"]
    assert taken["name"] == "numbers.xlsx"
    assert server.viewer.get(file).headers["content-disposition"].startswith("attachment;")


def test_a_file_that_is_too_large_leaves_nothing_behind(server: Server) -> None:
    before = stored(server)
    limit = server.config.limits.upload_mb * 1_000_000
    refused = upload(server, b"%PDF-" + bytes(limit), "big.pdf")
    assert refused.status_code == 422
    assert "larger than 50 MB" in refused.json()["detail"]
    far_too_large = upload(server, b"%PDF-" + bytes(limit + 500_000), "big.pdf")
    assert far_too_large.status_code == 413
    assert far_too_large.headers["content-type"] == "application/problem+json"
    assert stored(server) == before


def test_only_an_asset_of_kind_file_takes_one(server: Server) -> None:
    assert upload(server, PDF, "x.pdf", asset="page").status_code == 409
    assert upload(server, PDF, "x.pdf", asset="none").status_code == 404


def test_a_document_shows_its_first_page(server: Server) -> None:
    upload(server, pictures.report(), "report.pdf").raise_for_status()
    path = server.share(mechanic="open")
    assert f'src="{path}/preview"' in server.viewer.get(path).text
    answer = server.viewer.get(f"{path}/preview")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "image/webp")
    assert "'none'" in answer.headers["content-security-policy"]
    with Image.open(io.BytesIO(answer.content)) as picture:
        assert picture.width == 1200
    head = server.viewer.head(f"{path}/preview")
    assert (head.content, head.headers["content-length"]) == (b"", str(len(answer.content)))
    etag = {"if-none-match": answer.headers["etag"]}
    assert server.viewer.get(f"{path}/preview", headers=etag).status_code == 304


def test_the_first_page_waits_behind_the_gate_with_the_rest(server: Server) -> None:
    upload(server, pictures.report(), "report.pdf").raise_for_status()
    path = server.share(mechanic="hard")
    assert "/preview" not in server.viewer.get(path).text
    refused = server.viewer.get(f"{path}/preview")
    assert (refused.status_code, refused.headers["location"]) == (303, path)
    server.admit(path)
    assert server.viewer.get(f"{path}/preview").status_code == 200


def test_a_document_that_cannot_be_drawn_has_no_first_page_and_is_shared_all_the_same(server: Server) -> None:
    path = server.share(mechanic="open")
    assert "/preview" not in server.viewer.get(path).text
    assert server.viewer.get(f"{path}/preview").status_code == 404
    assert server.viewer.get(f"{path}/file").content == PDF
