"""Kill rules, decisions and tombstones: what was registered and decided stays readable."""

from __future__ import annotations

from typing import Any

import pytest

from factories import ANN, Server, mechanic, rfc3339
from histories import visited
from passalong.domain.instant import Calendar, date_of, day_in_words

DAY_MS = 86_400_000
SAID = {"by": "Mara", "reason": "Enough."}


def described(server: Server, key: str = "soft") -> dict[str, Any]:
    return dict(server.api.get(f"/api/v1/mechanics/{key}").json())


def decide(server: Server, what: str, key: str = "soft", **more: Any) -> dict[str, Any]:
    answer = server.api.post(f"/api/v1/mechanics/{key}/{what}", json={**SAID, **more})
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def failed(server: Server, clock: Any, key: str = "soft") -> None:
    """The mechanic had its time and its visits, and brought nothing."""
    clock.ms += 100 * DAY_MS
    visited(server, key, 600, at_ms=clock() - 40 * DAY_MS)
    assert described(server, key)["verdict"]["state"] == "kill"


def test_the_rule_that_stood_at_launch_stays_readable(server: Server, clock: Any) -> None:
    rule = mechanic(title="Boards", target_per_1000=8, floor_days=60, cycle_days=30)
    server.api.put("/api/v1/mechanics/boards", json=rule)
    clock.ms += 10 * DAY_MS
    server.api.put("/api/v1/mechanics/boards", json={**rule, "target_per_1000": 4.5, "owner": "Otto"})
    changed = {"target_per_1000": 4.5, "floor_days": 90, "owner": "Otto"}
    server.api.put(
        "/api/v1/mechanics/boards",
        json={
            **rule,
            "target_per_1000": 4.5,
            "floor_days": 90,
            "owner": "Otto",
            "by": "Ida",
            "reason": "A slow summer.",
        },
    )
    server.api.put("/api/v1/mechanics/boards", json={**rule, **changed})
    found = described(server, "boards")
    assert (found["target_per_1000"], found["floor_days"], found["cycle_days"]) == (4.5, 90, 30)
    assert found["rule_at_launch"]["target_per_1000"] == 8
    assert found["rule_at_launch"]["owner"] == "Mara"
    launch, softened, prolonged = found["decisions"]
    assert (launch["kind"], launch["reason"], launch["by"]) == ("launch", "Launched.", "Mara")
    assert softened["by"] == "the key operator"
    assert softened["reason"] == "Changed: owner Mara → Otto, target_per_1000 8 → 4.5. No reason was given."
    assert softened["rule"]["target_per_1000"] == 4.5
    assert (prolonged["by"], prolonged["reason"]) == ("Ida", "A slow summer. (floor_days 60 → 90)")
    assert (prolonged["rule"]["floor_days"], prolonged["rule"]["target_per_1000"]) == (90, 4.5)


def test_moving_the_rule_under_a_verdict_to_kill_needs_a_reason_and_an_admin(server: Server, clock: Any) -> None:
    failed(server, clock)
    softer = mechanic(title="Soft", target_per_1000=0.1, gate={"mode": "soft", "fields": ["name"]})
    refused = server.api.put("/api/v1/mechanics/soft", json=softer)
    assert (refused.status_code, refused.json()["faults"][0]["field"]) == (422, "reason")
    _, integrator = server.key("integrator")
    because = {**softer, "reason": "It was never meant to bring much."}
    assert server.api.put("/api/v1/mechanics/soft", json=because, headers=integrator).status_code == 403
    assert described(server)["verdict"]["state"] == "kill"
    retitled = mechanic(title="Softer", gate={"mode": "soft", "fields": ["name"]})
    assert server.api.put("/api/v1/mechanics/soft", json=retitled, headers=integrator).status_code == 200
    moved = server.api.put("/api/v1/mechanics/soft", json=because).json()
    assert moved["verdict"]["state"] == "collecting"
    change = moved["decisions"][-1]
    assert (change["kind"], change["overrides"], change["verdict"]["state"]) == ("change", True, "kill")
    assert moved["overridden_by"] == change


