"""The monthly review: one month in five forms, which agree with each other and with the API."""

from __future__ import annotations

import csv
import io
import json
import re
from collections import Counter
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from rich.cells import cell_len

from commands import run
from factories import ANN, Server, element, mechanic, parsed, rfc3339, words
from passalong.domain.instant import month_name, months_back
from passalong.domain.text import in_markdown
from passalong.report import markdown
from passalong.report.wording import cut
from soundness import sound

DAY_MS = 86_400_000
FORMATS = ("text", "md", "html", "json", "csv")
HOSTILE = "=HYPERLINK(1)<script src=//evil.example>|`x`[a](https://evil.example)\u202e\x1b[31m*b*"
LONG = "Wherever the " + "very " * 28 + "end"


@pytest.fixture
def desk(beside: Path) -> Path:
    """The folder of a running server, whose days are the server's."""
    settings = beside / "passalong.toml"
    settings.write_text(settings.read_text() + 'timezone = "Europe/Berlin"\n')
    return beside


def reviewed(folder: Path, *more: str) -> dict[str, Any]:
    return dict(json.loads(run(folder, "report", "--format", "json", *more).stdout))


def in_every_form(folder: Path, *more: str) -> dict[str, str]:
    return {form: run(folder, "report", "--format", form, *more).stdout for form in FORMATS}


def rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def amount(minor: int, currency: str = "EUR") -> dict[str, Any]:
    return {"amount_minor": minor, "currency": currency}


def won_over(server: Server, clock: Any, n: int, *, customer: str = "initech", money: Any = None, **more: Any) -> None:
    """A viewer passes a customer's gate and becomes an opportunity."""
    email = f"buyer{n}@umbrella{n}.example"
    server.admit(server.share(customer=customer, **more), email=email)
    server.viewer.cookies.clear()
    report = {"amount": money} if money else {}
    server.convert(f"D-{n}", occurred_at=rfc3339(clock()), emails=[email], **report)


def two_months(server: Server, clock: Any) -> tuple[str, str]:
    """Some history: last month two opportunities, this month four of five with a name. Gives both months."""
    present = clock()
    this = int(rfc3339(present)[:7].replace("-", ""))
    clock.ms -= (int(rfc3339(present)[8:10]) + 2) * DAY_MS
    won_over(server, clock, 1, money=amount(100_000))
    won_over(server, clock, 2, customer="globex", money=amount(50_000), mechanic="soft")
    clock.ms = 0
    won_over(server, clock, 3, money=amount(1_234_550))
    won_over(server, clock, 4, customer="globex", money=amount(700_000))
    server.convert("D-5", occurred_at=rfc3339(clock()), heard_from="Globex", amount=amount(30_000))
    won_over(server, clock, 6, customer="globex", mechanic="soft")
    server.convert("D-7", occurred_at=rfc3339(clock()), emails=["who@nowhere.example"], amount=amount(999_900))
    server.convert("D-3", kind="won", occurred_at=rfc3339(clock()), emails=["buyer3@umbrella3.example"])
    return month_name(this), month_name(months_back(this, 2)[0])


def test_every_form_says_what_the_api_says(server: Server, desk: Path, clock: Any) -> None:
    this, before = two_months(server, clock)
    said = in_every_form(desk)
    api = server.api.get("/api/v1/metric?months=12").json()
    alone = server.api.get("/api/v1/metric?months=1").json()

    found = json.loads(said["json"])
    assert (found["month"], found["month_before"], found["running"], found["state"]) == (this, before, True, "told")
    for line, month in zip(found["months"], api["months"], strict=True):
        assert line == {name: month[name] for name in line}
    assert (found["months"][-1]["attributed"], found["months"][-1]["opportunities"]) == (4, 5)
    assert found["evidence"] == api["months"][-1]["evidence"]
    assert {line["stage"]: line["now"] for line in found["funnel"] if line["now"]} == {
        kind: n for kind, n in api["funnel"].items() if n and kind not in ("view", "step")
    }
    assert found["hops"] == alone["hops"]
    assert found["k_factor_12"] == api["k_factor"]
    for name in ("expansion_pipeline", "advocacy_revenue"):
        assert found[name] == alone["secondary"][name]
        assert found[f"{name}_12"] == api["secondary"][name]
    assert {line["mechanic"]: line["days"] for line in found["first_opportunities"]} == {
        line["mechanic"]: line["days"] for line in api["secondary"]["first_opportunities"]
    }
    assert sum(line["opportunities"] for line in found["sources"]) == 5
    assert [line["attributed"] for line in found["sources"]] == [True, True, True, False]

    table = rows(said["csv"])
    for month in api["months"]:
        mine = {
            row["measure"]: row["value"]
            for row in table
            if (row["section"], row["month"]) == ("metric", month["month"])
        }
        assert (float(mine["attributed"]), int(mine["opportunities"])) == (month["attributed"], month["opportunities"])
        money = sum(Decimal(m["amount_minor"]) / 100 for m in month["pipeline"]["by_currency"])
        assert Decimal(mine.get("pipeline", "0")) == money
    for section in ("source", "customer"):
        money = [Decimal(row["value"]) for row in table if row["section"] == section and row["currency"]]
        nobody = [Decimal(row["value"]) for row in table if row["measure"] == "pipeline_unattributed"]
        expected = Decimal("19645.50") + (sum(nobody) if section == "source" else 0)
        assert sum(money) == expected

    assert element(said["html"], "sources") is not None
    for form in ("text", "md", "html"):
        shown = words(said[form]) if form == "html" else " ".join(said[form].split())
        assert re.search(r"\b4 opportunities with a customer’s name", shown), form
        assert "2 more than in all of" in shown, form
        assert "EUR 19,645.50" in shown, form
        assert re.search(r"Coverage 80 %: 4 of 5 known opportunities, 20 points less", shown), form
        assert "3 (75 %) are observed" in shown, form
        assert "1 (25 %) is declared" in shown, form


