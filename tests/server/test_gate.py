"""The gate over HTTP: what is refused and how, who a lead is, and what a pass opens."""

from __future__ import annotations

from collections.abc import Callable
from http.cookies import SimpleCookie
from typing import Any

import httpx2
import pytest
from email_validator import EmailNotValidError, validate_email
from hypothesis import given, settings
from hypothesis import strategies as st

from factories import ANN, SAFARI, Server, element, form_token, parsed, words
from passalong.domain.gate import address_of, consent_version
from passalong.errors import Invalid

Browser = Callable[..., httpx2.Client]
DAY_MS = 86_400_000


def message(html: str, field: str) -> str:
    """The message that assistive technology reads with a field."""
    marked = element(html, field)
    assert marked.get("aria-invalid") == "true"
    return "".join(element(html, marked.get("aria-describedby", "")).itertext())


def test_a_wrong_address_keeps_what_was_typed_and_says_so_beside_the_field(server: Server) -> None:
    answer = server.submit(server.share(), email="ann at umbrella", name='Ann "<b>" Umber', company="Umbrella & Co")
    assert answer.status_code == 422
    assert "e-mail address" in message(answer.text, "email")
    assert element(answer.text, "email").get("value") == "ann at umbrella"
    assert element(answer.text, "name").get("value") == 'Ann "<b>" Umber'
    assert element(answer.text, "company").get("value") == "Umbrella & Co"
    assert element(answer.text, "name").get("aria-invalid") is None
    assert "set-cookie" not in answer.headers
    assert server.leads() == []
    # The form that came back works.
    token = form_token(answer.text)
    path = answer.request.url.path
    again = server.viewer.post(path, data={"csrf_token": token, "website": "", **ANN})
    assert again.status_code == 303


@pytest.mark.parametrize(
    ("field", "values"),
    [
        ("email", {"email": ""}),
        ("email", {"email": "ann@umbrella"}),
        ("email", {"email": "ann@umbrella.example, bob@umbrella.example"}),
        ("email", {"email": "ann@umbrella.example\r\nBcc: x@y.example"}),
        ("email", {"email": "a" * 250 + "@umbrella.example"}),
        ("name", {"name": ""}),
        ("name", {"name": " \t\u200b\u202e "}),
        ("name", {"name": "x" * 201}),
        ("heard_from", {"heard_from": "x" * 201}),
        ("website", {"website": "https://spam.example"}),
    ],
)
def test_each_faulty_entry_is_named_at_its_field_and_nothing_is_stored(
    server: Server, field: str, values: dict[str, str]
) -> None:
    answer = server.submit(server.share(), **{**ANN, **values})
    assert answer.status_code == 422
    assert message(answer.text, field)
    assert len(parsed(answer.text).findall(".//*[@aria-invalid='true']")) == 1
    assert server.leads() == []
    assert "lead" not in {event["kind"] for event in server.events()}


LOCALS = st.from_regex(r"[a-zA-Z0-9.+_'-]{0,66}", fullmatch=True) | st.sampled_from(
    ["Info", "info", "ö", '"a b"', "a@b"]
)
LABELS = st.sampled_from(
    ["firm", "Firm", "xn--bcher-kva", "bücher", "xn--", "-a", "a--b", "", "123", "a" * 63, "a" * 64]
)
ENDINGS = st.sampled_from(["example", "com", "co.uk", "test", "localhost", "c", "com.", "1", "[127.0.0.1]"])


@given(LOCALS, st.lists(LABELS, max_size=3), ENDINGS, st.sampled_from(["", "\n", "@", ">", " "]))
@settings(max_examples=400, deadline=None)
def test_an_address_is_what_its_library_says_it_is(local: str, labels: list[str], ending: str, more: str) -> None:
    typed = f"{local}@{'.'.join([*labels, ending])}{more}"
    try:
        expected = validate_email(typed.strip(), check_deliverability=False)
    except EmailNotValidError:
        with pytest.raises(Invalid):
            address_of(typed)
    else:
        assert address_of(typed) == (expected.normalized, expected.ascii_domain)


