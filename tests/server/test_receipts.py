"""What a customer is told came of its sharing: how many, never who, and never one or two."""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import product
from typing import Any

import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from factories import FIREFOX, Server, element, parsed, words
from passalong.domain.receipt import FEW, Told
from portal import branch_of, enter, happened, made_in_portal, share_of

Browser = Callable[..., httpx2.Client]

DIGITS = re.compile(r"\d+")


def rows(html: str) -> dict[str, list[str]]:
    """The table of a share's months: what stands beside each."""
    found = {}
    for row in parsed(html).findall(".//table//tr"):
        head, *cells = ["".join(cell.itertext()).strip() for cell in row]
        found[head] = cells
    return found


def bars(html: str) -> list[tuple[str, str]]:
    """Height of each bar that there is, and its class."""
    return [(bar.attrib["height"], bar.get("class", "")) for bar in parsed(html).findall(".//{*}rect")]


@pytest.mark.parametrize(
    ("count", "said"), [(0, "none"), (1, "fewer than 3"), (2, "fewer than 3"), (3, "3"), (1204, "1204")]
)
def test_one_and_two_are_told_alike(count: int, said: str) -> None:
    assert Told.of(count).words(str) == said


@given(st.lists(st.integers(min_value=0, max_value=50), min_size=1, max_size=12))
def test_a_total_is_true_and_says_nothing_that_its_parts_do_not(counts: list[int]) -> None:
    total = sum(map(Told.of, counts), Told())
    assert total.least <= sum(counts) <= total.most
    hidden = [n for n, count in enumerate(counts) if 0 < count < FEW]
    for others in product((1, 2), repeat=min(len(hidden), 4)):
        possible = list(counts)
        for n, other in zip(hidden, others, strict=False):
            possible[n] = other
        assert sum(map(Told.of, possible), Told()) == total, "whatever the hidden parts are, the total reads the same"
    said = total.words(str)
    if sum(counts) < FEW:
        assert said in ("none", "fewer than 3", "fewer than 5")
    assert said not in ("1", "2")


def test_months_hops_and_totals_of_a_share(server: Server, browser: Browser, clock: Any) -> None:
    path = server.share("page", "open", channel="linkedin")
    [share] = {event["share"] for event in server.events()}
    children = [branch_of(server, path, f"{FIREFOX} {n}") for n in range(3)]
    branch_of(server, children[0])
    for kind, times, days_ago in (("view", 40, 40), ("view", 2, 75), ("lead", 1, 40), ("opportunity", 4, 40)):
        happened(server, share, kind, times, now_ms=clock(), days_ago=days_ago)
    html = enter(server, browser()).get(f"/portal/shares/{share}").text
    told = list(rows(html).items())
    assert told[0] == ("Month", ["Visits", "Leads", "Opportunities"])
    assert told[1][1] == ["4", "none", "none"], "three who passed it along, and one who did so with a branch"
    assert [cells for _, cells in told[2:-1] if cells != ["none"] * 3] == [
        ["40", "fewer than 3", "4"],
        ["fewer than 3", "none", "none"],
    ]
    assert told[-1] == ("All time", ["at least 45", "fewer than 3", "4"])
    assert "1 step from you links: 3" in words(html)
    assert "2 steps from you links: fewer than 3" in words(html)


def test_one_visit_is_drawn_and_told_like_two(server: Server, browser: Browser, clock: Any) -> None:
    """Byte by byte: a page with one of everything is the page with two of everything."""
    client = enter(server, browser())
    share = made_in_portal(client)

    def shown() -> tuple[str, str]:
        page = client.get(f"/portal/shares/{share}").text
        return tuple(re.sub(r'value="[^"]+"', "", text) for text in (page, client.get("/portal").text))  # type: ignore[return-value]

    pages = []
    for _ in range(2):
        for kind in ("view", "lead", "opportunity"):
            happened(server, share, kind, 1, now_ms=clock())
        pages.append(shown())
    assert pages[0] == pages[1]
    assert len(bars(pages[0][0])) == 1
    happened(server, share, "view", 1, now_ms=clock())
    assert rows(client.get(f"/portal/shares/{share}").text)["All time"][0] == "3"


def test_a_chart_is_as_tall_as_its_largest_number_and_names_none_that_is_hidden(
    server: Server, browser: Browser, clock: Any
) -> None:
    share = share_of(server)
    for times, days_ago in ((2, 0), (300, 35), (30, 70)):
        happened(server, share, "view", times, now_ms=clock(), days_ago=days_ago)
    html = enter(server, browser()).get(f"/portal/shares/{share}").text
    few, most, some = [float(height) for height, _ in sorted(bars(html), key=lambda bar: bar[1] != "stub")]
    assert few < min(most, some)
    assert max(most, some) > 80
    picture = parsed(html).find(".//{*}svg[@role='img']")
    assert picture is not None
    assert "".join(picture.itertext()).split()[0] == "300"
    assert "The table below says how many" in picture.get("aria-label", "")


def test_the_summary_counts_no_more_than_the_list_tells(server: Server, browser: Browser, clock: Any) -> None:
    first, second = share_of(server), share_of(server, asset="page", mechanic="open")
    happened(server, first, "view", 10, now_ms=clock())
    happened(server, first, "lead", 2, now_ms=clock())
    happened(server, second, "view", 2, now_ms=clock())
    happened(server, second, "lead", 2, now_ms=clock())
    happened(server, second, "opportunity", 7, now_ms=clock(), days_ago=400)
    shown = words(enter(server, browser()).get("/portal").text)
    month, all_time = re.findall(r"Visits (.+?) Leads (.+?) Opportunities (.+?) (?:All time|You see)", shown)
    assert month == ("at least 11", "fewer than 5", "none")
    assert all_time == ("at least 11", "fewer than 5", "7")


def test_bots_and_other_customers_are_in_no_receipt(server: Server, browser: Browser, clock: Any) -> None:
    mine, theirs = server.share("page", "open"), server.share("page", "open", "globex")
    server.viewer.get(theirs)
    for _ in range(5):
        httpx2.get(server.address + mine, headers={"user-agent": "Slackbot-LinkExpanding 1.0"})
    shown = words(enter(server, browser()).get("/portal").text)
    assert "Visits none Leads none" in shown


def test_nobody_is_named(server: Server, browser: Browser) -> None:
    path = server.share()
    server.admit(path)
    client = enter(server, browser())
    home = client.get("/portal").text
    share = element(home, "shares")
    assert share is not None
    [href] = [a.attrib["href"] for a in parsed(home).iter("a") if a.get("href", "").startswith("/portal/shares/")]
    for page in (home, client.get(href).text):
        assert "fewer than 3" in page
        for personal in ("ann@umbrella", "Ann Umber", "umbrella"):
            assert personal not in page
        assert "<script" not in page
