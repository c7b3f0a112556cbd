"""Inviting teammates and sharing with the team: links of one's own, letters written once, addresses forgotten."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import parse_qs, unquote, urlsplit

import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st

import engine
from commands import run
from factories import ANN, Server, element, eventually, parsed, rfc3339, words
from passalong.app import opened, wire
from passalong.domain.instant import DAY_MS
from passalong.domain.letter import Letter
from passalong.domain.prompt import INVITED_A_DAY, addresses_in
from passalong.domain.share import verify
from passalong.domain.token import Keyring
from passalong.errors import Fault, Invalid
from passalong.settings import Mail
from passalong.web.prompt.letters import InvitationLetters
from portal import enter
from prompts import agent, press, prompt, proof
from soundness import sound

T = TypeVar("T")
POST = pytest.mark.settings(mail=Mail(host="mail.acme.example"))
ZOE = "zoe.quartermain@initech.example"


def invite(
    server: Server, path: str, addresses: str, client: httpx2.Client | None = None, website: str = ""
) -> httpx2.Response:
    return press(server, path, "invite", client, addresses=addresses, website=website)


def links(answer: httpx2.Response) -> dict[str, str]:
    """The link of each address in a result."""
    assert answer.status_code == 200, answer.text
    found = {}
    for item in parsed(answer.text).iter("li"):
        label, field = item.find(".//label"), item.find(".//input")
        assert label is not None
        assert field is not None
        found["".join(label.itertext())] = field.get("value", "")
    return found


def rows(server: Server, sql: str) -> list[tuple[Any, ...]]:
    return engine.execute(server.config.database, sql)


def jobs(server: Server) -> list[str]:
    """The invitations for which a letter waits to be sent."""
    return [
        i for (i,) in rows(server, "SELECT subject FROM outbox WHERE destination = 'mail' AND topic = 'invitation'")
    ]


def with_letters(server: Server, clock: Any, work: Callable[[InvitationLetters], Awaitable[T]]) -> T:
    """What carries the mail, at work."""

    async def go() -> T:
        services = wire(server.config, clock)
        async with opened(services):
            letters = InvitationLetters(
                server.config, services.invitations, services.links, services.keyring, services.clock
            )
            return await work(letters)

    return asyncio.run(go())


def letter(server: Server, clock: Any, id: str) -> Letter | None:
    return with_letters(server, clock, lambda letters: letters.compose(id))


def anywhere(server: Server, text: str) -> bool:
    """Whether something stands in the database."""
    return text.lower().encode() in engine.everything(server.config.database).lower()


def test_each_colleague_gets_a_link_of_their_own(server: Server) -> None:
    path = prompt(server, "invite_teammates", member="u-17")
    answer = invite(server, path, f"bob@initech.example; Zoë Q <{ZOE}>,\nBOB@initech.example")
    sound(answer.text)
    assert "set-cookie" not in answer.headers
    made = links(answer)
    assert list(made) == ["bob@initech.example", ZOE]
    assert len(set(made.values())) == 2
    for url in made.values():
        claims = verify(Keyring(server.config.signing_keys), url.rpartition("/")[2])
        assert (claims.asset, claims.customer, claims.mechanic) == ("report", "initech", "open")
        assert (claims.channel, claims.sharer, claims.parent, claims.hop) == ("invite", "u-17", None, 0)
        assert server.viewer.get(url).status_code == 200
    assert server.happened("share") == [("share", "human")] * 2
    assert server.counts("open")["shares"] == 2


def test_without_mail_one_sends_them_oneself_and_no_address_is_kept(server: Server) -> None:
    path = prompt(server, "invite_teammates")
    assert "The addresses are not kept" in words(server.viewer.get(path).text)
    answer = invite(server, path, ZOE)
    url = links(answer)[ZOE]
    [mailto] = [a.get("href", "") for a in parsed(answer.text).iter("a") if a.get("href", "").startswith("mailto:")]
    parts = urlsplit(mailto)
    assert unquote(parts.path) == ZOE
    said = parse_qs(parts.query)
    assert "Quarterly report" in said["subject"][0]
    assert url in said["body"][0]
    assert jobs(server) == []
    assert not anywhere(server, "quartermain")


@pytest.mark.parametrize("size", ["small", "medium", "large"])
def test_what_is_no_address_is_named_and_nothing_typed_is_lost(server: Server, size: str) -> None:
    path = prompt(server, "invite_teammates", size=size)
    typed = 'bob@initech.example, <b>"bold"</b>, carl@@x'
    on = "/invite" if size == "small" else ""
    refused = press(server, path, "invite", on=on, addresses=typed)
    assert refused.status_code == 422
    sound(refused.text)
    field = element(refused.text, "addresses")
    assert "".join(field.itertext()).strip() == typed
    assert field.get("aria-invalid") == "true"
    message = "".join(element(refused.text, "addresses-message").itertext())
    assert field.get("aria-describedby", "").endswith("addresses-message")
    assert "“carl@@x”" in message
    assert "“bob@initech.example”" not in message
    assert server.happened("share") == []
    token = proof(refused.text, "invite")
    mended = server.viewer.post(f"{path}/invite", data={"csrf_token": token, "addresses": "bob@initech.example"})
    assert list(links(mended)) == ["bob@initech.example"]


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("", "at least one"),
        (" , ;\n", "at least one"),
        ("x" * 5000, "does not look like"),
        (", ".join(f"n{n}@initech.example" for n in range(11)), "at most 10"),
        (" ".join("nonsense" + "!" * n for n in range(40)), "does not look like"),
    ],
)
def test_what_cannot_be_sent_is_refused_in_words(server: Server, typed: str, said: str) -> None:
    refused = invite(server, prompt(server, "invite_teammates"), typed)
    assert refused.status_code == 422
    assert said in words(refused.text)
    sound(refused.text)
    assert len(refused.text) < 20_000
    assert server.happened("share") == []


def test_a_form_for_robots_and_a_form_of_yesterday(server: Server, clock: Any) -> None:
    path = prompt(server, "invite_teammates")
    trapped = invite(server, path, ZOE, website="https://x.example")
    assert trapped.status_code == 422
    assert "leave this field empty" in words(trapped.text)
    sound(trapped.text)
    old = proof(server.viewer.get(path).text, "invite")
    clock.ms += DAY_MS + 60_000
    for token in ("", old):
        stale = server.viewer.post(f"{path}/invite", data={"csrf_token": token, "addresses": ZOE})
        assert stale.status_code == 422
        assert "press once more" in words(stale.text)
        assert "".join(element(stale.text, "addresses").itertext()).strip() == ZOE
    assert server.happened("share") == []


def test_the_same_address_has_the_same_link_for_thirty_days(server: Server, clock: Any) -> None:
    first = links(invite(server, prompt(server, "invite_teammates", member="u-1"), ZOE))
    again = invite(server, prompt(server, "invite_teammates", member="u-2"), f"{ZOE.upper()} new@initech.example")
    assert links(again)[ZOE.upper().replace("INITECH.EXAMPLE", "initech.example")] == first[ZOE]
    assert "Was invited before" in words(again.text)
    other = links(invite(server, prompt(server, "invite_teammates", asset="page"), ZOE))
    theirs = links(invite(server, prompt(server, "invite_teammates", customer="globex"), ZOE))
    assert len({first[ZOE], other[ZOE], theirs[ZOE]}) == 3
    clock.ms += 30 * DAY_MS + 1000
    assert links(invite(server, prompt(server, "invite_teammates"), ZOE))[ZOE] != first[ZOE]


def test_a_link_that_was_taken_back_is_not_given_out_again(server: Server) -> None:
    path = prompt(server, "invite_teammates")
    url = links(invite(server, path, ZOE))[ZOE]
    server.api.post(f"/api/v1/shares/{url.rpartition('/')[2]}/revoke").raise_for_status()
    again = links(invite(server, path, ZOE))[ZOE]
    assert again != url
    assert server.viewer.get(again).status_code == 200


@POST
def test_with_mail_one_letter_goes_out_and_the_address_with_it(server: Server, clock: Any) -> None:
    path = prompt(server, "invite_teammates", member="u-17", member_name="Ann")
    assert "then the address is forgotten" in words(server.viewer.get(path).text)
    answer = invite(server, path, ZOE)
    assert "on their way" in words(answer.text)
    url = links(answer)[ZOE]
    [job] = jobs(server)
    written = letter(server, clock, job)
    assert written is not None
    assert written.to == ZOE
    assert "Quarterly report" in written.subject
    assert written.html is None
    assert "Ann (Initech) invites you" in written.text.replace("Ann of Initech", "Ann (Initech)")
    assert "made with Acme" in written.text
    assert "because somebody entered your address" in written.text
    assert [line for line in written.text.splitlines() if "/s/" in line] == [url], "one link, and no pixel"
    with_letters(server, clock, lambda letters: letters.sent(job))
    assert rows(server, "SELECT address, inviter, sent_at_ms > 0 FROM invitations") == [("", "", 1)]
    assert letter(server, clock, job) is None, "no letter is written twice"
    again = invite(server, path, ZOE)
    assert links(again)[ZOE] == url
    assert "No second letter" in words(again.text)
    assert jobs(server) == [job]


@POST
@pytest.mark.parametrize(
    ("customer", "name", "who"),
    [
        ("initech", "Ann", "Ann of Initech invites you:"),
        ("initech", None, "Somebody at Initech invites you:"),
        ("globex", "Ann", "Ann invites you:"),
        ("globex", None, "A customer of Acme invites you:"),
    ],
)
def test_a_letter_names_whom_it_may(server: Server, clock: Any, customer: str, name: str | None, who: str) -> None:
    invite(server, prompt(server, "invite_teammates", customer=customer, member_name=name, member="u-17"), ZOE)
    written = letter(server, clock, jobs(server)[0])
    assert written is not None
    assert written.text.startswith(who)
    assert "u-17" not in written.text


@POST
def test_a_letter_is_in_the_language_of_who_invited_and_on_one_line(server: Server, clock: Any) -> None:
    title = "Bericht\r\nBcc: all@initech.example"
    server.api.put("/api/v1/assets/evil", json={"title": title, "kind": "page", "source": {"markdown": "x"}})
    server.viewer.headers["accept-language"] = "de"
    invite(server, prompt(server, "invite_teammates", asset="evil", member_name="A\u202eb\n\nc"), ZOE)
    written = letter(server, clock, jobs(server)[0])
    assert written is not None
    assert "lädt Sie ein" in written.text
    assert "\n" not in written.subject
    assert "\r" not in written.subject
    assert written.text.startswith("A b c (Initech) lädt Sie ein:")


@POST
def test_of_what_was_killed_or_taken_back_no_letter_is_written(server: Server, clock: Any) -> None:
    made = links(invite(server, prompt(server, "invite_teammates"), f"{ZOE}, bob@initech.example"))
    waiting = dict(rows(server, "SELECT address, id FROM invitations"))
    server.api.post(f"/api/v1/shares/{made[ZOE].rpartition('/')[2]}/revoke").raise_for_status()
    assert letter(server, clock, waiting[ZOE]) is None
    assert letter(server, clock, waiting["bob@initech.example"]) is not None
    server.api.post("/api/v1/mechanics/open/kill", json={"reason": "Over", "by": "Mara"}).raise_for_status()
    assert letter(server, clock, waiting["bob@initech.example"]) is None
    assert letter(server, clock, "nobody") is None


@POST
def test_an_address_that_could_not_be_written_to_is_forgotten_after_three_days(server: Server, clock: Any) -> None:
    path = prompt(server, "invite_teammates", member_name="Ann")
    url = links(invite(server, path, ZOE))[ZOE]
    clock.ms += 2 * DAY_MS
    assert rows(server, "SELECT address FROM invitations") == [(ZOE,)]
    clock.ms += DAY_MS + 1000
    eventually(lambda: rows(server, "SELECT address, inviter FROM invitations") == [("", "")])
    eventually(lambda: not anywhere(server, "quartermain"))
    assert letter(server, clock, jobs(server)[0]) is None
    # Asked again within the month, it is the same link, and a letter may yet reach them.
    assert links(invite(server, path, ZOE))[ZOE] == url
    assert letter(server, clock, jobs(server)[0]) is not None
    clock.ms += 2 * DAY_MS
    assert rows(server, "SELECT address FROM invitations") == [(ZOE,)]
    clock.ms += 30 * DAY_MS
    eventually(lambda: rows(server, "SELECT address, address_key FROM invitations") == [("", None)])


def test_a_customer_invites_so_many_a_day_and_no_more(server: Server, clock: Any, browser: Any) -> None:
    path = prompt(server, "invite_teammates")
    for n in range(INVITED_A_DAY // 10):
        crowd = ", ".join(f"n{n}{m}@initech.example" for m in range(10))
        assert len(links(invite(server, path, crowd))) == 10
        if n == INVITED_A_DAY // 10 - 2:
            assert len(links(invite(server, path, "once@initech.example, more@initech.example"))) == 2
            break
    refused = invite(server, path, crowd.replace("@", "x@"))
    assert refused.status_code == 429
    assert "Invitations left for today: 8." in words(refused.text)
    assert len(links(invite(server, path, ", ".join(crowd.replace("@", "x@").split(", ")[:8])))) == 8
    refused = invite(server, path, ZOE)
    assert refused.status_code == 429
    assert int(refused.headers["retry-after"]) > 3600
    assert "No more invitations can be made today" in words(refused.text)
    assert "".join(element(refused.text, "addresses").itertext()).strip() == ZOE
    sound(refused.text)
    # Who has a link gets it again, and another customer is another matter.
    assert len(links(invite(server, path, "n00@initech.example"))) == 1
    assert len(links(invite(server, prompt(server, "invite_teammates", customer="globex"), ZOE))) == 1
    clock.ms += DAY_MS + 60_000
    assert len(links(invite(server, path, ZOE))) == 1


@POST
def test_an_erasure_reaches_who_was_invited(server: Server, clock: Any, beside: Path, browser: Any) -> None:
    path = prompt(server, "invite_teammates")
    url = links(invite(server, path, ZOE))[ZOE]
    invite(server, path, "bob@initech.example", browser(agent=agent(2)))
    assert anywhere(server, "quartermain")
    done = run(beside, "erase", ZOE, "--yes")
    assert "Erased" in done.stdout
    assert not anywhere(server, "quartermain")
    assert rows(server, "SELECT address FROM invitations ORDER BY address") == [("",), ("bob@initech.example",)]
    assert server.viewer.get(url).status_code == 200, "a customer's link never breaks"
    assert run(beside, "erase", ZOE, "--yes", code=1).stderr


@POST
def test_a_lead_that_is_erased_is_erased_as_an_invited_one_too(server: Server, browser: Any) -> None:
    url = links(invite(server, prompt(server, "invite_teammates", mechanic="hard"), ANN["email"]))[ANN["email"]]
    server.admit(url.removeprefix(server.config.base_url), browser())
    [lead] = server.leads()
    assert server.api.delete(f"/api/v1/leads/{lead['id']}").status_code == 200
    assert rows(server, "SELECT address, address_key FROM invitations") == [("", None)]
    assert not anywhere(server, ANN["email"])


def test_what_comes_of_an_invitation_is_the_customers_and_its_own_people_are_expansion(
    server: Server, clock: Any, browser: Any
) -> None:
    path = prompt(server, "invite_teammates", mechanic="hard", member="u-17")
    for url in links(invite(server, path, f"{ZOE}, carl@elsewhere.example")).values():
        email = ZOE if not server.leads() else "carl@elsewhere.example"
        server.admit(url.removeprefix(server.config.base_url), browser(), email=email)
    motions = {lead["email"]: (lead["motion"], lead["parent"], lead["hop"]) for lead in server.leads()}
    assert motions == {ZOE: ("expansion", None, 0), "carl@elsewhere.example": ("new_logo", None, 0)}
    [credit] = server.convert("D-1", occurred_at=rfc3339(clock()), emails=[ZOE])["credits"]
    assert (credit["customer"], credit["sharer"], credit["motion"]) == ("initech", "u-17", "expansion")


def test_the_portal_tells_of_the_team_link_and_of_no_single_invitation(server: Server, browser: Any) -> None:
    invite(server, prompt(server, "invite_teammates"), f"{ZOE}, bob@initech.example")
    portal = enter(server, browser())
    assert "invite" not in words(portal.get("/portal").text)
    shared(server, prompt(server, "share_with_team"))
    assert "team" in words(portal.get("/portal").text)


def shared(server: Server, path: str, client: httpx2.Client | None = None) -> str:
    """The team's link, as its page hands it out."""
    client = client or server.viewer
    made = press(server, path, "share", client)
    assert made.status_code == 303, made.text
    page = client.get(made.headers["location"])
    sound(page.text)
    return element(page.text, "url").get("value", "")


