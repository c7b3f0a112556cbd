"""Passing along: links of one's own, the tree they make, and who is credited."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx2

import engine
from factories import FIREFOX, Server, element, mechanic, parsed, rfc3339, words
from passalong.domain.share import MAX_HOPS


def own_link(server: Server, path: str, client: httpx2.Client | None = None) -> str:
    """The path of a viewer's own link to a page, made as its form makes it."""
    client = client or server.viewer
    made = client.post(f"{path}/pass-along")
    assert made.status_code == 303, made.text
    page = client.get(made.headers["location"])
    url = element(page.text, "url").get("value", "")
    assert url.startswith(server.config.base_url)
    return url.removeprefix(server.config.base_url)


def person(browser: Any, n: int) -> httpx2.Client:
    client: httpx2.Client = browser(agent=FIREFOX.replace("140", f"14{n}"))
    return client


def share_id(server: Server, path: str) -> str:
    server.api.get(path, headers={"user-agent": "curl/8"})
    return str(server.events()[-1]["share"])


def tree(server: Server, share: str, **params: Any) -> list[dict[str, Any]]:
    answer = server.api.get(f"/api/v1/shares/{share}/tree", params=params)
    assert answer.status_code == 200, answer.text
    return list(answer.json()["items"])


def test_looking_makes_nothing_and_asking_makes_a_link(server: Server) -> None:
    path = server.share(mechanic="open")
    before = len(server.events())
    page = server.viewer.get(f"{path}/pass-along")
    assert "Make my link" in words(page.text)
    assert len(server.events()) == before
    mine = own_link(server, path)
    assert mine != path
    assert [e["kind"] for e in server.events()[before:]] == ["share"]
    assert words(server.viewer.get(mine).text) == words(server.viewer.get(path).text)


def test_the_link_comes_with_ways_to_send_it(server: Server) -> None:
    path = server.share(mechanic="open")
    made = server.viewer.post(f"{path}/pass-along")
    html = server.viewer.get(made.headers["location"]).text
    url = element(html, "url").get("value", "")
    assert url in "".join(element(html, "text").itertext())
    found = {a.text: urlsplit(a.get("href", "")) for a in parsed(html).iter("a") if "quiet" in a.get("class", "")}
    assert set(found) == {"E-mail", "LinkedIn", "X", "WhatsApp"}
    assert parse_qs(found["E-mail"].query)["subject"] == ["Quarterly report"]
    assert url in parse_qs(found["E-mail"].query)["body"][0]
    assert "+" not in found["E-mail"].query, "mail programs show a plus sign as it stands"
    assert parse_qs(found["LinkedIn"].query)["url"] == [url]
    assert parse_qs(found["X"].query)["url"] == [url]
    assert url in parse_qs(found["WhatsApp"].query)["text"][0]
    [code] = [i for i in parsed(html).iter("img") if "qr.svg" in i.get("src", "")]
    assert server.viewer.get(code.get("src", "")).headers["content-type"] == "image/svg+xml"


def test_who_is_known_has_one_link_and_who_is_not_gets_a_new_one(server: Server, browser: Any) -> None:
    path = server.share()
    server.admit(path)
    assert own_link(server, path) == own_link(server, path)
    open_page = server.share(mechanic="open")
    stranger = browser(cookies=False)
    assert own_link(server, open_page, stranger) != own_link(server, open_page, stranger)


def test_five_hops_by_five_people(server: Server, browser: Any, clock: Any) -> None:
    path = server.share()
    root = share_id(server, path)
    for n in range(5):
        client = person(browser, n)
        server.admit(path, client, email=f"viewer{n}@company{n}.example", name=f"Viewer {n}")
        path = own_link(server, path, client)
    last = person(browser, 5)
    server.admit(path, last, email="buyer@deal.example", name="Buyer")
    click = parse_qs(urlsplit(last.get(f"{path}/go").headers["location"]).query)["pa_click"][0]
    attribution = server.convert(
        "D-1", occurred_at=rfc3339(clock()), click=click, amount={"amount_minor": 5000, "currency": "EUR"}
    )
    people = {lead["name"]: lead for lead in server.leads()}
    [credit] = attribution["credits"]
    assert (credit["customer"], credit["mechanic"]) == ("initech", "hard")
    assert credit["sharer"] == people["Viewer 4"]["id"], "the immediate sharer"
    assert "hop 5" in credit["why"]
    nodes = tree(server, root)
    assert [(n["depth"], n["hop"], n["leads"], n["children"]) for n in nodes] == [
        (0, 0, 1, 1), (1, 1, 1, 1), (2, 2, 1, 1), (3, 3, 1, 1), (4, 4, 1, 1), (5, 5, 1, 0),
    ]  # fmt: skip
    assert [n["sharer"] for n in nodes[1:]] == [people[f"Viewer {n}"]["id"] for n in range(5)]
    assert [n["parent"] for n in nodes[1:]] == [n["share"] for n in nodes[:-1]]
    assert [n["opportunities"] for n in nodes] == [0, 0, 0, 0, 0, 1]
    assert nodes[5]["pipeline"] == [{"amount_minor": 5000, "currency": "EUR"}]
    assert [people[f"Viewer {n}"]["parent"] for n in range(1, 5)] == [people[f"Viewer {n}"]["id"] for n in range(4)]
    assert people["Buyer"]["hop"] == 5


