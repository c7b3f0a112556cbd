"""The month's review: walking through the mechanics, recording it, and what came of the last one."""

from __future__ import annotations

from datetime import date
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from console_driver import Driver, console, failed, story
from textual.widgets import Input

from factories import Server, mechanic
from passalong.domain import review as reviews
from passalong.domain.mechanic import Gate, Mechanic, MechanicKind
from passalong.domain.review import Choice, ReviewBody, ReviewedBody, ReviewRole
from passalong.domain.verdict import State, Verdict
from passalong.errors import Invalid
from passalong_tui.draft import month_due, needs_reason
from passalong_tui.memory import Memory, recall, remember
from passalong_tui.screens.review import ReviewScreen
from passalong_tui.screens.review_dialogs import DecideDialog, HoldDialog
from passalong_tui.widgets.choices import Choices
from passalong_tui.words import month_beside, month_in_short, month_name


async def _to_review(tui: Driver) -> None:
    await tui.press("9")
    await tui.until(lambda: isinstance(tui.console.screen, ReviewScreen), "the review")
    await tui.until(lambda: tui.column("title", "#living") and tui.console.known.reviews is not None, "what lives")


async def _decide(tui: Driver, choice: str, mechanic: str, reason: str = "") -> None:
    living = tui.listing("#living")
    living.aim(mechanic)
    await tui.until(lambda: living.current.key == mechanic, mechanic)
    await tui.dialog(choice, DecideDialog)
    await tui.type(reason)
    await tui.press("enter")
    await tui.until(lambda: isinstance(tui.console.screen, ReviewScreen), "the dialog to close")


def _of(tui: Driver, column: str, title: str) -> str:
    return dict(zip(tui.column("title", "#living"), tui.column(column, "#living"), strict=True))[title]


@pytest.mark.parametrize("size", [(80, 24), (160, 50)])
async def test_a_month_is_walked_through_and_recorded(server: Server, clock: Any, size: tuple[int, int]) -> None:
    path = server.share(mechanic="soft")
    failed(server, clock)
    async with console(server, size=size) as tui:
        await _to_review(tui)
        assert tui.column("title", "#living")[0] == "Soft", "what the numbers speak against comes first"
        await tui.until_shown("0 of 5 decided", "600 visits in 100 days", "No review was held yet.")
        await tui.dialog("K", DecideDialog)
        dialog = tui.console.screen
        assert dialog.query_one("#owner", Input).value == "Mara"
        await tui.until_shown("The verdict is to kill it.", "1 link of 1 customer: the asset stays")
        await tui.press("enter")
        await tui.until_shown("! Say why it is killed.")
        await tui.type("It had its time")
        dialog.query_one("#role", Choices).focus()
        await tui.press("right")
        await tui.pilot.click("#decide")
        await tui.until(lambda: _of(tui, "decision", "Soft") == "✗ kill", "the decision")
        assert tui.listing("#living").current.key != "soft", "on to the next"
        await _decide(tui, "c", "hard", "Ask for less")
        await _decide(tui, "e", "open")
        await tui.until_shown("3 of 5 decided")
        await tui.dialog("w", HoldDialog)
        await tui.until_shown("Record the review of", "✗ kill", "~ change", "✓ keep", "Marketing: Mara")
        await tui.until_shown("Nothing is said of 2 mechanics")
        await tui.type("A clear month")
        await tui.press("enter")
        await tui.until(lambda: len(tui.column("title", "#past")) == 3, "what was decided")
        await tui.until_shown("held on ", " by mara")
        assert _of(tui, "decision", "Customer reports") == "~ to change"
    [held] = server.api.get("/api/v1/reviews").json()["items"]
    assert (held["by"], held["note"]) == ("mara", "A clear month")
    said = {d["mechanic"]: (d["decision"], d["role"], d["owner"], d["reason"]) for d in held["decisions"]}
    assert said == {
        "soft": ("kill", "marketing", "Mara", "It had its time"),
        "hard": ("change", "product", "Mara", "Ask for less"),
        "open": ("keep", "product", "Mara", ""),
    }
    assert "csrf_token" not in server.viewer.get(path).text