def test_one_press_makes_the_teams_link_with_ways_to_send_it(server: Server) -> None:
    path = prompt(server, "share_with_team", member="u-17")
    for _ in range(3):
        server.viewer.get(path)
        assert server.viewer.get(f"{path}/share").headers["location"] == path, "looking makes nothing"
    assert server.happened("share") == []
    url = shared(server, path)
    claims = verify(Keyring(server.config.signing_keys), url.rpartition("/")[2])
    assert (claims.channel, claims.sharer, claims.hop) == ("team", "u-17", 0)
    page = server.viewer.get(press(server, path, "share").headers["location"]).text
    assert url in "".join(element(page, "text").itertext())
    hrefs = [a.get("href", "") for a in parsed(page).iter("a")]
    assert any(href.startswith("mailto:?") for href in hrefs)
    assert any(href.startswith("https://www.linkedin.com/") for href in hrefs)
    [code] = [i.get("src", "") for i in parsed(page).iter("img") if "/qr" in i.get("src", "")]
    assert server.viewer.get(code).headers["content-type"].startswith("image/svg+xml")
    assert server.happened("share") == [("share", "human")], "asked again it is the same link"
    assert server.viewer.get(url).status_code == 200


def test_each_member_has_one_and_gets_another_once_it_was_taken_back(server: Server) -> None:
    one, other = (prompt(server, "share_with_team", member=member) for member in ("u-1", "u-2"))
    url = shared(server, one)
    assert url != shared(server, other)
    assert url == shared(server, prompt(server, "share_with_team", member="u-1", size="large"))
    server.api.post(f"/api/v1/shares/{url.rpartition('/')[2]}/revoke").raise_for_status()
    again = shared(server, one)
    assert again != url
    assert server.viewer.get(again).status_code == 200


