"""Who is taken for whom: one's own page on another day, forwarded pages, people who were erased, stricter gates."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest

from factories import ANN, SAFARI, SLACK, Server, form_token, mechanic, rfc3339
from passalong.domain.share import claim, mint
from passalong.domain.token import Keyring

Browser = Callable[..., httpx2.Client]
DAY_MS = 86_400_000


def asked(answer: httpx2.Response) -> bool:
    return 'name="email"' in answer.text


def test_who_is_remembered_is_not_their_own_forwarder(server: Server, browser: Browser) -> None:
    path, ann = server.share(), browser()
    held = server.submit(path, ann, **ANN).headers["location"]
    known = {cookie.name: cookie.value for cookie in ann.cookies.jar}["pa_known"]
    elsewhere = browser(SAFARI, cookies=False)
    answer = elsewhere.get(held, headers={"cookie": f"pa_known={known}"})
    assert answer.status_code == 200
    assert not asked(answer)


def test_nobody_becomes_somebody_else_at_midnight(server: Server, browser: Browser, clock: Any) -> None:
    path, ann = server.share().replace("/s/", "/e/"), browser(cookies=False)
    page = ann.get(path)
    form = {"csrf_token": form_token(page.text), "website": "", **ANN}
    held = ann.post(f"{path}/gate", data=form).headers["location"]
    clock.ms += DAY_MS
    assert not asked(ann.get(held))


def test_ones_own_page_on_another_device_makes_no_chain_of_branches(server: Server, browser: Browser) -> None:
    path = server.share()
    hops = []
    for n in range(4):
        someone = browser(f"Mozilla/5.0 (X11) Firefox/15{n}.0", cookies=False)
        page = someone.get(path, follow_redirects=True)
        form = {"csrf_token": form_token(page.text), "website": "", **ANN}
        where = page.url.path
        path = someone.post(f"{where}/gate", data=form).headers["location"]
        hops.append([e["hop"] for e in server.events() if e["kind"] == "lead"][-1])
    assert hops == [0, 1, 1, 1]
    [lead] = server.leads()
    assert lead["parent"] is None
    journey = server.api.get(f"/api/v1/leads/{lead['id']}").json()
    assert journey["lead"]["id"] == lead["id"]


def test_a_robot_that_looks_at_a_forwarded_link_makes_no_branch(server: Server, browser: Browser) -> None:
    path, ann = server.share(), browser(cookies=False)
    held = server.submit(path, ann, **ANN).headers["location"]
    answer = server.viewer.get(held, headers={"user-agent": SLACK})
    assert answer.status_code == 200
    assert asked(answer)


@pytest.mark.parametrize("tail", ["/file", "/preview"])
def test_a_forwarded_file_leads_to_the_forwarders_branch(server: Server, browser: Browser, tail: str) -> None:
    path, ann, bob = server.share(), browser(cookies=False), browser(SAFARI)
    held = server.submit(path, ann, **ANN).headers["location"].partition("?")[2]
    page = bob.get(f"{path}{tail}?{held}", follow_redirects=True)
    assert asked(page)
    assert page.url.path != path
    server.admit(page.url.path, bob, email="bob@wayne.example", name="Bob")
    bob_lead, ann_lead = server.leads()
    assert bob_lead["parent"] == ann_lead["id"]


def test_nobody_refers_themselves(server: Server, browser: Browser, clock: Any) -> None:
    path, ann = server.share(), browser()
    server.admit(path, ann)
    made = ann.post(f"{path}/pass-along").headers["location"]
    own = "/s/" + parse_qs(urlsplit(made).query)["link"][0]
    click = parse_qs(urlsplit(ann.get(f"{own}/go").headers["location"]).query)["pa_click"][0]
    [credit] = server.convert("D-1", occurred_at=rfc3339(clock()), click=click)["credits"]
    assert credit["sharer"] is None
    assert "passed along" not in credit["why"]


def test_who_was_erased_is_nobody_any_more(server: Server, browser: Browser) -> None:
    path, ann = server.share(), browser()
    server.admit(path, ann)
    [lead] = server.leads()
    server.api.delete(f"/api/v1/leads/{lead['id']}").raise_for_status()
    before = len([e for e in server.events() if e["lead"] == lead["id"]])
    assert asked(ann.get(path))
    assert asked(ann.get(server.share()))
    ann.get(f"{path}/go")
    assert len([e for e in server.events() if e["lead"] == lead["id"]]) == before


@pytest.mark.parametrize(
    "stricter",
    [
        {"allow_domains": ["initech.example"]},
        {"block_freemail": True},
        {"consent_text": "Acme may write to me."},
    ],
)
def test_a_stricter_gate_asks_again(server: Server, browser: Browser, stricter: dict[str, Any]) -> None:
    server.api.put("/api/v1/mechanics/stricter", json=mechanic(gate={"mode": "hard", **stricter})).raise_for_status()
    server.api.put("/api/v1/mechanics/like", json=mechanic(gate={"mode": "hard"})).raise_for_status()
    someone = browser()
    server.admit(server.share(mechanic="soft"), someone, email="someone@gmail.com", name="Someone")
    assert not asked(someone.get(server.share(mechanic="like")))
    assert asked(someone.get(server.share(mechanic="stricter")))


def test_what_was_agreed_to_once_need_not_be_agreed_to_again(server: Server, browser: Browser) -> None:
    gate = {"mode": "hard", "consent_text": "Acme may write to me.", "allow_domains": ["umbrella.example"]}
    server.api.put("/api/v1/mechanics/one", json=mechanic(gate=gate)).raise_for_status()
    server.api.put("/api/v1/mechanics/two", json=mechanic(gate=gate)).raise_for_status()
    someone = browser()
    server.admit(server.share(mechanic="one"), someone, consent="true")
    assert not asked(someone.get(server.share(mechanic="two")))


def test_a_lead_who_asks_six_times_at_once_has_one_link_and_one_event(server: Server, browser: Browser) -> None:
    path, ann = server.share(), browser()
    server.admit(path, ann)
    cookies = "; ".join(f"{c.name}={c.value}" for c in ann.cookies.jar)
    headers = {"cookie": cookies, "user-agent": str(ann.headers["user-agent"])}
    made: list[str] = []

    def ask() -> None:
        with httpx2.Client(base_url=server.address, headers=headers) as client:
            made.append(client.post(f"{path}/pass-along").headers["location"])

    before = len([e for e in server.events() if e["kind"] == "share"])
    threads = [threading.Thread(target=ask) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == 6
    assert len(set(made)) == 1
    assert len([e for e in server.events() if e["kind"] == "share"]) == before + 1


def test_the_look_that_a_customer_chose_outlives_the_vendors_next_import(server: Server) -> None:
    body = {"name": "Initech", "domains": ["initech.example"], "consent_to_cobrand": True}
    server.api.put("/api/v1/customers/initech", json={**body, "accent": "#118844"}).raise_for_status()
    assert server.api.put("/api/v1/customers/initech", json=body).json()["accent"] == "#118844"
    assert server.api.put("/api/v1/customers/initech", json={**body, "accent": None}).json()["accent"] is None


def test_killed_with_a_redirect_nothing_is_open_that_was_not(server: Server) -> None:
    path = server.share()
    kill = {"reason": "Over", "by": "Mara", "fallback": "redirect", "redirect_url": "https://acme.example/new"}
    server.api.post("/api/v1/mechanics/hard/kill", json=kill).raise_for_status()
    for tail in ("", "/file", "/preview", "/all", "/pass-along", "/badge.svg", "/qr.svg"):
        answer = server.viewer.get(path + tail)
        assert (answer.status_code, answer.headers["location"]) == (303, "https://acme.example/new"), tail


def test_a_branch_without_a_row_is_taken_back_with_its_trunk(server: Server, browser: Browser) -> None:
    path, ann = server.share(), browser(cookies=False)
    held = server.submit(path, ann, **ANN).headers["location"]
    branch = server.viewer.head(held, headers={"user-agent": SAFARI}).headers["location"]
    server.api.post(f"/api/v1/shares/{server.events()[-1]['share']}/revoke").raise_for_status()
    assert server.viewer.get(path).status_code == 410
    assert server.viewer.get(branch).status_code == 410


def test_a_link_that_nobody_has_looked_at_is_taken_back_by_its_token(server: Server) -> None:
    token = mint(Keyring(server.config.signing_keys), claim(asset="page", customer="initech", mechanic="plain"))
    share = server.api.post(f"/api/v1/shares/{token}/revoke")
    assert share.status_code == 200
    assert server.viewer.get(f"/s/{token}").status_code == 410
    assert server.api.post("/api/v1/shares/nothing/revoke").status_code == 404