def test_advocacy_is_given_twice_the_time(server: Server) -> None:
    found = server.api.put("/api/v1/mechanics/reviews", json=mechanic(kind="advocacy")).json()
    assert (found["floor_days"], found["verdict"]["days_left"]) == (180, 180)


def test_a_second_launch_within_sixty_days_warns(server: Server, clock: Any) -> None:
    clock.ms += 59 * DAY_MS
    warned = server.api.put("/api/v1/mechanics/boards", json=mechanic(title="Boards")).json()
    assert any("Pick one surface: Soft (soft) was launched on" in said for said in warned["warnings"])
    assert server.api.put("/api/v1/mechanics/boards", json=mechanic(title="Boards!")).json()["warnings"] == []
    for key in ("hard", "soft", "open", "plain", "strict"):
        decide(server, "kill", key)
    clock.ms += 60 * DAY_MS
    assert server.api.put("/api/v1/mechanics/badges", json=mechanic(title="Badges")).json()["warnings"] == []


def test_a_tombstone_says_what_was_known_and_what_became_of_the_links(server: Server, clock: Any) -> None:
    path = server.share(mechanic="soft")
    server.submit(path, email=ANN["email"], name="Ann")
    server.convert("D-1", occurred_at=rfc3339(clock()), emails=[ANN["email"]],
                   amount={"amount_minor": 500, "currency": "EUR"})  # fmt: skip
    clock.ms += 200 * DAY_MS
    visited(server, "soft", 2000, at_ms=clock() - 40 * DAY_MS)
    killed = decide(server, "kill", fallback="asset_only")
    stone = killed["tombstone"]
    assert (stone["by"], stone["reason"], stone["fallback"], stone["opened_since"]) == (
        "Mara",
        "Enough.",
        "asset_only",
        0,
    )
    assert (stone["verdict"]["state"], stone["verdict"]["observed"]) == ("kill", 1)
    assert stone["verdict"]["stalled"] is True
    produced = stone["produced"]
    assert (produced["shares"], produced["customers"], produced["leads"], produced["visits"]) == (1, 1, 1, 2001)
    assert (produced["opportunities"], produced["pipeline"]) == (1, [{"amount_minor": 500, "currency": "EUR"}])
    server.viewer.get(path)
    assert described(server)["tombstone"]["opened_since"] == 1
    revived = decide(server, "revive", reason="The season begins.")
    assert revived["tombstone"] is None
    kill, revive = revived["decisions"][-2:]
    assert (kill["kind"], kill["produced"], kill["overrides"]) == ("kill", produced, False)
    assert (revive["kind"], revive["reason"], revive["overrides"]) == ("revive", "The season begins.", True)
    assert revived["overridden_by"]["reason"] == "The season begins."


def test_overriding_a_verdict_needs_a_reason_and_is_visible_for_ever(server: Server, clock: Any) -> None:
    failed(server, clock)
    refused = server.api.post("/api/v1/mechanics/soft/keep", json={"by": "Mara", "reason": " "})
    assert (refused.status_code, refused.json()["faults"][0]["field"]) == (422, "reason")
    kept = decide(server, "keep", reason="Two deals are about to be signed.")
    assert kept["overridden_by"]["by"] == "Mara"
    assert kept["overridden_by"]["verdict"]["state"] == "kill"
    again = described(server)
    assert again["decisions"][-1]["overrides"] is True
    decide(server, "kill", reason="They were not.")
    kinds = [(d["kind"], d["overrides"]) for d in described(server)["decisions"]]
    assert kinds == [("launch", False), ("keep", True), ("kill", False)]


def test_a_kill_against_the_verdict_is_an_override_too(server: Server) -> None:
    killed = decide(server, "kill")
    assert killed["tombstone"]["verdict"]["state"] == "collecting"
    assert killed["decisions"][-1]["overrides"] is True
    refused = server.api.post("/api/v1/mechanics/soft/keep", json=SAID)
    assert (refused.status_code, refused.json()["detail"]) == (409, "soft is dead; revive it.")


@pytest.mark.parametrize("what", ["pause", "resume", "keep", "kill", "revive"])
def test_deciding_about_what_is_not_there_is_said(server: Server, what: str) -> None:
    refused = server.api.post(f"/api/v1/mechanics/nothing/{what}", json=SAID)
    assert (refused.status_code, refused.json()["detail"]) == (404, "There is no mechanic called nothing.")