async def test_what_the_server_refuses_stands_beside_its_line_and_nothing_is_lost(server: Server, clock: Any) -> None:
    story(server)
    async with console(server, size=(120, 40), refresh_s=60) as tui:
        await _to_review(tui)
        await _decide(tui, "c", "hard", "Ask for less")
        await _decide(tui, "e", "soft")
        failed(server, clock)  # meanwhile the verdict has become another
        await tui.dialog("w", HoldDialog)
        await tui.type("A note of mine")
        await tui.press("enter")
        await tui.until_shown("! The verdict is to kill it: keeping it needs a reason.", "Some decisions need another")
        assert tui.console.screen.query_one("#note", Input).value == "A note of mine"
        await tui.press("escape")
        await tui.until(lambda: _of(tui, "decision", "Soft") == "! ✓ keep", "the mark")
        assert _of(tui, "decision", "Customer reports") == "~ change"
        await tui.until(lambda: tui.console.known.living[-1].verdict.state, "the verdicts")
        await _decide(tui, "e", "soft", "Two deals are near")
        await tui.until(lambda: _of(tui, "decision", "Soft") == "✓ keep", "it is mended")
        await tui.dialog("w", HoldDialog)
        await tui.press("enter")
        await tui.until(lambda: len(tui.column("title", "#past")) == 2, "what was decided")
        tui.listing("#past").grid.focus()
        await tui.until_shown("against the verdict", "“Two deals are near”", "Since:")
    assert server.api.get("/api/v1/mechanics/soft").json()["overridden_by"]["reason"] == "Two deals are near"


async def test_a_decision_is_changed_taken_back_and_survives_another_screen(server: Server) -> None:
    server.share(mechanic="soft")
    async with console(server) as tui:
        await _to_review(tui)
        await _decide(tui, "c", "soft", "Shorter form")
        await tui.press("1")
        await tui.until_shown("What did customers bring this month?")
        await _to_review(tui)
        tui.listing("#living").aim("soft")
        await tui.until_shown("“Shorter form”")
        await tui.dialog("K", DecideDialog)
        dialog = tui.console.screen
        assert dialog.query_one("#reason", Input).value == "Shorter form"
        dialog.query_one("#fallback", Choices).focus()
        await tui.press("right")
        await tui.until_shown("will lead to the brand’s home page")
        await tui.pilot.click("#decide")
        await tui.until(lambda: _of(tui, "decision", "Soft") == "✗ kill", "the other decision")
        tui.listing("#living").aim("soft")
        await tui.until(lambda: tui.listing("#living").current.key == "soft", "soft")
        await tui.press("x")
        await tui.until(lambda: _of(tui, "decision", "Soft") == "–", "nothing decided")
        await tui.press("w")
        assert isinstance(tui.console.screen, ReviewScreen), "there is nothing to record"


async def test_what_was_decided_and_not_recorded_is_there_the_next_time(server: Server, tmp_path: Path) -> None:
    memory, path = Memory(), tmp_path / "console.json"
    async with console(server, memory=memory) as tui:
        await _to_review(tui)
        await _decide(tui, "c", "hard", "Ask for less")
        await tui.until_shown("1 of 5 decided")
    remember(memory, path)
    async with console(server, memory=recall(path)) as tui:
        await _to_review(tui)
        await tui.until_shown("1 of 5 decided")
        await tui.until(lambda: _of(tui, "decision", "Customer reports") == "~ change", "the decision")
        await tui.dialog("w", HoldDialog)
        await tui.press("enter")
        await tui.until(lambda: len(tui.column("title", "#past")) == 1, "the review")
    remember(tui.console.memory, path)
    assert not [month for server in recall(path).servers.values() for month in server.drafts.values() if month]


async def test_another_month_may_be_reviewed_and_none_that_has_not_begun(server: Server) -> None:
    present = server.api.get("/api/v1/metric?months=1").json()["months"][0]["month"]
    async with console(server) as tui:
        await _to_review(tui)
        for _ in range(3):
            await tui.press("right_square_bracket")
        await tui.until_shown(f"killed in {month_name(present)}?")
        await tui.press("left_square_bracket")
        await tui.until_shown(f"killed in {month_name(month_beside(present, -1))}?")
        await _decide(tui, "e", "open")
        await tui.dialog("w", HoldDialog)
        await tui.press("enter")
        await tui.until(
            lambda: tui.column("month", "#past") == [month_in_short(month_beside(present, -1))], "the review"
        )
        await _decide(tui, "e", "open")
        await tui.dialog("w", HoldDialog)
        assert tui.text("#title").endswith("again?")
        assert tui.text("#held").endswith("by mara. This replaces 1 decision of it, which is all.")


