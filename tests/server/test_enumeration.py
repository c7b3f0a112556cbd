"""Asking gives nothing away: what is another's, what was forged and what never was are one answer, after one work."""

from __future__ import annotations

import asyncio
import functools
import hashlib
import re
from collections.abc import Callable
from typing import Any

import httpx2
import pytest

from factories import ANN, PDF, Server, form_token, words
from passalong.domain.portal import issue
from passalong.domain.share import claim, mint
from passalong.domain.token import Keyring, Purpose
from passalong.settings import Mail
from passalong.store.db import database_at
from portal import enter, portal_link, share_of
from prompts import press, prompt

Browser = Callable[..., httpx2.Client]
Ask = Callable[..., tuple[object, ...]]
OF_THE_MOMENT = {"date", "x-request-id"}


@pytest.fixture
def asked(server: Server, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What requests have asked the database since it was cleared; what goes on beside them is left out."""
    engine, said = type(database_at(server.config.database)), []

    def watched(name: str, method: Any) -> Any:
        @functools.wraps(method)
        def asking(self: Any, *args: Any, **params: Any) -> Any:
            task = asyncio.current_task()
            if task is not None and task.get_coro().__qualname__.endswith("run_asgi"):
                said.append(f"{name}: {' '.join(arg for arg in args if isinstance(arg, str))}")
            return method(self, *args, **params)

        return asking

    for name in ("read", "report", "named", "write", "turn", "transaction", "within"):
        monkeypatch.setattr(engine, name, watched(name, getattr(engine, name)))
    return said


@pytest.fixture
def ask(asked: list[str]) -> Ask:
    """All that can be told from outside about an answer, and what the database was asked for it."""

    def asking(client: httpx2.Client, method: str, path: str, **more: Any) -> tuple[object, ...]:
        asked.clear()
        answer = client.request(method, path, **more)
        headers = sorted((name, value) for name, value in answer.headers.multi_items() if name not in OF_THE_MOMENT)
        return answer.status_code, headers, answer.content, list(asked)

    return asking


def same(answers: dict[str, tuple[object, ...]], status: int) -> None:
    first = next(iter(answers.values()))
    assert first[0] == status, answers
    for name, answer in answers.items():
        assert answer == first, name


def forged(token: str, clock: Callable[[], int]) -> dict[str, str]:
    """Tokens that were not signed here to open a share."""
    ring = Keyring(["x" * 40])
    claims, _, signature = token.rpartition(".")
    return {
        "of another key": mint(ring, claim(asset="report", customer="initech", mechanic="hard")),
        "a letter changed": f"{claims}.{'A' if signature[0] != 'A' else 'B'}{signature[1:]}",
        "cut short": token[:-4],
        "unsigned": claims,
        "a word": "nothing",
        "for something else": issue(ring, Purpose.PORTAL, "initech", "acme", clock()),
    }


@pytest.mark.parametrize("door", ["s", "e"])
@pytest.mark.parametrize(
    ("method", "tail"),
    [
        ("GET", ""), ("HEAD", ""), ("GET", "/1"), ("GET", "/go"), ("GET", "/file"), ("GET", "/preview"),
        ("GET", "/card.png"), ("GET", "/qr.svg"), ("GET", "/badge.svg"), ("POST", "/gate"), ("POST", "/pass-along"),
    ],
)  # fmt: skip
def test_of_a_share_s_token_nobody_learns_why_it_does_not_open(
    server: Server, clock: Any, ask: Ask, door: str, method: str, tail: str
) -> None:
    token = server.share().removeprefix("/s/")
    unknown = mint(Keyring(server.config.signing_keys), claim(asset="gone", customer="initech", mechanic="hard"))
    tokens = {**forged(token, clock), "of a thing that is not here": unknown}
    answers = {name: ask(server.viewer, method, f"/{door}/{value}{tail}") for name, value in tokens.items()}
    same(answers, 404)
    assert answers["a word"][3] == [], "no database is asked about a forged token"


def test_of_a_prompt_s_and_a_portal_s_token_neither(server: Server, browser: Browser, clock: Any, ask: Ask) -> None:
    stranger = browser(cookies=False)
    link = portal_link(server).removeprefix("/portal/")
    nobody = issue(Keyring(server.config.signing_keys), Purpose.PORTAL, "nobody", "acme", clock())
    tokens = {**forged(link, clock), "a share's": server.share().removeprefix("/s/"), "of nobody": nobody}
    same({name: ask(stranger, "GET", f"/portal/{token}") for name, token in tokens.items()}, 404)
    body = {"customer": "initech", "kind": "invite_teammates", "mechanic": "open", "asset": "page"}
    prompt = server.api.post("/api/v1/prompts", json=body).json()["token"]
    for tail in ("", "/invite"):
        answers = {name: ask(stranger, "GET", f"/p/{token}{tail}") for name, token in forged(prompt, clock).items()}
        same(answers, 404)


def test_receipts_of_another_customer_are_asked_for_like_those_of_nobody(
    server: Server, browser: Browser, ask: Ask
) -> None:
    own, foreign = share_of(server, customer="globex"), share_of(server)
    globex = enter(server, browser(), "globex")
    token = form_token(globex.get("/portal").text)
    assert ask(globex, "GET", f"/portal/shares/{own}")[0] == 200
    for method, tail in (("GET", ""), ("HEAD", ""), ("POST", "/revoke")):
        sent = {"data": {"csrf_token": token}} if method == "POST" else {}
        answers = {
            name: ask(globex, method, f"/portal/shares/{share}{tail}", **sent)
            for name, share in (("another's", foreign), ("of nobody", "aaaaaaaaaaaaaaaa"))
        }
        same(answers, 404)
        assert answers["another's"][3], "it was looked for"


@pytest.mark.parametrize("role", ["reader", "integrator"])
def test_a_key_of_too_small_a_role_learns_of_no_id(server: Server, ask: Ask, role: str) -> None:
    server.admit(server.share())
    _, header = server.key(role)
    lead = server.leads()[0]["id"]
    for method, path, known in (
        ("DELETE", "leads/{}", lead),
        ("POST", "mechanics/{}/kill", "hard"),
        ("POST", "keys/{}/revoke", server.key("reader")[0].id),
        ("PUT", "webhooks/{}", "crm"),
    ):
        answers = {
            name: ask(server.viewer, method, f"/api/v1/{path.format(id)}", json={}, headers=header)
            for name, id in (("known", known), ("unknown", "nothing"))
        }
        same(answers, 403)
        assert answers["known"][3] == []


def test_what_was_uploaded_is_not_told_from_what_was_not(server: Server, ask: Ask) -> None:
    digests = {"uploaded": hashlib.sha256(PDF).hexdigest(), "unknown": "0" * 64}
    for path in ("/media/{}.webp", "/brand/logo/{}.png"):
        same({name: ask(server.viewer, "GET", path.format(digest)) for name, digest in digests.items()}, 404)


BY_MAIL = pytest.mark.settings(mail=Mail(host="127.0.0.1", port=9, sender="Acme <a@acme.example>"))


@pytest.mark.parametrize("mail", [False, pytest.param(True, marks=BY_MAIL)])
def test_asking_to_be_erased_does_not_tell_who_is_known(server: Server, ask: Ask, mail: bool) -> None:
    server.admit(server.share(), **ANN)
    press(server, prompt(server, "invite_teammates"), "invite", addresses="bob@initech.example")
    page = server.viewer.get("/privacy").text
    assert ("You get a letter" in page) is mail
    known = {"a lead": ANN["email"], "a lead again": ANN["email"].upper(), "invited": "bob@initech.example"}
    sent = {"csrf_token": form_token(page)}
    answers = {
        name: ask(server.viewer, "POST", "/privacy/erase", data=sent | {"email": email})
        for name, email in (known | {"of nobody": "new@umbrella.example"}).items()
    }
    same(answers, 200)
    assert answers["of nobody"][3] == ["transaction: "], "one that writes, whoever it is"


def test_a_gate_does_not_tell_whether_it_has_seen_an_address_before(server: Server, browser: Browser) -> None:
    path = server.share()
    server.admit(path, browser(), name="Ann Umber")
    seen = {}
    for email in (ANN["email"], "new@umbrella.example"):
        stranger = browser()
        answer = server.submit(path, stranger, email=email, name="Zed")
        page = stranger.get(answer.headers["location"], follow_redirects=True)
        names = sorted(name for name in answer.headers if name not in OF_THE_MOMENT)
        lengths = [len(answer.headers["location"]), *(len(value) for value in answer.headers.get_list("set-cookie"))]
        seen[email] = (answer.status_code, names, lengths, answer.content, words(page.text))
        assert not re.search("Ann|Umber\\b", page.text)
    assert len({repr(told) for told in seen.values()}) == 1