def review(server: Server, *decisions: dict[str, Any], month: str = "", **more: Any) -> Any:
    month = month or server.api.get("/api/v1/metric?months=1").json()["months"][0]["month"]
    whole = [{"role": "marketing", "owner": "Mara", **said} for said in decisions]
    return server.api.post("/api/v1/reviews", json={"month": month, "by": "Mara", "decisions": whole, **more})


def test_a_review_decides_and_next_month_shows_what_came_of_it(server: Server, clock: Any) -> None:
    path = server.share(mechanic="hard")
    server.admit(path)
    held = review(
        server,
        {"mechanic": "hard", "decision": "keep", "role": "sales", "owner": "Otto"},
        {"mechanic": "open", "decision": "change", "role": "customer_success", "reason": "Ask at the third step."},
        {"mechanic": "strict", "decision": "change", "reason": "Fewer questions."},
        {"mechanic": "soft", "decision": "kill", "reason": "Nobody shares it.", "fallback": "gone"},
        note="All four were there.",
    )  # fmt: skip
    assert held.status_code == 201, held.text
    assert described(server)["tombstone"]["fallback"] == "gone"
    assert described(server)["decisions"][-1]["by"] == "Mara"
    assert described(server, "hard")["decisions"][-1]["kind"] == "keep"
    assert described(server, "open")["decisions"][-1]["reason"] == "Ask at the third step."
    clock.ms += 35 * DAY_MS
    server.api.put("/api/v1/mechanics/open", json=mechanic(title="Open", floor_days=120, reason="As decided."))
    for n in range(2):
        server.convert(f"D-{n}", occurred_at=rfc3339(clock()), emails=[ANN["email"]])
    [found] = server.api.get("/api/v1/reviews").json()["items"]
    assert (found["by"], found["note"]) == ("Mara", "All four were there.")
    came = {said["mechanic"]: said["came_of"] for said in found["decisions"]}
    assert (came["hard"]["opportunities"], came["hard"]["done"]) == (2, None)
    assert came["hard"]["why"] == "2 opportunities in the month after, none in the month reviewed."
    assert came["open"]["done"] is True
    assert "As decided. (floor_days 90 → 120)" in came["open"]["why"]
    assert came["strict"]["why"].startswith("Nothing was changed since.")
    assert (came["soft"]["status"], came["soft"]["done"]) == ("killed", True)
    decide(server, "revive", reason="A customer asked.")
    again = server.api.get(f"/api/v1/reviews/{found['month']}").json()
    assert {s["mechanic"]: s["came_of"]["done"] for s in again["decisions"]}["soft"] is False
    assert again["decisions"][3]["reason"] == "Nobody shares it."


def test_what_was_killed_after_a_review_and_revived_is_not_called_dead(server: Server, clock: Any) -> None:
    change = {"mechanic": "open", "decision": "change", "reason": "Fewer questions."}
    held = review(server, {"mechanic": "soft", "decision": "keep"}, change).json()

    def today() -> str:
        return day_in_words(date_of(Calendar(server.config.timezone).day(clock())))

    def since() -> dict[str, str]:
        found = server.api.get(f"/api/v1/reviews/{held['month']}").json()
        return {said["mechanic"]: said["came_of"]["why"] for said in found["decisions"]}

    clock.ms += DAY_MS
    for key in ("soft", "open"):
        decide(server, "kill", key, by="Mara", reason="It is dull.")
    killed = f"Killed on {today()} by Mara"
    assert since() == {"soft": f"{killed}: “It is dull.”", "open": f"{killed}: “It is dull.”"}
    clock.ms += DAY_MS
    for key in ("soft", "open"):
        decide(server, "revive", key, by="Otto", reason="A customer asked.")
    revived = f"{killed}, revived on {today()} by Otto: “A customer asked.”"
    assert since() == {"soft": revived, "open": revived}
    clock.ms += DAY_MS
    decide(server, "kill", by="Mara", reason="Enough.")
    assert since()["soft"] == f"Killed on {today()} by Mara: “Enough.”"