def test_every_fault_is_named_at_once(server: Server) -> None:
    page = server.submit(server.share(), email="x", name="", company="y" * 300).text
    assert [e.get("id") for e in parsed(page).findall(".//*[@aria-invalid='true']")] == ["email", "name", "company"]
    assert "3 entries" in words(page)


@pytest.mark.parametrize(
    ("email", "status"),
    [
        ("ann@gmail.com", 422),
        ("ann@mailinator.com", 422),
        ("ann@mail.umbrella.example", 303),
        ("ann@umbrella.example", 303),
    ],
)
def test_a_gate_that_wants_work_addresses_takes_no_other(server: Server, email: str, status: int) -> None:
    assert server.submit(server.share(mechanic="strict"), email=email, consent="true").status_code == status


def test_an_invitation_is_for_the_invited_companies(server: Server, browser: Browser) -> None:
    gate = {"mode": "hard", "allow_domains": ["umbrella.example"]}
    body = {"kind": "referral_loop", "title": "Invited", "owner": "Mara", "brand": "acme", "gate": gate}
    assert server.api.put("/api/v1/mechanics/invited", json=body).status_code == 200
    path = server.share(mechanic="invited")
    assert "invited" in message(server.submit(path, email="bob@other.example").text, "email")
    assert server.submit(path, email="eve@notumbrella.example").status_code == 422
    assert server.submit(path, browser(), email="ann@eu.umbrella.example").status_code == 303


def test_consent_must_be_given_and_its_wording_is_kept(server: Server) -> None:
    path = server.share(mechanic="strict")
    refused = server.submit(path, email=ANN["email"], x_team="40")
    assert refused.status_code == 422
    assert "tick" in message(refused.text, "consent")
    assert element(refused.text, "x_team").get("value") == "40"
    server.submit(path, email=ANN["email"], consent="true", x_team="40")
    [lead] = server.leads()
    assert lead["consent_version"] == consent_version("Acme may write to me.")
    assert lead["consent_at"] == lead["created_at"]
    assert lead["extra"] == {"x_team": "40"}


def test_a_form_left_open_over_night_is_offered_again_with_its_values(server: Server, clock: Any) -> None:
    path = server.share()
    token = form_token(server.viewer.get(path).text)
    clock.ms += 25 * 3_600_000
    stale = server.viewer.post(f"{path}/gate", data={"csrf_token": token, "website": "", **ANN})
    assert stale.status_code == 422
    assert "more than a day" in words(stale.text)
    assert element(stale.text, "email").get("value") == ANN["email"]
    assert server.leads() == []
    fresh = {"csrf_token": form_token(stale.text), "website": "", **ANN}
    assert server.viewer.post(f"{path}/gate", data=fresh).status_code == 303


def test_a_form_left_open_says_so_beside_what_else_is_missing(server: Server, clock: Any) -> None:
    path = server.share()
    token = form_token(server.viewer.get(path).text)
    clock.ms += 25 * 3_600_000
    stale = server.viewer.post(f"{path}/gate", data={"csrf_token": token, "website": "", **ANN, "email": ""})
    assert stale.status_code == 422
    assert "more than a day" in words(stale.text)
    assert message(stale.text, "email")


def test_a_form_made_elsewhere_is_refused(server: Server) -> None:
    path, other = server.share(), server.share()
    for token in (form_token(server.viewer.get(other).text), "", "x.y", path.removeprefix("/s/")):
        answer = server.viewer.post(f"{path}/gate", data={"csrf_token": token, "website": "", **ANN})
        assert answer.status_code == 422
        assert element(answer.text, "email").get("value") == ANN["email"]
    assert server.leads() == []


def test_a_form_sent_faster_than_anyone_types_is_kept_but_marked(server: Server, clock: Any) -> None:
    path = server.share()
    server.submit(path, **ANN)
    token = form_token(server.share_page(path))
    clock.ms += 4_000
    bob = {"csrf_token": token, "website": "", "email": "bob@umbrella.example", "name": "Bob"}
    assert server.viewer.post(f"{path}/gate", data=bob).status_code == 303
    assert [(lead["name"], lead["suspect"]) for lead in server.leads()] == [("Bob", False), ("Ann Umber", True)]


