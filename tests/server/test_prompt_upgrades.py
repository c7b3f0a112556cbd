"""The usage cap: looking buys nothing, one press leads on, and what comes of it is the customer's expansion."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest

import engine
from commands import run
from factories import FIREFOX, GOOGLEBOT, SLACK, Server, element, parsed, rfc3339, words
from passalong.domain.instant import DAY_MS
from passalong.domain.passes import Click
from passalong.domain.token import Keyring, Purpose
from prompts import agent, answer_of, press, prompt, proof, status
from soundness import sound


def followed(answer: httpx2.Response) -> tuple[str, dict[str, list[str]]]:
    assert answer.status_code == 303, answer.text
    parts = urlsplit(answer.headers["location"])
    return f"{parts.scheme}://{parts.netloc}{parts.path}", parse_qs(parts.query)


def unhurried(server: Server, clock: Any, path: str, client: httpx2.Client | None = None) -> httpx2.Response:
    """Reads the page for a while and presses the button."""
    client = client or server.viewer
    token = proof(client.get(f"{path}/upgrade").text, "upgrade")
    clock.ms += 5_000
    return client.post(f"{path}/upgrade", data={"csrf_token": token})


def upgrades(server: Server) -> list[dict[str, Any]]:
    return [event for event in server.events() if event["kind"] == "click"]


def test_how_far_one_has_come_is_said_in_words_and_as_a_bar(server: Server) -> None:
    page = server.viewer.get(prompt(server, plan="Business")).text
    assert "46 of 50 seats used" in words(page)
    assert "4 left" in words(page)
    [meter] = parsed(page).iter("meter")
    assert (meter.get("max"), meter.get("value")) == ("50", "46")
    [link] = [a for a in parsed(page).iter("a") if a.get("class") == "button"]
    assert "".join(link.itertext()) == "Upgrade to Business"
    assert link.get("target") == "_top"
    full = server.viewer.get(prompt(server, used=1260, limit=1200)).text
    assert "1,260 of 1,200 seats used" in words(full)
    assert "all that your plan holds" in words(full)
    [meter] = parsed(full).iter("meter")
    assert meter.get("value") == "1200"


def test_the_page_before_says_where_the_button_leads_and_nobody_may_frame_it(server: Server) -> None:
    path = prompt(server, plan="Business")
    answer = server.viewer.get(f"{path}/upgrade")
    sound(answer.text)
    assert "billing.acme.example" in words(answer.text)
    assert "Upgrade to Business?" in words(answer.text)
    policy = dict(part.strip().split(" ", 1) for part in answer.headers["content-security-policy"].split(";"))
    # A browser holds the policy against every redirect that follows: billing may lead on, to whoever takes the money.
    assert policy["form-action"].split() == ["'self'", "https://billing.acme.example", "https:"]
    assert policy["frame-ancestors"] == "'none'"
    assert "set-cookie" not in answer.headers
    prompted = server.viewer.get(path).headers["content-security-policy"]
    assert "billing.acme.example" not in prompted, "this policy is that one page's"


def test_any_number_of_looks_buys_nothing(server: Server, browser: Any) -> None:
    path = prompt(server)
    for name in (FIREFOX, GOOGLEBOT, SLACK, "curl/8", ""):
        client = browser(agent=name)
        for tail in ("", "/upgrade"):
            for _ in range(4):
                assert client.get(path + tail).status_code == 200
                assert client.head(path + tail).status_code == 200
            for header in ({"sec-purpose": "prefetch;prerender"}, {"purpose": "prefetch"}, {"x-moz": "prefetch"}):
                assert client.get(path + tail, headers=header).status_code == 200
    assert upgrades(server) == []
    assert server.counts("open")["clicks"] == 0
    assert server.counts("open")["shares"] == 0
    assert server.viewer.get(f"{path}/upgrade").headers.get("location") is None


def test_one_press_leads_to_the_vendors_billing_and_says_where_from(server: Server, clock: Any) -> None:
    made = answer_of(server, member="u-17", plan="Business")
    path = made["url"].removeprefix(server.config.base_url)
    answer = unhurried(server, clock, path)
    assert answer.headers["passalong-event"] == "click"
    assert answer.headers["cache-control"] == "no-store"
    assert "set-cookie" not in answer.headers
    address, query = followed(answer)
    assert address == "https://billing.acme.example/upgrade"
    click = Keyring(server.config.signing_keys).open(Purpose.CLICK, query.pop("pa_click")[0], Click)
    assert query.pop("pa_prompt") == [made["token"]]
    assert query == {
        "plan": ["business"],
        "utm_source": ["initech"],
        "utm_medium": ["in_product"],
        "utm_campaign": ["open"],
        "utm_content": ["usage_cap"],
    }
    [event] = upgrades(server)
    assert (event["actor"], event["customer"], event["mechanic"]) == ("human", "initech", "open")
    assert (event["share"], event["suspect"], event["lead"]) == (click.share, False, None)
    # Billing may ask whose prompt that was.
    told = status(server, path)
    assert (told["customer"], told["member"], told["plan"]) == ("initech", "u-17", "Business")


def test_what_the_address_says_itself_stays(server: Server, clock: Any) -> None:
    path = prompt(server, upgrade_url="https://billing.acme.example/?utm_source=mine&q=a%26b#seats")
    location = unhurried(server, clock, path).headers["location"]
    query = parse_qs(urlsplit(location).query)
    assert (query["utm_source"], query["q"], urlsplit(location).fragment) == (["mine"], ["a&b"], "seats")


def test_a_press_that_nobody_was_shown_is_refused_in_words(server: Server, clock: Any) -> None:
    path, other = prompt(server, member="u-1"), prompt(server, member="u-2")
    old = proof(server.viewer.get(f"{path}/upgrade").text, "upgrade")
    clock.ms += DAY_MS + 60_000
    dismissal = proof(server.viewer.get(path).text, "dismiss")
    theirs = proof(server.viewer.get(f"{other}/upgrade").text, "upgrade")
    for token in ("", "nonsense", old, dismissal, theirs):
        refused = server.viewer.post(f"{path}/upgrade", data={"csrf_token": token})
        assert refused.status_code == 422
        assert "press once more" in words(refused.text)
        assert "location" not in refused.headers
        sound(refused.text)
    assert server.viewer.post(f"{path}/upgrade").status_code == 422
    assert upgrades(server) == []
    again = server.viewer.post(f"{path}/upgrade", data={"csrf_token": proof(refused.text, "upgrade")})
    assert followed(again)[0] == "https://billing.acme.example/upgrade"


def test_a_form_that_is_sent_twice_leads_on_twice_and_counts_once(server: Server) -> None:
    path = prompt(server)
    token = proof(server.viewer.get(f"{path}/upgrade").text, "upgrade")
    first, again = (server.viewer.post(f"{path}/upgrade", data={"csrf_token": token}) for _ in range(2))
    assert followed(first)[0] == followed(again)[0] == "https://billing.acme.example/upgrade"
    assert "pa_click" in followed(again)[1]
    assert again.headers["passalong-event"] == "none; reason=repeated"
    assert len(upgrades(server)) == 1
    press(server, path, "upgrade", on="/upgrade")
    assert len(upgrades(server)) == 2, "another look at the page is another press"


def test_a_press_faster_than_people_is_taken_and_marked(server: Server) -> None:
    answer = press(server, prompt(server), "upgrade", on="/upgrade")
    assert "pa_click" in followed(answer)[1]
    assert answer.headers["passalong-event"] == "click; suspect"
    assert [event["suspect"] for event in upgrades(server)] == [True]


def test_a_machine_that_presses_gets_no_click_id_and_counts_apart(server: Server, clock: Any, browser: Any) -> None:
    answer = unhurried(server, clock, prompt(server), browser(agent=GOOGLEBOT))
    assert "pa_click" not in followed(answer)[1]
    assert [event["actor"] for event in upgrades(server)] == ["bot"]
    assert server.counts("open")["clicks"] == 0


@pytest.mark.parametrize("buyer", ["cto@initech.example", "cto@elsewhere.example", "someone@gmail.com"])
def test_what_comes_of_it_is_the_customers_expansion(server: Server, clock: Any, buyer: str) -> None:
    path = prompt(server, member="u-17")
    click = followed(unhurried(server, clock, path))[1]["pa_click"][0]
    credited = server.convert(
        "D-1", occurred_at=rfc3339(clock()), click=click, emails=[buyer],
        amount={"amount_minor": 120_000, "currency": "EUR"},
    )  # fmt: skip
    [credit] = credited["credits"]
    assert (credit["customer"], credit["mechanic"], credit["sharer"]) == ("initech", "open", "u-17")
    assert (credit["evidence"], credit["motion"], credit["amount_minor"]) == ("observed", "expansion", 120_000)
    assert credit["why"] == "Initech followed an upgrade prompt in the product on the same day."
    assert server.counts("open")["opportunities"] == 1


def test_upgrades_of_one_member_are_one_share_which_no_list_hands_out(server: Server, clock: Any, browser: Any) -> None:
    from portal import enter

    for used in (46, 48):  # the product asks anew as numbers change
        unhurried(server, clock, prompt(server, member="u-1", used=used))
    unhurried(server, clock, prompt(server, member="u-2"))
    assert len({event["share"] for event in upgrades(server)}) == 2
    customer = server.api.get("/api/v1/customers/initech").json()
    assert customer["shares"] == []
    portal = enter(server, browser())
    assert "prompt" not in words(portal.get("/portal").text).lower()


def test_after_the_kill_and_after_its_time_nothing_is_bought(server: Server, clock: Any) -> None:
    path = prompt(server)
    late = prompt(server, expires_at=rfc3339(clock() + 60_000))
    token, late_token = (proof(server.viewer.get(f"{p}/upgrade").text, "upgrade") for p in (path, late))
    server.api.post("/api/v1/mechanics/open/kill", json={"reason": "Over", "by": "Mara"}).raise_for_status()
    for answer in (
        server.viewer.post(f"{path}/upgrade", data={"csrf_token": token}),
        server.viewer.get(f"{path}/upgrade"),
    ):
        assert answer.status_code == 410
        assert "Acme no longer asks this." in words(answer.text)
        [way] = [a for a in parsed(answer.text).iter("a") if a.get("class") == "button"]
        assert way.get("href") == "https://acme.example"
        sound(answer.text)
    server.api.post("/api/v1/mechanics/open/revive", json={"reason": "Not over", "by": "Mara"}).raise_for_status()
    clock.ms += 3_600_000
    refused = server.viewer.post(f"{late}/upgrade", data={"csrf_token": late_token})
    assert refused.status_code == 410
    assert "This was open until" in words(refused.text)
    assert upgrades(server) == []


def test_every_counter_and_the_review_know_of_it(server: Server, clock: Any, beside: Path, browser: Any) -> None:
    click = followed(unhurried(server, clock, prompt(server)))[1]["pa_click"][0]
    server.convert("D-1", occurred_at=rfc3339(clock()), click=click, amount={"amount_minor": 5, "currency": "EUR"})
    press(server, prompt(server, "share_with_team"), "share")
    press(server, prompt(server, "invite_teammates"), "invite", addresses="a@x.example b@x.example")
    server.viewer.get(prompt(server), headers={"user-agent": GOOGLEBOT})
    assert run(beside, "verify").returncode == 0
    month = rfc3339(clock())[:7]
    assert "Upgrades in the product" in run(beside, "report", "--month", month).stdout


def test_while_nothing_can_be_stored_it_shows_and_leads_on_and_nothing_typed_is_lost(server: Server) -> None:
    server.viewer.timeout = 30
    cap, invite, share = (prompt(server, kind) for kind in ("usage_cap", "invite_teammates", "share_with_team"))
    page = server.viewer.get(f"{cap}/upgrade")
    forms = {path: server.viewer.get(path).text for path in (cap, invite, share)}
    before = len(server.events())
    with engine.held(server.config.database):
        shown = server.viewer.get(cap)
        assert shown.status_code == 200
        assert shown.headers["passalong-event"] == "none; reason=not-stored"
        led = server.viewer.post(f"{cap}/upgrade", data={"csrf_token": proof(page.text, "upgrade")})
        assert "pa_click" in followed(led)[1]
        assert led.headers["passalong-event"] == "none; reason=not-stored"
        typed = {"csrf_token": proof(forms[invite], "invite"), "addresses": "zoe@initech.example"}
        refused = [
            server.viewer.post(f"{invite}/invite", data=typed),
            server.viewer.post(f"{share}/share", data={"csrf_token": proof(forms[share], "share")}),
            server.viewer.post(f"{cap}/dismiss", data={"csrf_token": proof(forms[cap], "dismiss")}),
        ]
    for answer in refused:
        assert answer.status_code == 503
        assert int(answer.headers["retry-after"]) > 0
        sound(answer.text)
    assert "zoe@initech.example" in "".join(element(refused[0].text, "addresses").itertext())
    assert len(server.events()) == before
    assert server.viewer.post(f"{invite}/invite", data=typed).status_code == 200


def test_somebody_who_once_said_not_now_may_still_go_on(server: Server, clock: Any) -> None:
    path = prompt(server)
    token = proof(server.viewer.get(f"{path}/upgrade").text, "upgrade")
    press(server, path, "dismiss")
    clock.ms += 5_000
    assert server.viewer.post(f"{path}/upgrade", data={"csrf_token": token}).status_code == 303


def test_it_leads_nowhere_that_a_stranger_chooses(server: Server, clock: Any) -> None:
    path = prompt(server)
    token = proof(server.viewer.get(f"{path}/upgrade").text, "upgrade")
    for n, name in enumerate(("upgrade_url", "url", "next", "to")):
        answer = server.viewer.post(
            f"{path}/upgrade?{name}=https://evil.example",
            data={"csrf_token": token, name: "https://evil.example"},
            headers={"user-agent": agent(n)},
        )
        assert followed(answer)[0] == "https://billing.acme.example/upgrade"
        assert "evil" not in answer.headers["location"]