def test_a_review_is_taken_whole_or_not_at_all(server: Server, clock: Any) -> None:
    failed(server, clock)
    decide(server, "kill", "plain")
    refused = review(
        server,
        {"mechanic": "hard", "decision": "kill", "reason": "It is dull."},
        {"mechanic": "soft", "decision": "keep"},
        {"mechanic": "open", "decision": "change"},
        {"mechanic": "nothing", "decision": "keep"},
        {"mechanic": "plain", "decision": "keep"},
        {"mechanic": "hard", "decision": "keep"},
    )
    assert refused.status_code == 422
    faults = {fault["field"]: fault["message"] for fault in refused.json()["faults"]}
    assert faults == {
        "decisions[1].reason": "The verdict is to kill it: keeping it needs a reason.",
        "decisions[2].reason": "Say what is to change, and why.",
        "decisions[3].mechanic": "There is no mechanic called nothing.",
        "decisions[4].mechanic": "plain is dead already.",
        "decisions[5].mechanic": "hard is decided about twice.",
    }
    no_way = {"mechanic": "strict", "decision": "kill", "reason": "Dull.", "fallback": "redirect", "redirect_url": "x"}
    refused = review(server, {"mechanic": "open", "decision": "kill", "reason": "Dull."}, no_way)
    assert [fault["field"] for fault in refused.json()["faults"]] == ["decisions[1].redirect_url"]
    assert {m["key"]: m["status"] for m in server.api.get("/api/v1/mechanics").json()["items"]} == {
        "hard": "live", "open": "live", "plain": "killed", "soft": "live", "strict": "live",
    }  # fmt: skip
    assert server.api.get("/api/v1/reviews").json()["items"] == []


@pytest.mark.parametrize("month", ["2026-13", "november", "2999-01", "2026-1"])
def test_a_review_of_no_month_is_refused(server: Server, month: str) -> None:
    refused = review(server, {"mechanic": "hard", "decision": "keep"}, month=month)
    assert (refused.status_code, refused.json()["faults"][0]["field"]) == (422, "month")
    assert server.api.get("/api/v1/reviews/2026-01").status_code in (404, 422)


def test_reviews_are_paged_and_the_last_of_a_month_stands(server: Server, clock: Any) -> None:
    for n in range(5):
        clock.ms += DAY_MS // 10
        assert review(server, {"mechanic": "hard", "decision": "keep"}, note=f"no. {n}").status_code == 201
    first = server.api.get("/api/v1/reviews?limit=3").json()
    rest = server.api.get(f"/api/v1/reviews?limit=3&cursor={first['next_cursor']}").json()
    assert [r["note"] for r in first["items"] + rest["items"]] == [f"no. {n}" for n in (4, 3, 2, 1, 0)]
    assert rest["next_cursor"] is None
    standing = server.api.get(f"/api/v1/reviews/{first['items'][0]['month']}").json()
    assert standing["note"] == "no. 0\nno. 1\nno. 2\nno. 3\nno. 4"


def test_each_of_the_four_may_report_what_they_decided(server: Server) -> None:
    assert review(server, {"mechanic": "soft", "decision": "kill", "reason": "Dull."}).status_code == 201
    assert (
        review(server, {"mechanic": "hard", "decision": "keep"}, {"mechanic": "open", "decision": "keep"}).status_code
        == 201
    )
    held = review(server, {"mechanic": "hard", "decision": "change", "reason": "Fewer fields."})
    standing = server.api.get(f"/api/v1/reviews/{held.json()['month']}").json()
    assert {said["mechanic"]: said["decision"] for said in standing["decisions"]} == {
        "soft": "kill", "hard": "change", "open": "keep",
    }  # fmt: skip


def test_what_says_nothing_is_no_reason(server: Server) -> None:
    refused = server.api.post("/api/v1/mechanics/soft/kill", json={"by": "\u200b", "reason": "\u202e\x1b"})
    assert {fault["field"] for fault in refused.json()["faults"]} == {"by", "reason"}
    killed = decide(server, "kill", reason="No \x1b[31m way\x00")
    assert killed["tombstone"]["reason"] == "No [31m way"
