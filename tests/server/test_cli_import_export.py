"""What comes in and goes out by the command line: customers, assets, exports."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx2
import pytest

import engine
from commands import run
from factories import PDF, Server, picture
from passalong.commands.export import safe_cell


def names(folder: Path) -> list[str]:
    asked = "SELECT id FROM catalog WHERE noun IN ('customer', 'asset') ORDER BY id"
    return [id for (id,) in engine.execute(engine.database_for(folder), asked)]


def stored(folder: Path, id: str) -> dict[str, Any]:
    [(body,)] = engine.execute(engine.database_for(folder), "SELECT body FROM catalog WHERE id = ?", id)
    return dict(json.loads(body))


def test_customers_come_in_from_a_spreadsheet(home: Path) -> None:
    text = 'id,name,domains,consent_to_cobrand\r\nc1,"Comma, Inc","c1.example www.c1.org",yes\r\n\r\nc2,Zwölf,,\r\n'
    (home / "c.csv").write_text("\ufeff" + text, "utf-8")
    assert "2 customers" in run(home, "import", "customers", "c.csv", "--dry-run").stdout
    assert names(home) == []
    run(home, "import", "customers", "c.csv")
    assert names(home) == ["c1", "c2"]
    body = stored(home, "c1")
    assert (body["name"], body["domains"], body["consent_to_cobrand"]) == ("Comma, Inc", ["c1.example", "c1.org"], True)


def test_one_bad_row_and_none_is_stored_and_every_bad_row_is_named(home: Path) -> None:
    rows = [
        "id,name,domains,consent_to_cobrand",
        "ok,Fine,,",
        "bad id,X,,",
        "c3,,,",
        "c4,X,nodomain,",
        "c5,X,,maybe",
        "ok,Again,,",
        "c6,X,,,,",
    ]
    (home / "c.csv").write_text("\n".join(rows))
    said = run(home, "import", "customers", "c.csv", code=1).stderr
    for line in (3, 4, 5, 6, 7, 8):
        assert f"line {line}: " in said
    assert "line 2: " not in said
    assert "nothing was stored" in said
    assert names(home) == []


@pytest.mark.parametrize(
    ("content", "said"),
    [(b"name\nX\n", "id"), (b"id,name,shoe\na,b,c\n", "shoe"), (b"id,name\na,\xff\n", "UTF-8"), (b"", "id")],
)
def test_a_file_that_is_no_table_of_customers_is_refused(home: Path, content: bytes, said: str) -> None:
    (home / "c.csv").write_bytes(content)
    assert said in run(home, "import", "customers", "c.csv", code=1).stderr


def test_a_folder_of_files_becomes_assets(home: Path) -> None:
    folder = home / "assets"
    folder.mkdir()
    (folder / "Q3-report.pdf").write_bytes(PDF)
    (folder / "story.md").write_text("# The story\n\nOnce.\n")
    (folder / ".hidden").write_text("x")
    run(home, "import", "assets", "assets", "--dry-run")
    assert names(home) == []
    run(home, "import", "assets", "assets")
    assert names(home) == ["q3-report", "story"]
    (folder / "evil.pdf").write_text("<html>")
    (folder / "q3_report.txt").write_text("text")
    said = run(home, "import", "assets", "assets", code=1).stderr
    assert "evil.pdf" in said
    assert "q3_report.txt" in said


def test_an_export_runs_nothing_in_a_spreadsheet(
    server: Server, beside: Path, browser: Callable[..., httpx2.Client]
) -> None:
    evil = ['=HYPERLINK("http://x")', "+1", "-1+1", "@SUM(A1)", "plain", 'quote " and, comma', "Ünïcode"]
    path = server.share()
    for n, name in enumerate(evil):
        server.submit(path, browser(), email=f"n{n}@umbrella.example", name=name, company=f"  {name}")
    rows = list(csv.DictReader(io.StringIO(run(beside, "export", "--what", "leads").stdout)))
    assert len(rows) == len(evil)
    for row in rows:
        assert row["name"].removeprefix("'") in evil
        assert all(cell.lstrip(" ")[:1] not in tuple("=+-@\t\r\0") for cell in row.values() if cell.strip()), row
    as_lines = [
        json.loads(line) for line in run(beside, "export", "--what", "leads", "--format", "jsonl").stdout.splitlines()
    ]
    assert {line["name"] for line in as_lines} == set(evil)
    events = run(beside, "export", "--what", "events", "--format", "jsonl").stdout
    assert events.count('"lead"') >= len(evil)
    assert "umbrella.example" not in events
    assert run(beside, "export", "--what", "leads", "--since", "2999-01-01").stdout.strip().count("\n") <= 1
    assert "--since" in run(beside, "export", "--what", "leads", "--since", "yesterday", code=1).stderr


def test_a_cell_that_a_spreadsheet_would_run_is_quoted() -> None:
    for cell in ("=1", " =1", "   +1", "-1", "@a", "\t=1", "\r=1", "\0=1", " \t=1", {"x_a": "=1"}):
        shown = str(safe_cell(cell))
        assert shown.startswith(("'", "{")), repr(cell)
    for plain in ("a=1", "", "ann@b.example", "1-1", 5, None):
        assert safe_cell(plain) == plain


TOUR = """
title = "A tour"
summary = "In two steps."

