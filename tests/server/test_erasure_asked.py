"""Whoever is in the database can ask to be erased: by a letter’s link where there is mail, else by an admin."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from commands import run
from engine import all_text, everything
from factories import ANN, SIGNING_KEY, Server, eventually, form_token, parsed, rfc3339, words
from passalong.domain.erasure import issue
from passalong.domain.language import Language
from passalong.domain.token import Keyring
from passalong.settings import Limits, Mail, Retention
from postoffice import PostOffice
from prompts import press, prompt
from serving import Clock, serving
from soundness import sound

Browser = Callable[..., httpx2.Client]
ZOE = {"email": "zoe.quartermain@umbrella.example", "name": "Zoë Quartermain"}
INVITED = "peter.gibbons@firm.example"
DAY_MS = 86_400_000


@pytest.fixture
def office() -> Iterator[PostOffice]:
    with PostOffice() as opened:
        yield opened


@pytest.fixture
def posting(office: PostOffice, tmp_path: Path, clock: Clock) -> Iterator[Server]:
    """A server with mail."""
    mail = Mail(host="127.0.0.1", port=office.port, sender="Acme <hello@acme.example>", tls="none")
    with serving(tmp_path, clock, mail=mail) as running:
        yield running


def ask(server: Server, email: str, **more: str) -> httpx2.Response:
    """Fills the form on the page and sends it."""
    page = server.viewer.get("/privacy")
    sent = {"csrf_token": form_token(page.text), "website": "", "email": email, **more}
    return server.viewer.post("/privacy/erase", data=sent)


def invite(server: Server, address: str = INVITED) -> None:
    answer = press(server, prompt(server, "invite_teammates"), "invite", addresses=address)
    assert answer.status_code == 200, answer.text


def link_in(letter: Any, server: Server) -> str:
    [url] = [word for word in letter.get_content().split() if "/privacy/erase/" in word]
    return str(url).removeprefix(server.config.base_url)


def letter_to(office: PostOffice, address: str, n: int = 1) -> Any:
    """The latest of the `n` letters with a link that have gone to an address."""

    def found() -> list[Any]:
        return [one for one in office.letters if one["to"] == address and "/privacy/erase/" in one.get_content()]

    eventually(lambda: len(found()) == n, within_s=10)
    return found()[-1]


def confirm(server: Server, clock: Clock, path: str) -> httpx2.Response:
    """Opens the link, reads, and presses."""
    page = server.viewer.get(path)
    assert page.status_code == 200, page.text
    clock.ms += 5_000
    return server.viewer.post(path, data={"csrf_token": form_token(page.text)})


def settled(server: Server) -> None:
    eventually(lambda: not server.api.get("/api/v1/outbox?destination=mail&state=pending").json()["items"])
    eventually(lambda: not server.api.get("/api/v1/outbox?destination=mail&state=sending").json()["items"])


def waiting(server: Server) -> list[dict[str, Any]]:
    return list(server.api.get("/api/v1/erasures").json()["items"])


def trail(server: Server) -> list[tuple[str, str, str]]:
    acts = server.api.get("/api/v1/audit?limit=200").json()["items"]
    return [(act["action"], act["subject"], act["key"]) for act in acts if "eras" in act["action"]]


# With mail.


def test_a_lead_confirms_by_the_letter_s_link_and_nothing_of_hers_is_left(
    posting: Server, office: PostOffice, clock: Clock
) -> None:
    server = posting
    posting.admit(server.share(), **ZOE)
    server.convert("D-1", occurred_at=rfc3339(clock()), emails=[ZOE["email"]])
    [lead] = server.leads()
    before = server.counts("hard"), server.events(), server.api.get("/api/v1/metric?months=1").json()
    answer = ask(server, ZOE["email"].upper())
    assert answer.status_code == 200, answer.text
    letter = letter_to(office, ZOE["email"])
    assert "Acme" in letter.get_content()
    assert "Quartermain" not in letter.get_content(), "whoever enters an address learns no name by it"
    done = confirm(server, clock, link_in(letter, server))
    assert done.status_code == 200
    sound(done.text)
    said = words(done.text)
    for told in ("It is erased", lead["id"], "without anything that says whose", "Backups"):
        assert told in said, told
    settled(server)
    assert server.api.get(f"/api/v1/leads/{lead['id']}").json()["lead"]["erased_at"]
    assert (server.counts("hard"), server.events(), server.api.get("/api/v1/metric?months=1").json()) == before
    assert trail(server) == [("erase_lead", lead["id"], "letter")]
    for secret in (ZOE["email"], ZOE["name"], "quartermain"):
        assert secret.lower().encode() not in everything(server.config.database).lower(), secret


def test_somebody_who_was_only_invited_can_ask_too_and_her_address_waits_for_the_letter_alone(
    posting: Server, office: PostOffice, clock: Clock
) -> None:
    server = posting
    invite(server)
    eventually(lambda: len(office.letters) == 1, within_s=10)
    settled(server)
    assert INVITED not in all_text(server.config.database)
    assert ask(server, INVITED).status_code == 200
    letter = letter_to(office, INVITED)
    settled(server)
    assert INVITED not in all_text(server.config.database)
    assert confirm(server, clock, link_in(letter, server)).status_code == 200
    assert INVITED.encode() not in everything(server.config.database)
    assert server.api.post("/api/v1/people/export", json={"email": INVITED}).status_code == 404
    assert trail(server) == [("erase_lead", "", "letter")]


def test_who_comes_after_asking_is_erased_as_a_lead(posting: Server, office: PostOffice, clock: Clock) -> None:
    invite(posting)
    ask(posting, INVITED)
    letter = letter_to(office, INVITED)
    clock.ms += 60_000
    posting.admit(posting.share(), email=INVITED, name="Peter")
    assert confirm(posting, clock, link_in(letter, posting)).status_code == 200
    [lead] = posting.leads()
    assert lead["erased_at"]


def test_who_asks_is_told_the_same_whoever_is_known(posting: Server, office: PostOffice) -> None:
    posting.admit(posting.share(), **ZOE)
    answers = [ask(posting, email) for email in (ZOE["email"], "nobody@umbrella.example", ZOE["email"])]
    assert {(answer.status_code, answer.content) for answer in answers} == {(200, answers[0].content)}
    assert "umbrella" not in answers[0].text
    letter_to(office, ZOE["email"])
    settled(posting)
    assert len(office.letters) == 1, "one a day, and none to strangers"
    assert "nobody@" not in all_text(posting.config.database)


def test_a_program_that_opens_links_and_presses_buttons_erases_nobody(
    posting: Server, office: PostOffice, clock: Clock
) -> None:
    posting.admit(posting.share(), **ZOE)
    ask(posting, ZOE["email"])
    path = link_in(letter_to(office, ZOE["email"]), posting)
    for _ in range(2):
        page = posting.viewer.get(path)
        assert page.status_code == 200
        sound(page.text)
        assert posting.viewer.head(path).status_code == 200
    pressed = posting.viewer.post(path, data={"csrf_token": form_token(page.text)})
    assert pressed.status_code == 422
    assert "Please press once more" in words(pressed.text)
    assert posting.viewer.post(path, data={}).status_code == 422
    assert posting.leads()[0]["erased_at"] is None
    clock.ms += 5_000
    assert posting.viewer.post(path, data={"csrf_token": form_token(pressed.text)}).status_code == 200


def test_a_link_of_before_or_of_somebody_else_s_making_is_refused_with_a_way_on(
    posting: Server, office: PostOffice, clock: Clock
) -> None:
    posting.admit(posting.share(), **ZOE)
    ask(posting, ZOE["email"])
    path = link_in(letter_to(office, ZOE["email"]), posting)
    token = path.removeprefix("/privacy/erase/")
    others = issue(Keyring(["x" * 40]), "0", clock())
    never = issue(Keyring([SIGNING_KEY]), "0", clock())
    for wrong, status in ((others, 404), (token[:-3], 404), ("nothing", 404), (never, 410)):
        for method in ("GET", "POST"):
            refused = posting.viewer.request(method, f"/privacy/erase/{wrong}", **posted(method))
            assert refused.status_code == status, wrong
            sound(refused.text)
            assert 'href="/privacy#erasure"' in refused.text
    clock.ms += 3 * DAY_MS + 1_000
    for method in ("GET", "POST"):
        late = posting.viewer.request(method, path, **posted(method))
        assert late.status_code == 410
        assert "3 days" in words(late.text)
    assert posting.leads()[0]["erased_at"] is None
    # Whoever asks again gets another letter, and after the first use of its link there is nothing left to do.
    ask(posting, ZOE["email"])
    again = link_in(letter_to(office, ZOE["email"], 2), posting)
    assert confirm(posting, clock, again).status_code == 200
    for method in ("GET", "POST"):
        assert posting.viewer.request(method, again, **posted(method)).status_code == 410
    assert len(trail(posting)) == 1


def posted(method: str) -> dict[str, Any]:
    return {"data": {"csrf_token": "x"}} if method == "POST" else {}


def test_a_letter_says_it_in_the_language_of_who_asks(posting: Server, office: PostOffice) -> None:
    posting.admit(posting.share(), **ZOE)
    posting.viewer.headers["accept-language"] = "de"
    ask(posting, ZOE["email"])
    letter = letter_to(office, ZOE["email"])
    assert letter["subject"].startswith("Bitte bestätigen Sie")
    assert "3 Tage" in letter.get_content()


def test_what_was_not_confirmed_in_time_is_forgotten(posting: Server, office: PostOffice, clock: Clock) -> None:
    posting.admit(posting.share(), **ZOE)
    ask(posting, ZOE["email"])
    letter_to(office, ZOE["email"])
    exported = posting.api.post("/api/v1/people/export", json={"email": ZOE["email"]}).json()
    assert [len(part["rows"]) for part in exported["sections"] if part["kind"] == "erasures"] == [1]
    clock.ms += 4 * DAY_MS

    def forgotten() -> bool:
        exported = posting.api.post("/api/v1/people/export", json={"email": ZOE["email"]}).json()
        return [part["rows"] for part in exported["sections"] if part["kind"] == "erasures"] == [[]]

    eventually(forgotten, within_s=10)
    assert posting.leads()[0]["erased_at"] is None


# Without mail.


def test_without_mail_it_waits_for_an_admin_who_learns_the_lead(server: Server, clock: Clock) -> None:
    server.admit(server.share(), **ZOE)
    invite(server)
    [lead] = server.leads()
    for address in (ZOE["email"], INVITED, "nobody@umbrella.example", ZOE["email"]):
        assert ask(server, address).status_code == 200
        clock.ms += 1_000
    found = waiting(server)
    assert [one["lead"] for one in found] == [lead["id"], None]
    assert found[0]["asked_at"] < found[1]["asked_at"]
    assert INVITED not in all_text(server.config.database)
    paged = server.api.get("/api/v1/erasures?limit=1").json()
    rest = server.api.get("/api/v1/erasures", params={"cursor": paged["next_cursor"]}).json()
    assert [*paged["items"], *rest["items"]] == found
    told = server.api.post(f"/api/v1/erasures/{found[1]['id']}/carry-out")
    assert (told.status_code, told.json()["rows"]["invitations"]) == (200, 1)
    assert [one["lead"] for one in waiting(server)] == [lead["id"]]
    told = server.api.post(f"/api/v1/erasures/{found[0]['id']}/carry-out").json()
    assert told["leads"] == [lead["id"]]
    assert waiting(server) == []
    assert server.leads()[0]["erased_at"]
    assert server.api.post(f"/api/v1/erasures/{found[0]['id']}/carry-out").status_code == 404
    assert [act[:2] for act in trail(server)] == [("carry_out_erasure", lead["id"]), ("carry_out_erasure", "")]


@pytest.mark.settings(retention=Retention(leads_days=30))
@pytest.mark.parametrize("way", ["api", "command", "retention", "dismissed"])
def test_the_request_is_gone_with_the_person_whatever_the_way(
    server: Server, beside: Path, clock: Clock, way: str
) -> None:
    server.admit(server.share(), **ZOE)
    ask(server, ZOE["email"])
    [asked] = waiting(server)
    match way:
        case "api":
            server.api.delete(f"/api/v1/leads/{asked['lead']}").raise_for_status()
        case "command":
            run(beside, "erase", ZOE["email"], "--yes")
        case "retention":
            clock.ms += 31 * DAY_MS
            eventually(lambda: server.leads()[0]["erased_at"], within_s=10)
        case "dismissed":
            assert server.api.post(f"/api/v1/erasures/{asked['id']}/dismiss").json()["dismissed"] is True
    assert waiting(server) == []
    assert bool(server.leads()[0]["erased_at"]) is (way != "dismissed")


@pytest.mark.parametrize("role", ["reader", "integrator"])
def test_admins_alone_see_and_do_it(server: Server, role: str) -> None:
    server.admit(server.share(), **ZOE)
    ask(server, ZOE["email"])
    [asked] = waiting(server)
    _, header = server.key(role)
    for method, path in (
        ("GET", "erasures"),
        ("POST", f"erasures/{asked['id']}/carry-out"),
        ("POST", f"erasures/{asked['id']}/dismiss"),
        ("POST", "people/export"),
    ):
        body = {"json": {"email": ZOE["email"]}} if path == "people/export" else {}
        assert server.viewer.request(method, f"/api/v1/{path}", headers=header, **body).status_code == 403, path
    assert waiting(server) == [asked]


def test_the_terminal_lists_who_asked_and_what_to_do(server: Server, beside: Path, clock: Clock) -> None:
    assert "Nobody waits" in run(beside, "erase", "--asked").stdout
    server.admit(server.share(), **ZOE)
    invite(server)
    for address in (ZOE["email"], INVITED):
        ask(server, address)
        clock.ms += 1_000
    lead, invited = json.loads(run(beside, "erase", "--asked", "--json").stdout)
    shown = run(beside, "erase", "--asked").stdout
    for told in (ZOE["email"], lead["id"], invited["id"], "only invited", "--request ID", "--dismiss ID"):
        assert told in shown, told
    told = run(beside, "erase", "--request", invited["id"], "--yes").stdout
    assert "invitations 1" in told
    run(beside, "erase", "--dismiss", lead["id"])
    assert json.loads(run(beside, "erase", "--asked", "--json").stdout) == []
    assert "waits" in run(beside, "erase", "--request", lead["id"], "--yes", code=1).stderr
    run(beside, "erase", code=2)
    run(beside, "erase", "--asked", ZOE["email"], code=2)
    assert [act[::2] for act in trail(server)] == [("dismiss_erasure", "command"), ("erase_lead", "command")]


# The form.


def test_what_is_no_address_comes_back_with_a_sentence_beside_it(server: Server) -> None:
    for typed, sentence in (("", "Please enter"), ("zoe@", "does not look like"), ("<b>@x", "does not look like")):
        refused = ask(server, typed)
        assert refused.status_code == 422
        sound(refused.text)
        field = parsed(refused.text).find(".//*[@id='email']")
        assert field is not None
        assert (field.get("value"), field.get("aria-invalid")) == (typed, "true")
        said = parsed(refused.text).find(f".//*[@id='{str(field.get('aria-describedby')).split()[-1]}']")
        assert said is not None
        assert sentence in str(said.text)
    trapped = ask(server, ANN["email"], website="x")
    assert trapped.status_code == 422
    assert "Please leave this field empty" in words(trapped.text)
    assert ask(server, ANN["email"], csrf_token="x").status_code == 422
    assert waiting(server) == []


def test_a_form_that_was_open_for_too_long_is_asked_for_once_more(server: Server, clock: Clock) -> None:
    server.admit(server.share(), **ZOE)
    token = form_token(server.viewer.get("/privacy").text)
    clock.ms += DAY_MS + 1_000
    stale = server.viewer.post("/privacy/erase", data={"csrf_token": token, "email": ZOE["email"]})
    assert stale.status_code == 422
    assert "more than a day" in words(stale.text)
    assert ZOE["email"] in stale.text
    again = {"csrf_token": form_token(stale.text), "email": ZOE["email"]}
    assert server.viewer.post("/privacy/erase", data=again).status_code == 200
    assert len(waiting(server)) == 1


@pytest.mark.settings(limits=Limits(submissions_per_10_minutes=3))
def test_who_asks_too_often_is_asked_to_wait(server: Server) -> None:
    answers = [ask(server, f"n{n}@umbrella.example") for n in range(4)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    assert int(answers[-1].headers["retry-after"]) > 0
    assert "n3@umbrella.example" in answers[-1].text


@pytest.mark.parametrize("language", list(Language))
def test_it_is_said_in_every_language_without_cookie_or_script(server: Server, language: Language) -> None:
    server.viewer.headers["accept-language"] = language
    page = server.viewer.get("/privacy")
    asked = server.viewer.post(
        "/privacy/erase", data={"csrf_token": form_token(page.text), "email": "a@umbrella.example"}
    )
    for answer in (page, asked, server.viewer.get("/privacy/erase/nothing")):
        sound(answer.text)
        assert parsed(answer.text).get("lang") == language
        assert "set-cookie" not in answer.headers
        assert "<script" not in answer.text
        assert language is Language.EN or not re.search(r"\b(the|you|your)\b", words(answer.text)), answer.url
    back = server.viewer.get("/privacy/erase")
    assert (back.status_code, back.headers["location"]) == (303, "/privacy#erasure")