def test_the_twenty_first_form_in_a_row_is_asked_to_wait(server: Server, clock: Any) -> None:
    path = server.share()
    for _ in range(20):
        assert server.submit(path, email="wrong").status_code == 422
    refused = server.submit(path, **ANN)
    assert refused.status_code == 429
    assert 1 <= int(refused.headers["retry-after"]) <= 30
    assert element(refused.text, "email").get("value") == ANN["email"]
    assert element(refused.text, "name").get("value") == ANN["name"]
    assert server.leads() == []
    clock.ms += int(refused.headers["retry-after"]) * 1000
    assert server.submit(path, **ANN).status_code == 303


def test_looking_sets_no_cookie_and_passing_sets_two_that_scripts_cannot_read(server: Server) -> None:
    path = server.share()
    assert "set-cookie" not in server.viewer.get(path).headers
    passed = server.submit(path, **ANN)
    jar = SimpleCookie()
    for header in passed.headers.get_list("set-cookie"):
        jar.load(header)
    assert {name: cookie["path"] for name, cookie in jar.items()} == {"pa_pass": path, "pa_known": "/s"}
    for cookie in jar.values():
        assert cookie["httponly"]
        assert cookie["samesite"].lower() == "lax"
        assert 0 < int(cookie["max-age"]) <= 366 * 86_400
        assert not cookie["domain"]
        assert ANN["email"] not in cookie.value
    # With the cookie there, the pass leaves the address bar.
    landed = server.viewer.get(passed.headers["location"])
    assert (landed.status_code, landed.headers["location"]) == (303, path)
    page = server.viewer.get(path).text
    assert "Q3 report.pdf" in words(page)
    assert 'name="email"' not in page


def test_a_browser_without_cookies_gets_in_by_the_address_and_links_carry_it_on(
    server: Server, browser: Browser
) -> None:
    path, viewer = server.share(), browser(cookies=False)
    page = server.admit(path, viewer)
    assert page.status_code == 200
    inside = [a.get("href", "") for a in parsed(page.text).iter("a") if a.get("href", "").startswith(path)]
    assert len(inside) >= 3
    assert all("pass=" in href for href in inside)
    files = [href for href in inside if "/file" in href]
    assert all(viewer.get(href).content.startswith(b"%PDF-") for href in files)
    assert viewer.get(f"{path}/file").status_code == 303
    # A pass for one share opens no other.
    other = server.share()
    assert 'name="email"' in viewer.get(f"{other}?{page.url.query.decode()}").text


def test_a_forwarded_page_asks_again_and_becomes_a_branch_of_the_forwarder(server: Server, browser: Browser) -> None:
    path, ann, bob = server.share(), browser(cookies=False), browser(SAFARI)
    opened = server.admit(path, ann)
    forwarded = f"{path}?{opened.url.query.decode()}"
    asked = bob.get(forwarded, follow_redirects=True)
    assert asked.status_code == 200
    assert asked.url.path != path, "a branch of its own"
    assert "Q3 report.pdf" not in asked.text
    values = {"email": "bob@wayne.example", "name": "Bob", "csrf_token": form_token(asked.text), "website": ""}
    action = parsed(asked.text).find(".//form")
    assert action is not None
    assert bob.post(action.get("action", ""), data=values).status_code == 303
    newest, first = server.leads()
    assert (newest["name"], newest["parent"], first["parent"]) == ("Bob", first["id"], None)
    assert (newest["hop"], first["hop"]) == (1, 0)


def test_a_pass_outlives_neither_a_year_nor_a_changed_letter(server: Server, browser: Browser, clock: Any) -> None:
    path, viewer = server.share(), browser(cookies=False)
    held = server.submit(path, viewer, **ANN).headers["location"]
    assert 'name="email"' in viewer.get(held[:-1] + ("A" if held[-1] != "A" else "B")).text
    clock.ms += 366 * DAY_MS
    assert 'name="email"' in viewer.get(held).text