async def test_a_draft_stays_with_its_month(server: Server) -> None:
    async with console(server) as tui:
        await _to_review(tui)
        month = tui.console.known.draft.month
        earlier = month_beside(month, -1)
        await _decide(tui, "e", "open", "For the later month")
        await tui.press("left_square_bracket")
        await tui.until_shown(f"killed in {month_name(earlier)}?   0 of 5 decided")
        assert _of(tui, "decision", "Open") == "–"
        await tui.press("w")
        assert isinstance(tui.console.screen, ReviewScreen), "there is nothing to record of this month"
        await tui.press("ctrl+z")
        assert _of(tui, "decision", "Open") == "–"
        await tui.press("right_square_bracket")
        await tui.until_shown(f"killed in {month_name(month)}?   0 of 5 decided")
        await _decide(tui, "e", "open", "For the later month")
        await tui.press("left_square_bracket")
        await _decide(tui, "c", "soft", "Shorter form")
        await tui.dialog("w", HoldDialog)
        await tui.press("enter")
        await tui.until(
            lambda: tui.column("month", "#past") == [month_in_short(earlier)], "the review of the earlier month"
        )
        await tui.press("right_square_bracket")
        await tui.until(lambda: _of(tui, "decision", "Open") == "✓ keep", "the later month’s draft is still there")
        assert _of(tui, "decision", "Soft") == "–"
    [held] = server.api.get("/api/v1/reviews").json()["items"]
    assert (held["month"], [said["mechanic"] for said in held["decisions"]]) == (earlier, ["soft"])


async def test_a_month_that_was_held_shows_what_was_decided_and_known_then(
    server: Server, clock: Any, tmp_path: Path
) -> None:
    month = server.api.get("/api/v1/metric?months=1").json()["months"][0]["month"]
    said = {"decision": "keep", "role": "sales", "owner": "Otto", "reason": "Young."}
    decisions = [{"mechanic": key, **said} for key in ("soft", "hard")]
    body = {"month": month, "by": "Nora", "decisions": decisions}
    assert server.api.post("/api/v1/reviews", json=body).status_code == 201
    failed(server, clock)
    async with console(server, size=(160, 50)) as tui:
        await _to_review(tui)
        while tui.console.known.draft.month > month:
            await tui.press("left_square_bracket")
        await tui.until_shown(f"killed in {month_name(month)}?   held on ", " by Nora", "w Hold again")
        assert (_of(tui, "decision", "Soft"), _of(tui, "role", "Soft")) == ("✓ kept", "Sales: Otto")
        assert _of(tui, "verdict", "Soft") == "… too early", "the verdict of then stands beside what was decided then"
        assert _of(tui, "decision", "Open") == "–"
        tui.listing("#living").aim("soft")
        await tui.until_shown("“Young.”", "Then known: … too early", "Today: ✗ kill", "600 visits in 100 days")
        await _decide(tui, "c", "soft", "Shorter form")
        await tui.until_shown(" by Nora, 1 decided anew")
        assert tui.listing("#living").current.key not in ("soft", "hard"), "on to what nothing was decided about"
        tui.listing("#living").aim("soft")
        await tui.until_shown("Decided anew: ~ change", "✓ kept on ", "Today: ✗ kill")
        assert (_of(tui, "decision", "Soft"), _of(tui, "verdict", "Soft")) == ("~ change", "✗ kill")
        await tui.dialog("w", HoldDialog)
        assert tui.text("#title") == f"Record the review of {month_name(month)} again?"
        assert tui.text("#held").endswith("by Nora. This replaces 1 decision of it; the other one stands.")
        assert tui.text("#left-out").startswith("Nothing is said of 3 mechanics")
        await tui.press("escape")
        tui.listing("#living").aim("soft")
        await tui.press("x")
        await _decide(tui, "e", "open")
        await tui.dialog("w", HoldDialog)
        assert tui.text("#held").endswith("by Nora. This adds to it; what was decided then stands.")
        await tui.press("enter")
        await tui.until(lambda: _of(tui, "decision", "Open") == "✓ kept", "what was added")
        assert _of(tui, "decision", "Soft") == "✓ kept"
        tui.console.exports = tmp_path / "new"
        await tui.press("m")
        await tui.until_shown("The review is written to")
    text = (tmp_path / "new" / f"passalong-review-{month}.md").read_text("utf-8")
    assert text.count("### ✓ keep") == 3, "both reviews of the month"
    assert "not recorded yet" not in text
    assert "## Nothing was decided about" in text


async def test_deciding_says_that_nothing_happens_yet_and_why_a_reason_is_needed(server: Server, clock: Any) -> None:
    failed(server, clock)
    async with console(server) as tui:
        await _to_review(tui)
        await tui.dialog("K", DecideDialog)
        await tui.until_shown("Nothing happens until the review is recorded.")
        await tui.press("escape")
        await tui.dialog("e", DecideDialog)
        await tui.until_shown("Nothing happens until", "Needed: it goes against the verdict")