def test_a_forwarded_page_is_a_branch_of_the_forwarder(server: Server, browser: Any) -> None:
    path, ann, bob, carl = server.share(), browser(cookies=False), person(browser, 1), person(browser, 2)
    root = share_id(server, path)
    opened = server.admit(path, ann)
    for someone, name in ((bob, "Bob"), (carl, "Carl")):
        page = someone.get(f"{path}?{opened.url.query.decode()}", follow_redirects=True)
        branch = page.url.path
        server.admit(branch, someone, email=f"{name.lower()}@wayne.example", name=name)
    top, below = tree(server, root)
    leads = {lead["name"]: lead for lead in server.leads()}
    assert (below["sharer"], below["leads"]) == (leads["Ann Umber"]["id"], 2)
    assert {leads[name]["parent"] for name in ("Bob", "Carl")} == {leads["Ann Umber"]["id"]}
    made = ann.post(f"{path}/pass-along?{opened.url.query.decode()}").headers["location"]
    assert branch.removeprefix("/s/") in made, "the very link that Ann would pass along"
    assert top["leads"] == 1


def test_no_further_than_the_last_hop_and_that_in_words(server: Server) -> None:
    path = server.share(mechanic="open")
    for _ in range(MAX_HOPS):
        path = own_link(server, path)
    page = server.viewer.get(f"{path}/pass-along")
    assert f"passed along {MAX_HOPS} times" in words(page.text)
    assert element(page.text, "url").get("value", "").endswith(path), "the link they have is still there to copy"
    refused = server.viewer.post(f"{path}/pass-along", follow_redirects=True)
    assert f"passed along {MAX_HOPS} times" in words(refused.text)
    assert server.viewer.get(path).status_code == 200


def test_a_link_of_another_page_is_not_shown_as_made_here(server: Server) -> None:
    path, other = server.share(mechanic="open"), server.share(mechanic="open")
    theirs = own_link(server, other).removeprefix("/s/")
    for made in (theirs, "nonsense", path.removeprefix("/s/")):
        assert "Make my link" in words(server.viewer.get(f"{path}/pass-along?link={made}").text)


def test_nothing_new_is_handed_out_for_a_killed_mechanic_or_a_community(server: Server) -> None:
    path = server.share(mechanic="open")
    kill = {"reason": "Over", "by": "Mara", "fallback": "asset_only"}
    server.api.post("/api/v1/mechanics/open/kill", json=kill).raise_for_status()
    for dead in (path, server.share("page", "plain")):
        assert "pass-along" not in server.viewer.get(dead).text
        for answer in (server.viewer.get(f"{dead}/pass-along"), server.viewer.post(f"{dead}/pass-along")):
            assert answer.status_code == 409
            assert "no longer hands out new links" in words(answer.text)


def test_taking_a_share_back_takes_back_its_branches_and_no_others(server: Server) -> None:
    path, other = server.share(mechanic="open"), server.share(mechanic="open")
    child = own_link(server, path)
    grandchild = own_link(server, child)
    kept = own_link(server, other)
    server.api.post(f"/api/v1/shares/{share_id(server, path)}/revoke").raise_for_status()
    assert [server.viewer.get(p).status_code for p in (path, child, grandchild, other, kept)] == [
        410, 410, 410, 200, 200,
    ]  # fmt: skip
    assert server.viewer.post(f"{child}/pass-along").status_code == 410


def test_a_branch_taken_back_leaves_the_trunk(server: Server) -> None:
    path = server.share(mechanic="open")
    child = own_link(server, path)
    root = share_id(server, path)
    server.api.post(f"/api/v1/shares/{share_id(server, child)}/revoke").raise_for_status()
    assert [server.viewer.get(p).status_code for p in (path, child)] == [200, 410]
    assert [n["revoked"] for n in tree(server, root)] == [False, True]


def test_a_branch_expires_with_its_trunk(server: Server, clock: Any) -> None:
    path = server.share(mechanic="open", expires_at=rfc3339(clock() + 3_600_000))
    child = own_link(server, path)
    clock.ms += 7_200_000
    assert server.viewer.get(child).status_code == 410


def test_links_are_not_made_by_the_thousand(server: Server) -> None:
    path = server.share(mechanic="open")
    codes = {server.viewer.post(f"{path}/pass-along").status_code for _ in range(20)}
    assert codes == {303}
    refused = server.viewer.post(f"{path}/pass-along")
    assert refused.status_code == 429
    assert int(refused.headers["retry-after"]) > 0


def test_ten_thousand_branches_come_in_pages(server: Server) -> None:
    root = share_id(server, server.share(mechanic="open"))
    engine.execute_many(
        server.config.database,
        "INSERT INTO shares VALUES (?, 'report', 'initech', 'open', 'pass-along', NULL, ?, 1, NULL, ?, ?)",
        [(f"child-{n:05d}", root, f"{n}", n) for n in range(1, 10_001)],
    )
    seen, cursor = [], None
    while True:
        answer = server.api.get(f"/api/v1/shares/{root}/tree", params={"limit": 200, "cursor": cursor or ""}).json()
        seen += [node["share"] for node in answer["items"]]
        cursor = answer["next_cursor"]
        if cursor is None:
            break
    assert seen == [root, *(f"child-{i:05d}" for i in range(1, 10_001))]
    assert tree(server, root, limit=1)[0]["children"] == 10_000


def test_a_tree_of_nothing(server: Server) -> None:
    assert server.api.get("/api/v1/shares/nothing/tree").status_code == 404


def test_a_walk_that_is_passed_along_keeps_its_gate(server: Server) -> None:
    gate = {"mode": "hard", "fields": [{"name": "name", "required": True}]}
    server.api.put("/api/v1/mechanics/open", json=mechanic(gate=gate)).raise_for_status()
    path = server.share(mechanic="open")
    server.admit(path)
    mine = own_link(server, path)
    fresh = server.share_page(mine)
    assert 'name="email"' in fresh