def test_a_month_that_is_over_stays_as_it_was(server: Server, desk: Path, clock: Any) -> None:
    _, before = two_months(server, clock)
    found = reviewed(desk, "--month", before)
    assert (found["running"], found["days"]) == (False, found["days_in_month"])
    assert found["months"][-1]["attributed"] == 2
    assert [(line["customer"], line["opportunities"], line["leads"]) for line in found["customers"]] == [
        ("initech", 1, 1),
        ("globex", 1, 1),
    ]
    text = run(desk, "report", "--month", before).stdout
    assert "so far" not in text
    assert "2 more than in" in text


def test_what_moved_and_what_was_decided(server: Server, desk: Path, clock: Any) -> None:
    two_months(server, clock)
    body = {"reason": "Brings nothing", "by": "Mara", "fallback": "asset_only"}
    assert server.api.post("/api/v1/mechanics/strict/kill", json=body).status_code < 300
    found = reviewed(desk)
    moved = {(line["what"], line["id"]): (line["before"], line["now"]) for line in found["movers"]}
    assert moved == {("mechanic", "hard"): (1, 2), ("customer", "globex"): (1, 3)}
    killed = [line for line in found["decisions"] if line["kind"] == "kill"]
    assert [(line["title"], line["by"], line["reason"]) for line in killed] == [("Strict", "Mara", "Brings nothing")]
    assert "Strict was killed by Mara. Brings nothing." in " ".join(run(desk, "report").stdout.split())


def test_credits_that_were_worked_out_anew_are_counted(server: Server, desk: Path, clock: Any) -> None:
    server.convert("D-1", occurred_at=rfc3339(clock()), emails=[ANN["email"]])
    assert reviewed(desk)["credited_anew"] == []
    assert "No credit was worked out anew" in run(desk, "report").stdout
    server.admit(server.share())
    assert reviewed(desk)["credited_anew"] == [{"cause": "a lead came in", "times": 1}]
    assert "A lead came in. 1 time." in run(desk, "report").stdout


def test_a_link_is_told_with_all_that_was_passed_along_from_it(server: Server, desk: Path, clock: Any) -> None:
    path = server.share(channel="linkedin")
    server.admit(path)
    made = server.viewer.post(f"{path}/pass-along")
    url = element(server.viewer.get(made.headers["location"]).text, "url").get("value", "")
    other = httpx2.Client(base_url=server.address, headers={"user-agent": "Mozilla/5.0 (Macintosh) Safari/605"})
    with other:
        server.admit(url.removeprefix(server.config.base_url), other, email="bo@cyberdyne.example", name="Bo")
    server.convert("D-1", occurred_at=rfc3339(clock()), emails=["bo@cyberdyne.example"])
    [tree] = reviewed(desk)["trees"]
    assert (tree["title"], tree["name"], tree["channel"]) == ("Quarterly report", "Initech", "linkedin")
    assert (tree["hops"], tree["links"], tree["leads"], tree["opportunities"]) == (1, 2, 2, 1)
    assert tree["visits"] == 2
    text = run(desk, "report").stdout
    assert "2 links, 1 hop" in text
    assert "K-factor 0.50 (0.50 over 12 months): 1 of 2 new leads" in " ".join(text.split())


