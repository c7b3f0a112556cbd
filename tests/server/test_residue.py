"""After an erasure nothing of a person is in any file of the database, in whatever form."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any
from urllib.parse import quote_plus

import pytest

from factories import SIGNING_KEY, Server, form_token, rfc3339
from passalong.domain.erasure import issue
from passalong.domain.token import Keyring
from residue import forms, traces

pytestmark = pytest.mark.sqlite

EMAIL, NAME, COMPANY = "zoe.quartermain@umbrella.example", "Zoë Quartermain", "Umbrella & Sons Holdings"
HEARD, TEAM = "My aunt Petronella of Initech", "Forty-two people, on the third floor"
SECRETS = (EMAIL, NAME, COMPANY, HEARD, TEAM, "quartermain", "petronella")

PLANTED = {
    "plain": NAME.encode(),
    "another letter case": NAME.upper().encode(),
    "percent": quote_plus(NAME).encode(),
    "hex": NAME.encode().hex().upper().encode(),
    "json": b"Zo\\u00eb Quartermain",
    "utf-16-le": NAME.encode("utf-16-le"),
    "utf-16-be": NAME.lower().encode("utf-16-be"),
    "base64, at the start": base64.b64encode(NAME.encode()),
    "base64, one in": base64.b64encode(b"x" + NAME.encode() + b"y"),
    "base64, two in": base64.b64encode(b"xx" + NAME.encode() + b"yy"),
    "base64, for URLs": base64.urlsafe_b64encode(b"\xff\xfe\xfd\xfb" + NAME.encode()),
}


@pytest.mark.parametrize("form", PLANTED)
def test_the_search_finds_every_form_that_is_there(tmp_path: Path, form: str) -> None:
    file = tmp_path / "page"
    file.write_bytes(b"\0\x17before" + PLANTED[form] + b"after\0")
    assert traces([file], [NAME]), form
    file.write_bytes(b"\0\x17before" + PLANTED[form][: len(PLANTED[form]) // 2] + b"after\0")
    assert traces([file], [NAME]) == [], "half of it is not it"


def test_no_form_is_so_short_that_it_stands_anywhere() -> None:
    assert min(len(code) for secret in SECRETS for codes in forms(secret).values() for code in codes) >= 9


def files_of(server: Server) -> list[Path]:
    folder = Path(server.config.database).parent
    return [path for path in folder.rglob("*") if path.is_file()]


def a_full_life(server: Server, browser: Any, clock: Any) -> str:
    """Somebody leaves traces everywhere that they can: the id of the lead."""
    fields = [{"name": "name", "required": True}, "company", "heard_from", {"name": "x_team", "label": "Team"}]
    mechanic = {"kind": "shared_asset", "title": "Hard", "owner": "Mara", "brand": "acme", "target_per_1000": 10}
    mechanic |= {"cta": {"label": "Start", "url": "https://acme.example/"}, "gate": {"mode": "hard", "fields": fields}}
    server.api.put("/api/v1/mechanics/hard", json=mechanic).raise_for_status()
    path = server.share()
    for n in range(12):  # so that rows sit on pages that others share
        server.admit(path, browser(), email=f"n{n}@firm.example", name=f"N{n}")
    said = {"email": EMAIL, "name": NAME, "company": COMPANY, "heard_from": HEARD, "x_team": TEAM}
    viewer = browser()
    server.admit(path, viewer, **said)
    viewer.post(f"{path}/pass-along")
    server.admit(server.share(customer="globex"), browser(), **{**said, "name": NAME + " again"})
    for n, kind in enumerate(("signup", "opportunity", "won")):
        report = {
            "external_id": f"D-{n}", "kind": kind, "occurred_at": rfc3339(clock()), "emails": [EMAIL],
            "company_domain": "umbrella.example", "heard_from": HEARD,
        }  # fmt: skip
        answer = server.api.post("/api/v1/conversions", json=report, headers={"idempotency-key": f"k{n}"})
        assert answer.status_code == 201, answer.text
    override = {"customer": "globex", "reason": "I know better", "by": "Mara"}
    conversion = answer.json()["conversion"]["id"]
    done = server.api.post(
        f"/api/v1/conversions/{conversion}/override", json=override, headers={"idempotency-key": "over"}
    )
    assert done.status_code == 200, done.text
    assert server.api.get("/api/v1/leads", params={"q": "quartermain"}).json()["items"]
    return next(lead["id"] for lead in server.leads() if lead["email"] == EMAIL)


def test_after_an_erasure_no_file_has_any_form_of_what_was_said(server: Server, browser: Any, clock: Any) -> None:
    lead = a_full_life(server, browser, clock)
    there = traces(files_of(server), SECRETS)
    assert {trace.secret for trace in there} == set(SECRETS), "what is looked for must be there at first"
    before = server.api.get("/api/v1/metric?months=1").json(), server.counts("hard"), server.events()
    answer = server.api.delete(f"/api/v1/leads/{lead}")
    assert answer.status_code == 200
    assert traces(files_of(server), SECRETS) == []
    assert (server.api.get("/api/v1/metric?months=1").json(), server.counts("hard"), server.events()) == before


def test_who_confirms_it_by_a_letter_s_link_leaves_as_little(server: Server, browser: Any, clock: Any) -> None:
    lead = a_full_life(server, browser, clock)
    page = server.viewer.get("/privacy").text
    asked = server.viewer.post("/privacy/erase", data={"csrf_token": form_token(page), "email": EMAIL.upper()})
    assert asked.status_code == 200
    [waiting] = server.api.get("/api/v1/erasures").json()["items"]
    path = f"/privacy/erase/{issue(Keyring([SIGNING_KEY]), waiting['id'], clock())}"
    token = form_token(server.viewer.get(path).text)
    clock.ms += 5_000
    assert lead in server.viewer.post(path, data={"csrf_token": token}).text
    assert traces(files_of(server), SECRETS) == []


def test_nothing_comes_back_with_what_happens_afterwards(server: Server, browser: Any, clock: Any) -> None:
    """Pages that were freed are written again, and what is answered once more is answered without it."""
    lead = a_full_life(server, browser, clock)
    server.api.delete(f"/api/v1/leads/{lead}").raise_for_status()
    path = server.share()
    for n in range(5):
        server.admit(path, browser(), email=f"m{n}@firm.example", name=f"M{n}")
    for kept in server.api.get("/api/v1/conversions").json()["items"]:
        server.api.get(f"/api/v1/conversions/{kept['conversion']['id']}").raise_for_status()
    assert traces(files_of(server), SECRETS) == []