[[steps]]
image = "a.png"
caption = "Press **here**."
[[steps.hotspots]]
x = 10
y = 10
width = 20
height = 20
label = "Here"

[[steps]]
image = "b.jpg"
title = "Done"
"""


def tour(home: Path, text: str = TOUR) -> Path:
    folder = home / "My Tour"
    folder.mkdir()
    (folder / "walkthrough.toml").write_text(text, "utf-8")
    (folder / "a.png").write_bytes(picture())
    (folder / "b.jpg").write_bytes(picture(kind="JPEG"))
    return folder


def test_a_walkthrough_comes_in_from_a_folder(home: Path) -> None:
    tour(home)
    assert "2 steps" in run(home, "import", "walkthrough", "My Tour", "--dry-run").stdout
    assert names(home) == []
    assert "my-tour: 2 steps stored" in run(home, "import", "walkthrough", "My Tour").stdout
    body = stored(home, "my-tour")
    assert (body["title"], body["kind"], sorted(body["pictures"])) == ("A tour", "walkthrough", ["a.png", "b.jpg"])
    assert [v["width"] for v in body["pictures"]["a.png"]["variants"]] == [480, 800, 1200, 1600]


def test_every_fault_of_a_walkthrough_is_named_and_nothing_stored(home: Path) -> None:
    folder = tour(home, TOUR.replace("x = 10", "x = 95").replace('"Done"', '"Done"\nnext = "nowhere"\ncolour = "red"'))
    (folder / "a.png").write_bytes(picture()[:900])
    (folder / "b.jpg").unlink()
    said = run(home, "import", "walkthrough", "My Tour", code=1).stderr
    for fault in ("steps[1].colour: There is no such field", "a.png: The picture is damaged"):
        assert fault in said
    (folder / "walkthrough.toml").write_text(TOUR.replace("x = 10", "x = 95").replace('"Done"', '"Done"\nnext = "no"'))
    said = run(home, "import", "walkthrough", "My Tour", code=1).stderr
    for fault in ("steps[0].hotspots[0]", "steps[1].next", "a.png: ", "b.jpg: There is no such picture"):
        assert fault in said
    assert "4 faults found; nothing was stored" in said
    assert names(home) == []


@pytest.mark.parametrize(
    "text", ["", "title = ", 'title = "x"', 'title = "x"\nsteps = 3', 'title = "x"\nsteps = [3]', "\xff"]
)
def test_a_walkthrough_that_says_nothing_is_refused_in_words(home: Path, text: str) -> None:
    folder = tour(home)
    (folder / "walkthrough.toml").write_text(text, "latin-1")
    assert "nothing was stored" in run(home, "import", "walkthrough", "My Tour", code=1).stderr
    (folder / "walkthrough.toml").unlink()
    assert "has no walkthrough.toml" in run(home, "import", "walkthrough", "My Tour", code=1).stderr


def test_what_is_too_much_is_refused_before_it_harms(home: Path) -> None:
    folder = tour(home, 'title = "Long"\n' + '[[steps]]\nimage = "a.png"\n' * 201)
    assert "200" in run(home, "import", "walkthrough", folder.name, code=1).stderr
    pages = home / "pages"
    pages.mkdir()
    (pages / "big.md").write_text("x" * 220_000)
    assert "200000" in run(home, "import", "assets", "pages", code=1).stderr
    assert names(home) == []
    assert run(home, "verify").stdout