def test_currencies_are_listed_and_never_added(server: Server, desk: Path, clock: Any) -> None:
    for n, money in enumerate((amount(1_000_000), amount(500_000, "JPY"), amount(2_500_500, "KWD"), amount(77_00))):
        won_over(server, clock, n, money=money)
    said = in_every_form(desk)
    [source] = json.loads(said["json"])["sources"]
    listed = {"EUR": 1_007_700, "JPY": 500_000, "KWD": 2_500_500}
    assert {m["currency"]: m["amount_minor"] for m in source["pipeline"]["by_currency"]} == listed
    assert source["pipeline"]["converted"] is None
    money = {row["currency"]: row["value"] for row in rows(said["csv"]) if row["measure"] == "pipeline_new_logo"}
    assert money == {"EUR": "10077.00", "JPY": "500000", "KWD": "2500.500"}
    for form in ("text", "md", "html"):
        for shown in ("EUR 10,077", "JPY 500,000", "KWD 2,500.500"):
            assert shown in said[form], form
        assert "≈" not in said[form], form
        assert "Amounts of different currencies are never added." in " ".join(said[form].split())
    assert not {1_007_700 + 500_000, 10_077 + 500_000, 10_077 + 2_500, 510_077 + 2_500} & numbers(said["text"])


def test_what_is_converted_is_called_so_and_what_is_not_is_named(server: Server, desk: Path, clock: Any) -> None:
    for n, money in enumerate((amount(1_000_000), amount(500_000, "JPY"), amount(2_500_500, "KWD"))):
        won_over(server, clock, n, money=money)
    settings = desk / "passalong.toml"
    settings.write_text(settings.read_text() + '[reporting]\ncurrency = "EUR"\n[reporting.rates]\nJPY = 0.006\n')
    said = in_every_form(desk)
    [source] = json.loads(said["json"])["sources"]
    assert source["pipeline"]["converted"] == {
        "amount": amount(1_300_000),
        "rates": {"JPY": 0.006},
        "left_out": ["KWD"],
    }
    for form in ("text", "md", "html"):
        shown = " ".join(said[form].split())
        assert "≈ EUR 13,000, without KWD" in shown, form
        assert "converted at the settings’ rates into EUR (JPY 1 = 0.006); KWD has no rate and is left out." in shown
    converted = [row for row in rows(said["csv"]) if row["measure"] == "pipeline_new_logo_at_settings_rates"]
    assert [(row["value"], row["currency"]) for row in converted] == [("13000.00", "EUR")]


def test_names_from_strangers_are_only_names(server: Server, desk: Path, clock: Any) -> None:
    for path, body in (
        ("customers/initech", {"name": HOSTILE}),
        ("mechanics/hard", mechanic(title=HOSTILE, gate={"mode": "hard", "fields": ["name"]})),
        ("assets/page", {"title": HOSTILE, "kind": "page", "source": {"markdown": "x"}}),
    ):
        assert server.api.put(f"/api/v1/{path}", json=body).status_code == 200
    won_over(server, clock, 1, money=amount(100_000), asset="page")
    kill = {"reason": HOSTILE, "by": HOSTILE, "fallback": "asset_only"}
    assert server.api.post("/api/v1/mechanics/hard/kill", json=kill).status_code < 300
    said = in_every_form(desk)
    for form in ("text", "md", "html", "csv"):
        assert not set("\x1b\u202e") & set(said[form]), form

    sound(said["html"])
    assert words(said["html"]).count("=HYPERLINK(1)<script src=//evil.example>|`x`[a]") >= 4
    for cell in (cell for row in csv.reader(io.StringIO(said["csv"])) for cell in row):
        assert not cell.startswith(("=", "+", "@")), cell
        assert not cell.startswith("-"), cell
    assert any(cell.startswith("'=HYPERLINK") for row in csv.reader(io.StringIO(said["csv"])) for cell in row)
    shown = MarkdownIt("gfm-like", {"linkify": False, "html": True}).render(said["md"])
    assert not re.findall(r"<(?:script|a|code|em|img)\b", shown)
    cells = [re.findall(r"<t[dh]", row) for table in shown.split("<table>")[1:] for row in table.split("<tr>")[1:]]
    assert Counter(len(row) for row in cells).keys() <= {3, 4, 5}
    assert all(cell_len(line) <= 80 for line in said["text"].splitlines())


def test_long_names_and_wide_letters_break_no_table(server: Server, desk: Path, clock: Any) -> None:
    name = "運送会社" * 25
    assert server.api.put("/api/v1/customers/initech", json={"name": name}).status_code == 200
    body = {"title": LONG, "kind": "page", "source": {"markdown": "x"}}
    assert server.api.put("/api/v1/assets/page", json=body).status_code == 200
    won_over(server, clock, 1, money=amount(99_999_999_999), asset="page")
    text = run(desk, "report").stdout
    assert all(cell_len(line) <= 80 for line in text.splitlines())
    assert "運送会社運" in text
    assert "…" in text
    assert "EUR 999,999,999.99" in text
    assert "…" in run(desk, "report", "--format", "md").stdout


