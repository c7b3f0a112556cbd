"""Plays: made of signals within a second, acted on once, kept rare, and told with what followed them."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from commands import run
from factories import ANN, Server, eventually, rfc3339, settings_for
from passalong.app import opened, outside, wire
from passalong.domain.customer import Customer
from passalong.errors import Unusable
from passalong.settings import Plays, read_rules
from serving import serving

DAY_MS = 86_400_000
EUR = {"amount_minor": 500_000, "currency": "EUR"}
EXPORTS = """
id = "exporters"
title = "Exports a lot"
when = [{ kinds = ["product.exported"], at_least = 3, within_days = 14, noun = "export/exports" }]
then = { play = "expansion_prompt", owner = "sales", rest_days = 20, open_days = 7 }
"""
QUIET = """
id = "quiet"
title = "Gone quiet"
when = [
  { kinds = ["product.*"], at_least = 1, within_days = 90, older_than_days = 30, noun = "signal/signals" },
  { kinds = ["product.*"], at_most = 0, within_days = 30, noun = "signals" },
]
then = { play = "reactivation" }
"""
TICKETS = """
id = "tickets"
title = "Tickets"
when = [{ kinds = ["support.ticket_opened"], within_days = 30 }]
then = { play = "churn_warning", rest_days = 1, open_days = 1 }
"""


@pytest.fixture
def server_with_rules(tmp_path: Path, clock: Any) -> Any:
    (tmp_path / "rules.toml").write_text(
        f"[fatigue]\nmost = 2\nwithin_days = 10\n[[rules]]{EXPORTS}[[rules]]{QUIET}[[rules]]{TICKETS}"
    )
    plays = Plays(rules=str(tmp_path / "rules.toml"), owner="the team")
    with serving(tmp_path, clock, plays=plays) as running:
        yield running


@pytest.fixture
def server(server_with_rules: Server) -> Server:
    return server_with_rules


WHY_900 = "900 support.ticket opened in 30 days."
_names = iter(range(10**9))


def tell(server: Server, clock: Any, kind: str, n: int = 1, ago_days: float = 0, customer: str = "initech") -> None:
    at_ms = clock() - round(ago_days * DAY_MS) - 1000
    signals = [
        {"external_id": f"s-{next(_names)}", "customer": customer, "kind": kind, "occurred_at": rfc3339(at_ms - i)}
        for i in range(n)
    ]
    answer = server.api.post("/api/v1/signals", json={"signals": signals})
    assert answer.status_code == 201, answer.text


def plays(server: Server, **query: str) -> list[dict[str, Any]]:
    answer = server.api.get("/api/v1/plays", params=query)
    assert answer.status_code == 200, answer.text
    return list(answer.json()["items"])


def looked(server: Server, clock: Any) -> None:
    """Everybody who was heard of until now has been looked at. The clock skips the time in which signals gather."""
    clock.ms += 1000
    eventually(lambda: server.api.get("/api/v1/outbox?destination=plays").json()["items"] == [])


def close(server: Server, play: dict[str, Any], result: str = "done", **more: str) -> Any:
    return server.api.post(f"/api/v1/plays/{play['id']}/outcome", json={"result": result, "by": "Mara", **more})


def report(server: Server) -> Any:
    return server.api.get("/api/v1/plays/report").json()


def test_a_play_appears_within_a_second_with_its_owner_and_why(server: Server, clock: Any) -> None:
    tell(server, clock, "product.exported", 2)
    tell(server, clock, "product.exported", 2, ago_days=13)
    tell(server, clock, "product.exported", 9, customer="globex", ago_days=15)
    [play] = eventually(lambda: plays(server), within_s=2)
    assert play.items() >= {
        "customer": "initech", "customer_name": "Initech", "rule": "exporters", "kind": "expansion_prompt",
        "title": "Exports a lot", "owner": "sales", "why": "4 exports in 14 days.", "state": "open",
        "closed_at": None, "outcome": None,
    }.items()  # fmt: skip
    assert server.api.get(f"/api/v1/plays/{play['id']}").json() == play
    assert plays(server, customer="globex") == []
    assert server.api.get("/api/v1/plays/nothing").status_code == 404


def test_one_play_of_a_kind_is_open_however_much_more_is_heard(server: Server, clock: Any) -> None:
    for _ in range(3):
        tell(server, clock, "product.exported", 5)
        looked(server, clock)
    assert len(plays(server)) == 1


def test_an_outcome_is_said_once(server: Server, clock: Any) -> None:
    tell(server, clock, "product.exported", 3)
    [play] = eventually(lambda: plays(server))
    assert server.api.post(f"/api/v1/plays/{play['id']}/outcome", json={"result": "won", "by": "M"}).status_code == 400
    assert [f["field"] for f in close(server, play, by=" ").json()["faults"]] == ["by"]
    done = close(server, play, note="They upgraded.")
    assert done.status_code == 200
    assert done.json()["state"] == "done"
    assert done.json()["outcome"].items() >= {"result": "done", "note": "They upgraded.", "by": "Mara"}.items()
    assert close(server, play, note="They upgraded.").json() == done.json()
    refused = close(server, play, "dismissed")
    assert (refused.status_code, refused.json()["detail"]) == (409, "This play is done already, as Mara said.")
    assert close(server, {"id": "nothing"}).status_code == 404
    assert [p["id"] for p in plays(server, state="done")] == [play["id"]]
    assert plays(server, state="open") == []


def test_an_open_play_changes_hands(server: Server, clock: Any) -> None:
    tell(server, clock, "product.exported", 3)
    [play] = eventually(lambda: plays(server))
    address = f"/api/v1/plays/{play['id']}/owner"
    assert server.api.post(address, json={"owner": "Jo"}).json()["owner"] == "Jo"
    assert server.api.post(address, json={"owner": " "}).status_code == 422
    close(server, play)
    assert server.api.post(address, json={"owner": "Mara"}).status_code == 409


def test_after_a_play_there_is_rest_and_what_that_keeps_back_is_counted(server: Server, clock: Any) -> None:
    tell(server, clock, "product.exported", 3)
    [first] = eventually(lambda: plays(server))
    close(server, first)
    clock.ms += 15 * DAY_MS  # the exports are too old by now, and the rule ceases to hold
    tell(server, clock, "community.posted")
    looked(server, clock)
    tell(server, clock, "product.exported", 3)
    looked(server, clock)
    assert len(plays(server)) == 1
    assert report(server)["rules"]["exporters"]["kept_back"] == {"open": 0, "rest": 1, "most": 0}
    tell(server, clock, "product.exported")
    looked(server, clock)
    assert report(server)["rules"]["exporters"]["kept_back"]["rest"] == 1, "the same occasion counts once"
    clock.ms += 6 * DAY_MS
    tell(server, clock, "product.exported")
    again, _ = eventually(lambda: len(found := plays(server)) == 2 and found)
    assert again["why"] == "5 exports in 14 days."


def test_no_more_than_the_limit_in_its_days(server: Server, clock: Any) -> None:
    tell(server, clock, "product.opened", 1, ago_days=40)
    looked(server, clock)
    assert [p["rule"] for p in plays(server)] == ["quiet"]
    tell(server, clock, "support.ticket_opened")
    looked(server, clock)
    assert len(plays(server)) == 2
    tell(server, clock, "product.exported", 3)
    looked(server, clock)
    assert {p["rule"] for p in plays(server)} == {"quiet", "tickets"}
    assert report(server)["rules"]["exporters"]["kept_back"]["most"] == 1
    tell(server, clock, "product.exported", 3, customer="globex")
    looked(server, clock)
    assert [p["rule"] for p in plays(server, customer="globex")] == ["exporters"], "each customer has its own limit"


def test_silence_is_noticed_by_the_day_and_never_of_strangers(server: Server, clock: Any) -> None:
    tell(server, clock, "product.opened")
    looked(server, clock)
    assert plays(server) == []
    clock.ms += 31 * DAY_MS
    [play] = eventually(lambda: plays(server))
    assert (play["customer"], play["rule"], play["owner"]) == ("initech", "quiet", "the team")
    assert play["why"] == "1 signal between 30 and 90 days ago and no signals in 30 days."


def test_a_sender_whose_clock_is_ahead_is_heard_at_once(server: Server, clock: Any) -> None:
    tell(server, clock, "product.exported", 3, ago_days=-0.5)
    [play] = eventually(lambda: plays(server), within_s=2)
    assert play["why"] == "3 exports in 14 days."


def test_a_clock_that_is_set_back_makes_no_second_play_and_stops_no_day(server: Server, clock: Any) -> None:
    tell(server, clock, "product.exported", 3)
    looked(server, clock)
    [play] = plays(server)
    clock.ms -= 40 * DAY_MS
    tell(server, clock, "product.exported", 3)
    looked(server, clock)
    assert [p["id"] for p in plays(server)] == [play["id"]]
    assert server.api.get("/api/v1/outbox?state=failed").json()["items"] == []
    # A day is still told from the next: that somebody fell silent is noticed.
    tell(server, clock, "product.opened", 1, ago_days=29.99, customer="globex")
    looked(server, clock)
    assert plays(server, customer="globex") == []
    clock.ms += DAY_MS
    [quiet] = eventually(lambda: plays(server, customer="globex"))
    assert quiet["rule"] == "quiet"


def test_who_was_heard_of_more_than_is_read_at_once_is_looked_at_whole(tmp_path: Path) -> None:
    from passalong.domain.signal import Signal

    (tmp_path / "rules.toml").write_text(
        "[[rules]]" + EXPORTS.replace("at_least = 3", "at_least = 12000") + "[[rules]]" + TICKETS
    )
    config = settings_for(tmp_path, plays=Plays(rules=str(tmp_path / "rules.toml")))

    async def play() -> None:
        async with opened(wire(config)) as services, outside(services) as ways:
            many, few = Customer(id="many", name="Many"), [Customer(id=f"few-{n}", name="Few") for n in range(9)]
            await services.catalog.put_all([many, *few])
            now_ms = services.clock()
            for start in range(0, 12_000, 1_000):  # many of the same millisecond, at which a piece may end
                await services.signals.post(
                    [
                        Signal(f"m-{n}", "many", "product.exported", None, now_ms - 60_000 + n // 7)
                        for n in range(start, start + 1_000)
                    ]
                )
            for one in few:
                tickets = [
                    Signal(f"{one.id}-{n}", one.id, "support.ticket_opened", None, now_ms - n) for n in range(900)
                ]
                await services.signals.post(tickets)
            await asyncio.sleep(0.6)  # in which signals gather, in real time
            assert await ways.courier.once()
            made = {p.customer: p.why for p in await services.plays.page(limit=20)}
            assert made == {"many": "12000 exports in 14 days.", **{f.id: WHY_900 for f in few}}

    asyncio.run(play())


def test_what_nobody_acted_on_expires_and_can_still_be_done(server: Server, clock: Any) -> None:
    tell(server, clock, "product.exported", 3)
    [play] = eventually(lambda: plays(server))
    clock.ms += 8 * DAY_MS
    [gone] = eventually(lambda: plays(server, state="expired"))
    assert (gone["id"], gone["outcome"], gone["closed_at"]) == (play["id"], None, play["expires_at"])
    assert close(server, play).json()["state"] == "done"


def test_lists_are_filtered_and_paged(server: Server, clock: Any) -> None:
    for customer in ("initech", "globex"):
        tell(server, clock, "product.exported", 3, customer=customer)
        tell(server, clock, "support.ticket_opened", customer=customer)
        looked(server, clock)
    assert len(plays(server)) == 4
    assert {p["customer"] for p in plays(server, kind="churn_warning", customer="globex")} == {"globex"}
    assert len(plays(server, rule="exporters")) == 2
    assert server.api.get("/api/v1/plays?state=lost").status_code == 422
    found, cursor = [], ""
    while cursor is not None:
        page = server.api.get(f"/api/v1/plays?limit=3&cursor={cursor}").json()
        found += [item["id"] for item in page["items"]]
        cursor = page["next_cursor"]
    assert found == [p["id"] for p in plays(server)]


def test_what_followed_a_play_is_told_and_what_came_before_or_much_later_is_not(server: Server, clock: Any) -> None:
    server.admit(server.share())
    deal = {"emails": [ANN["email"]], "amount": EUR}
    server.convert("D-before", occurred_at=rfc3339(clock()), **deal)
    tell(server, clock, "product.exported", 3)
    tell(server, clock, "support.ticket_opened")
    expansion, churn = sorted(eventually(lambda: len(f := plays(server)) == 2 and f), key=lambda p: p["rule"])
    clock.ms += DAY_MS
    close(server, expansion)
    close(server, churn, "dismissed")
    clock.ms += DAY_MS
    server.convert("D-after", occurred_at=rfc3339(clock()), **deal)
    server.convert("W-after", kind="won", occurred_at=rfc3339(clock()), **deal)
    clock.ms += 90 * DAY_MS
    server.convert("D-late", occurred_at=rfc3339(clock()), **deal)
    said = report(server)
    assert said["followed_days"] == 90
    for part, name in (("rules", "exporters"), ("kinds", "expansion_prompt")):
        counts = said[part][name]
        assert {k: counts[k] for k in ("plays", "open", "done", "dismissed", "expired", "customers")} == {
            "plays": 1, "open": 0, "done": 1, "dismissed": 0, "expired": 0, "customers": 1,
        }  # fmt: skip
        assert counts["followed_by"] == {
            "customers": 1, "opportunities": 1, "pipeline": {"by_currency": [EUR], "converted": None},
        }  # fmt: skip
    assert said["rules"]["tickets"]["dismissed"] == 1
    assert said["rules"]["tickets"]["followed_by"]["opportunities"] == 0, "it was not done"
    rules = {item["rule"]["id"]: item for item in server.api.get("/api/v1/rules").json()["items"]}
    assert rules["exporters"]["counts"] == said["rules"]["exporters"]
    assert (rules["quiet"]["owner"], rules["quiet"]["rule"]["then"]["owner"]) == ("the team", None)


def test_an_opportunity_of_the_day_on_which_a_play_was_done_followed_it(server: Server, clock: Any) -> None:
    server.admit(server.share())
    clock.ms += DAY_MS - clock() % DAY_MS + DAY_MS // 2  # noon, so that the hours before and after are of one day
    tell(server, clock, "support.ticket_opened")
    [play] = eventually(lambda: plays(server))
    close(server, play)
    server.convert("D-hours", occurred_at=rfc3339(clock() - 5 * 3_600_000), emails=[ANN["email"]], amount=EUR)
    assert report(server)["rules"]["tickets"]["followed_by"]["opportunities"] == 1
    server.convert("D-yesterday", occurred_at=rfc3339(clock() - 20 * 3_600_000), emails=[ANN["email"]], amount=EUR)
    assert report(server)["kinds"]["churn_warning"]["followed_by"] == {
        "customers": 1, "opportunities": 1, "pipeline": {"by_currency": [EUR], "converted": None},
    }  # fmt: skip


def test_what_was_kept_back_is_told_by_kind_of_a_rule_that_made_nothing(server: Server, clock: Any) -> None:
    tell(server, clock, "product.opened", 1, ago_days=40)
    looked(server, clock)
    tell(server, clock, "support.ticket_opened")
    looked(server, clock)
    tell(server, clock, "product.exported", 3)
    looked(server, clock)
    kinds = report(server)["kinds"]
    assert (kinds["expansion_prompt"]["plays"], kinds["expansion_prompt"]["kept_back"]["most"]) == (0, 1)


def test_an_opportunity_that_followed_two_plays_counts_once_a_rule(server: Server, clock: Any) -> None:
    server.admit(server.share())
    for _ in range(2):
        tell(server, clock, "support.ticket_opened")
        [play] = eventually(lambda: plays(server, state="open"))
        close(server, play)
        clock.ms += 2 * DAY_MS
    server.convert("D-1", occurred_at=rfc3339(clock()), emails=[ANN["email"]], amount=EUR)
    counts = report(server)["rules"]["tickets"]
    assert (counts["done"], counts["customers"], counts["followed_by"]["opportunities"]) == (2, 1, 1)
    assert counts["followed_by"]["pipeline"]["by_currency"] == [EUR]


# Dry runs.


def dry_run(server: Server, **body: Any) -> Any:
    answer = server.api.post("/api/v1/rules/dry-run", json=body)
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_a_dry_run_says_what_would_have_been_and_makes_nothing(server: Server, clock: Any) -> None:
    for ago_days in (40, 38, 20, 5):
        tell(server, clock, "community.answered", 2, ago_days=ago_days)
    tell(server, clock, "community.answered", 1, ago_days=10, customer="globex")
    rule = {
        "id": "helpers", "title": "Helps others", "then": {"play": "advocacy_invitation", "rest_days": 15},
        "when": [{"kinds": ["community.answered"], "at_least": 2, "within_days": 7, "noun": "answer/answers"}],
    }  # fmt: skip
    said = dry_run(server, rule=rule)
    assert (said["plays"], said["customers"], said["of_customers"], said["signals"]) == (2, 1, 2, 9)
    assert sum(said["months"].values()) == 2
    assert said["kept_back"] == {"open": 1, "rest": 0, "most": 0}, "the first was still open after twenty days"
    [example] = said["examples"]
    assert (example["customer_name"], example["why"]) == ("Initech", "2 answers in 7 days.")
    text = """id = "helpers"