def test_who_was_asked_once_is_not_asked_again_by_the_same_brand(server: Server) -> None:
    first, second = server.share(), server.share(customer="globex")
    server.admit(first)
    page = server.viewer.get(second).text
    assert "Q3 report.pdf" in page
    assert "Not you?" in page
    assert server.viewer.get(f"{second}/file").content.startswith(b"%PDF-")
    views = [e for e in server.events() if e["kind"] == "view" and e["customer"] == "globex"]
    assert {e["lead"] for e in views} == {server.leads()[0]["id"]}


def test_another_brand_knows_nobody(server: Server) -> None:
    server.api.put("/api/v1/brands/other", json={"name": "Other", "accent": "#222222", "home_url": "https://o.example"})
    body = {"kind": "shared_asset", "title": "O", "owner": "M", "brand": "other", "gate": {"mode": "hard"}}
    assert server.api.put("/api/v1/mechanics/other", json=body).status_code == 200
    server.admit(server.share())
    assert 'name="email"' in server.viewer.get(server.share(mechanic="other")).text


def test_not_you_makes_the_browser_forget_here_and_for_the_brand(server: Server) -> None:
    first, second = server.share(), server.share()
    server.admit(first)
    forget = next(f for f in parsed(server.viewer.get(second).text).iter("form") if "forget" in f.get("action", ""))
    assert server.viewer.post(forget.get("action", "")).headers["location"] == second
    assert 'name="email"' in server.viewer.get(second).text
    server.viewer.post(f"{first}/forget")
    assert 'name="email"' in server.viewer.get(first).text


@pytest.mark.parametrize("path", ["/s/%E2%82%AC/forget", "/s/a%0d%0aset-cookie:%20x=y/forget"])
def test_not_you_on_a_made_up_address_neither_fails_nor_writes_headers(server: Server, path: str) -> None:
    answer = server.viewer.post(path)
    assert answer.status_code in (303, 404)
    assert not any(header.startswith("x=y") for header in answer.headers.get_list("set-cookie"))


def test_the_same_person_twice_is_one_lead_with_the_first_touch_and_the_latest_answers(
    server: Server, browser: Browser
) -> None:
    server.submit(server.share(), **ANN)
    second = server.share(customer="globex")
    again = {"email": "Ann@UMBRELLA.example", "name": "Ann U.", "company": "Umbrella"}
    server.submit(second, browser(), **again)
    [lead] = server.leads()
    assert (lead["customer"], lead["name"], lead["company"]) == ("initech", "Ann U.", "Umbrella")
    assert len(server.happened("lead")) == 2


def test_the_customers_own_people_are_expansion_and_everyone_else_a_new_logo(server: Server, browser: Browser) -> None:
    path = server.share()
    for email in ("sam@eu.initech.example", "ann@umbrella.example", "eve@notinitech.example"):
        server.submit(path, browser(), email=email, name="N")
    motions = {lead["email"]: lead["motion"] for lead in server.leads()}
    assert motions == {
        "sam@eu.initech.example": "expansion",
        "ann@umbrella.example": "new_logo",
        "eve@notinitech.example": "new_logo",
    }


def test_a_soft_gate_invites_beside_the_open_asset_and_thanks(server: Server) -> None:
    path = server.share(mechanic="soft")
    page = server.viewer.get(path).text
    assert "Q3 report.pdf" in page
    assert 'name="email"' in page
    assert server.viewer.get(f"{path}/file").content.startswith(b"%PDF-")
    thanked = server.admit(path).text
    assert "Thank you" in thanked
    assert 'name="email"' not in thanked


def test_a_page_without_a_gate_takes_no_leads(server: Server) -> None:
    path = server.share(mechanic="open")
    answer = server.viewer.post(f"{path}/gate", data=ANN)
    assert (answer.status_code, answer.headers["location"]) == (303, path)
    assert server.leads() == []