def test_the_page_stands_by_itself(server: Server, desk: Path, clock: Any) -> None:
    two_months(server, clock)
    html = run(desk, "report", "--format", "html").stdout
    sound(html)
    page = parsed(html)
    for node in page.iter():
        assert not {"src", "href", "srcset", "action", "data"} & set(node.attrib), node.tag
    assert not re.search(r"https?:|url\(|@import|//[a-z]", html)
    chart = page.find(".//*[@role='img']")
    assert chart is not None
    assert re.search(r"October|November|December|[A-Z][a-z]+ \d{4} 4\.$", chart.get("aria-label", ""))
    for table in page.findall(".//table"):
        assert table.findtext("caption")
        heads = len(table.findall("thead/tr/th"))
        assert {len(list(row)) for row in table.findall("tbody/tr")} == {heads}


def test_what_is_read_by_a_program_is_plain(server: Server, desk: Path, clock: Any) -> None:
    two_months(server, clock)
    text = run(desk, "report").stdout
    assert "\x1b" not in text
    assert "█" in text
    assert all(cell_len(line) <= 80 for line in text.splitlines())


def test_a_new_database_says_what_to_do(home: Path) -> None:
    for form, text in in_every_form(home).items():
        if form == "json":
            assert json.loads(text)["state"] == "unused"
        elif form != "csv":
            assert "Nothing to review yet" in text, form
            assert "passalong mint" in text, form
            assert "passalong demo" in text, form
        if form == "html":
            sound(text)


def test_a_month_without_anything_says_so_and_where_there_is_something(server: Server, desk: Path, clock: Any) -> None:
    quiet = run(desk, "report", "--month", "2020-02").stdout
    assert "Of February 2020 no visit, no lead and no opportunity is known." in quiet
    _, before = two_months(server, clock)
    [earlier, _] = months_back(int(before.replace("-", "")), 2)
    assert "no visit, no lead" in run(desk, "report", "--month", month_name(earlier)).stdout
    sound(run(desk, "report", "--month", "2020-02", "--format", "html").stdout)


def test_a_quiet_month_still_asks_the_two_questions(server: Server, desk: Path, clock: Any) -> None:
    """Where nothing happens, a mechanic that is stalled is the news."""
    last = server.api.get("/api/v1/metric?months=2").json()["months"][0]["month"]
    server.api.put("/api/v1/mechanics/soft", json=mechanic(title="Soft", launched_at=rfc3339(clock() - 200 * DAY_MS)))
    said = run(desk, "report", "--month", last).stdout
    assert "Nothing was recorded" in said
    assert "Which mechanic produced the most pipeline? None" in said
    assert "Which is stalled? Soft: no opportunity since its launch." in said
    assert "What only looks like pipeline" in said


def test_a_month_that_is_none_or_has_not_begun_is_refused(desk: Path) -> None:
    for wrong in ("2026-13", "november", "1999-12", "٢٠٢٦-٠١"):
        assert "is no month; write one like 2026-11." in " ".join(
            run(desk, "report", "--month", wrong, code=2).stderr.replace("│", " ").split()
        )
    run(desk, "report", "--format", "pdf", code=2)
    for future in ("2199-01", "2999-12"):
        assert "has not begun" in run(desk, "report", "--month", future, code=1).stderr


@given(st.text(alphabet=st.sampled_from("ab .|`[]()<>*_~#&!\\-+=:/1w@$é"), min_size=1, max_size=40))
def test_markdown_shows_any_text_as_it_is(text: str) -> None:
    tidy = " ".join(text.split())
    shown = MarkdownIt("gfm-like", {"linkify": False, "html": True}).render(f"x {in_markdown(tidy)} x")
    assert element(f"<html><body><div id=a>{shown}</div></body></html>", "a").find(".//p") is not None
    assert words(f"<body>{shown}</body>") == " ".join(f"x {tidy} x".split())
    opening = MarkdownIt("gfm-like", {"linkify": False, "html": True}).render(markdown.line(tidy)) if tidy else ""
    assert words(f"<body>{opening}</body>") == tidy


@given(st.text(max_size=200), st.integers(3, 80))
def test_a_name_that_is_cut_fits_and_keeps_its_ends(text: str, cells: int) -> None:
    short = cut(text, cells)
    assert cell_len(short) <= max(cells, 0)
    if short != text:
        head, _, tail = short.partition("…")
        assert text.startswith(head)
        assert text.endswith(tail) or "…" in text


def numbers(text: str) -> set[int]:
    return {int(found.replace(",", "")) for found in re.findall(r"\d[\d,]*\d|\d", text)}