title = "Helps others"
when = [{ kinds = ["community.answered"], at_least = 2, within_days = 7, noun = "answer/answers" }]
then = { play = "advocacy_invitation", rest_days = 15 }"""
    for body in ({"toml": text}, {"toml": f"[[rules]]\n{text}"}):
        again = dry_run(server, **body)
        assert {**again, "took_ms": 0, "since": 0, "until": 0, "examples": 0} == {
            **said, "took_ms": 0, "since": 0, "until": 0, "examples": 0,
        }  # fmt: skip
    assert dry_run(server, rule=rule, days=7)["plays"] == 1
    assert plays(server) == []
    for tight in (f"{text}\n[fatigue]\nrest_days = {{ advocacy_invitation = 300 }}",):
        assert dry_run(server, toml=tight)["plays"] == 1, "the text's own fatigue"
        assert dry_run(server, toml=f"[[rules]]\n{tight}")["plays"] == 1


def test_a_dry_run_minds_what_other_rules_have_made(server: Server, clock: Any) -> None:
    tell(server, clock, "product.exported", 3)
    looked(server, clock)
    clock.ms += DAY_MS
    tell(server, clock, "community.answered")
    looked(server, clock)
    rule = {
        "id": "helpers", "title": "Helps", "then": {"play": "expansion_prompt"},
        "when": [{"kinds": ["community.*"], "within_days": 7}],
    }  # fmt: skip
    said = dry_run(server, rule=rule)
    assert (said["plays"], said["kept_back"]) == (0, {"open": 1, "rest": 0, "most": 0})
    assert dry_run(server, rule={**rule, "then": {"play": "onboarding"}})["plays"] == 1
    assert dry_run(server, id="exporters")["plays"] == 1, "its own plays are no hindrance"


@pytest.mark.parametrize(
    ("body", "status", "field"),
    [
        ({}, 422, "rule"),
        ({"id": "a", "toml": "b"}, 422, "toml"),
        ({"id": "nothing"}, 404, None),
        ({"rule": {"id": "a"}}, 422, "rule.title"),
        ({"toml": "id = "}, 422, "toml"),
        ({"toml": "days = " + "9" * 5000}, 422, "toml"),
        ({"toml": "[[rules]]\nid = 'a'"}, 422, "rules.a.title"),
        ({"id": "exporters", "days": 0}, 400, "days"),
        ({"id": "exporters", "days": 5000}, 400, "days"),
    ],
)
def test_what_cannot_be_run_is_refused_by_name(server: Server, body: Any, status: int, field: str | None) -> None:
    refused = server.api.post("/api/v1/rules/dry-run", json=body)
    assert refused.status_code == status, refused.text
    assert [fault["field"] for fault in refused.json().get("faults", [])] == ([field] if field else [])


# Between processes, and after a fall.


def test_what_was_heard_before_a_fall_is_looked_at_afterwards(tmp_path: Path) -> None:
    from passalong.domain.signal import Signal

    (tmp_path / "rules.toml").write_text(f"[[rules]]{TICKETS}")
    config = settings_for(tmp_path, plays=Plays(rules=str(tmp_path / "rules.toml")))

    async def play() -> None:
        async with opened(wire(config)) as services:
            await services.catalog.put_all([Customer(id="initech", name="Initech")])
            now_ms = services.clock()
            await services.signals.post([Signal("t", "initech", "support.ticket_opened", None, now_ms)])
        await asyncio.sleep(0.6)  # in which signals gather, in real time
        async with opened(wire(config)) as services, outside(services) as ways:
            assert await services.plays.page(limit=9) == []
            assert await ways.courier.once()
            assert [p.rule for p in await services.plays.page(limit=9)] == ["tickets"]
            assert await services.outbox.counts() == []

    asyncio.run(play())


# Settings and commands.


def test_a_bad_file_of_rules_is_refused_when_the_server_starts(tmp_path: Path) -> None:
    rules = tmp_path / "rules.toml"
    config = settings_for(tmp_path, plays=Plays(rules=str(rules)))
    for written, said in (
        (f"[[rules]]{TICKETS}[[rules]]{TICKETS}", "rules.tickets.id: Another rule has this id."),
        (f"[[rules]]{TICKETS.replace('play =', 'pray =')}", "rules.tickets.then"),
        (b"\xff", "is not UTF-8 text"),
        (None, "No such file"),
    ):
        rules.unlink(missing_ok=True)
        if written is not None:
            rules.write_bytes(written if isinstance(written, bytes) else written.encode())
        with pytest.raises(Unusable, match=r"^plays\.rules: ") as refusal:
            wire(config)
        assert said in str(refusal.value)
    assert len(read_rules(settings_for(tmp_path)).rules) >= 10


def test_the_commands_list_check_and_run_dry(server: Server, beside: Path, clock: Any) -> None:
    settings = beside / "passalong.toml"
    settings.write_text(settings.read_text() + '\n[plays]\nrules = "rules.toml"\nowner = "the team"\n')
    assert "No play is open." in run(beside, "plays").stdout
    tell(server, clock, "product.exported", 4)
    looked(server, clock)
    said = run(beside, "plays").stdout
    assert "Initech" in said
    assert "4 exports in 14 days." in said
    assert json.loads(run(beside, "plays", "--json").stdout) == plays(server)
    assert "No play is done for initech." in run(beside, "plays", "--state", "done", "--customer", "initech").stdout
    checked = run(beside, "plays", "rules").stdout
    assert "3 rules are in order" in checked
    assert [row.split() for row in checked.splitlines() if "exporters" in row] == [["exporters", "1", "0", "0"]]
    assert "expansion prompt" in checked
    told = json.loads(run(beside, "plays", "rules", "--json").stdout)
    assert told == server.api.get("/api/v1/rules").json()
    said = run(beside, "plays", "dry-run", "exporters", "--days", "30").stdout
    assert "would have made 1 play of the kind expansion_prompt for 1 of 2 customers in 30 days." in said
    (beside / "new.toml").write_text(TICKETS.replace("support.ticket_opened", "product.exported"))
    said = json.loads(run(beside, "plays", "dry-run", "--file", "new.toml", "--json").stdout)
    assert (said["plays"], said["rule"]["id"]) == (1, "tickets")
    assert "no rule called nothing" in run(beside, "plays", "dry-run", "nothing", code=1).stderr
    file = ("plays", "dry-run", "--file", "new.toml")
    assert "no rule called nothing" in run(beside, *file, "nothing", code=1).stderr
    tell(server, clock, "product.exported", 1, ago_days=20)
    for most, n in ((2, 2), (1, 1)):
        fatigue = f"[fatigue]\nmost = {most}\nwithin_days = 60\n[[rules]]"
        (beside / "new.toml").write_text(fatigue + TICKETS.replace("support.ticket_opened", "product.exported"))
        for id in ([], ["tickets"]):
            assert json.loads(run(beside, *file, *id, "--json").stdout)["plays"] == n
    (beside / "new.toml").write_text(TICKETS.replace("support.ticket_opened", "product.exported"))
    (beside / "new.toml").write_text("id = 'a'")
    assert "rule.title: This is needed." in run(beside, "plays", "dry-run", "--file", "new.toml", code=1).stderr
    run(beside, "plays", "dry-run", code=2)
    (beside / "rules.toml").write_text("[[rules]]\nid = 'x'\n")
    assert "rules.x.title: This is needed." in run(beside, "plays", "rules", code=1).stderr