def test_the_page_hands_out_no_link_that_is_not_its_own(server: Server) -> None:
    path = prompt(server, "share_with_team")
    foreign = server.share(customer="globex").removeprefix("/s/")
    for token in (foreign, "nonsense", server.share().removeprefix("/s/")):
        assert server.viewer.get(f"{path}/share?link={token}").headers["location"] == path
    refused = server.viewer.post(f"{path}/share", data={"csrf_token": "x"})
    assert refused.status_code == 422
    assert "press once more" in words(refused.text)
    sound(refused.text)
    assert server.happened("share") == []


LOCALS = st.from_regex(r"[a-z][a-z0-9]{0,8}(\.[a-z0-9]{1,5})?", fullmatch=True)
MANY = st.lists(LOCALS, min_size=1, max_size=10, unique=True)
BETWEEN = st.sampled_from([",", ", ", ";", "\n", "\r\n", " ", ",\n ", " ; "])


@given(MANY, st.data())
def test_addresses_are_read_however_they_are_strung_together(names: list[str], data: st.DataObject) -> None:
    people = [f"{name}@initech.example" for name in names]
    typed = ""
    for person in people:
        typed += data.draw(BETWEEN) if typed else ""
        typed += data.draw(st.sampled_from(["{}", "<{}>", "Ann Umber <{}>", '"Umber, Ann" <{}>'])).format(person)
    assert addresses_in(typed) == people


@given(st.text(max_size=300))
def test_whatever_is_typed_is_addresses_or_a_refusal(typed: str) -> None:
    found, faults = _read(typed)
    assert bool(found) != bool(faults)
    assert len(found) <= 10
    assert len(faults) <= 11
    assert {fault.field for fault in faults} <= {"addresses"}
    assert all("@" in address and not set("\r\n,; ") & set(address) for address in found)


def _read(typed: str) -> tuple[list[str], list[Fault]]:
    try:
        return addresses_in(typed), []
    except Invalid as refused:
        return [], list(refused.faults)