async def test_the_review_is_written_down_before_and_after_it_is_held(
    server: Server, clock: Any, tmp_path: Path
) -> None:
    server.api.put("/api/v1/mechanics/open", json=mechanic(title="Open | [link](https://x.example) `x`"))
    failed(server, clock)
    async with console(server, size=(160, 50)) as tui:
        tui.console.exports = tmp_path / "new"
        await _to_review(tui)
        month = tui.console.known.draft.month
        await _decide(tui, "c", "hard", "Ask for *less*")
        await tui.press("m")
        await tui.until_shown("The review is written to")
        [draft] = (tmp_path / "new").iterdir()
        text = draft.read_text("utf-8")
        assert draft.name == f"passalong-review-{month}.md"
        assert text.startswith(f"# Review of {month_name(month)}\n\nA draft of ")
        assert "### ~ change: Customer reports\n\n- In whose hands: Product, Mara\n" in text
        assert "- Why: Ask for \\*less\\*" in text
        assert "- Open \\| \\[link\\](https\\://x.example) \\`x\\`, Mara: too early." in text
        assert "- Soft, Mara: kill. 600 visits in 100 days" in text
        await tui.dialog("w", HoldDialog)
        await tui.type("A note")
        await tui.press("enter")
        await tui.until(lambda: len(tui.column("title", "#past")) == 1, "what was decided")
        await tui.press("m")
        await tui.until(lambda: len(list((tmp_path / "new").iterdir())) == 2, "a file of its own")
        held = (tmp_path / "new" / f"passalong-review-{month}-2.md").read_text("utf-8")
        assert "by mara." in held
        assert "Note: A note" in held
        assert "- Since then: " in held
        assert "Known then: too early. Nobody has visited" in held
        await tui.press("right_square_bracket", "right_square_bracket")
        tui.console.known.draft.month = month_beside(month, 1)
        await tui.press("m")
        await tui.until(lambda: len(list((tmp_path / "new").iterdir())) == 3, "the next month")
        after = max((tmp_path / "new").iterdir()).read_text("utf-8")
        assert f"## What came of {month_name(month)}" in after
        assert "Nothing is decided yet." in after


async def test_a_file_that_cannot_be_written_is_said(server: Server, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    async with console(server) as tui:
        tui.console.exports = tmp_path / "file" / "below"
        await _to_review(tui)
        await tui.press("m")
        await tui.until_shown("Nothing was written:")


async def test_what_was_decided_or_taken_back_in_the_draft_is_undone(server: Server) -> None:
    async with console(server) as tui:
        await _to_review(tui)
        await _decide(tui, "c", "soft", "Shorter form")
        await _decide(tui, "e", "soft", "It is fine")
        await tui.until(lambda: _of(tui, "decision", "Soft") == "✓ keep", "the second decision")
        await tui.press("ctrl+z")
        await tui.until(lambda: _of(tui, "decision", "Soft") == "~ change", "the first again")
        tui.listing("#living").aim("soft")
        await tui.until_shown("“Shorter form”")
        await tui.press("x")
        await tui.until(lambda: _of(tui, "decision", "Soft") == "–", "nothing decided")
        await tui.press("ctrl+z")
        await tui.until(lambda: _of(tui, "decision", "Soft") == "~ change", "it is back")
        assert tui.console.known.draft.decisions["soft"].reason == "Shorter form"


async def test_the_course_and_the_weeks_stand_beside_what_is_to_be_decided(server: Server, clock: Any) -> None:
    failed(server, clock)
    async with console(server, size=(160, 50)) as tui:
        await _to_review(tui)
        await tui.until_shown("Visits, half a year", "━━ 0 opportunities came", "here the verdict is to kill")
        tui.listing("#living").aim("plain")
        await tui.until_shown("no target, so nothing is expected")


def test_in_the_first_ten_days_the_past_month_is_due() -> None:
    assert month_due("2026-11", date(2026, 11, 10)) == "2026-10"
    assert month_due("2026-11", date(2026, 11, 11)) == "2026-11"
    assert month_due("2026-01", date(2026, 1, 1)) == "2025-12"
    assert month_beside("2026-12", 1) == "2027-01"


@pytest.mark.parametrize(("choice", "state"), list(product(Choice, State)))
def test_a_reason_is_asked_for_where_the_server_refuses_without_one(choice: Choice, state: State) -> None:
    said = ReviewedBody(mechanic="soft", decision=choice, role=ReviewRole.SALES, owner="Mara")
    body = ReviewBody(month="2026-10", by="Mara", decisions=[said])
    refused = ""
    try:
        reviews.check(body, {"soft": _mechanic()}, {"soft": _verdict(state)})
    except Invalid as error:
        refused = str(error.faults[0].message)
    assert needs_reason(choice, state) == refused


def _mechanic() -> Mechanic:
    return Mechanic(
        key="soft",
        kind=MechanicKind.SHARED_ASSET,
        title="Soft",
        owner="Mara",
        brand="acme",
        gate=Gate(),
        cta=None,
        target_per_1000=10,
        floor_days=90,
        launched_at_ms=0,
    )


def _verdict(state: State) -> Verdict:
    return Verdict(
        state=state, stalled=False, probability=None, expected=None, observed=0, days_left=0, visits=0, why=""
    )
