"""The call to action: where it leads, what it carries, whom it counts."""

from __future__ import annotations

from urllib.parse import parse_qs, parse_qsl, urlsplit

import pytest

from factories import GOOGLEBOT, SLACK, Server, mechanic
from passalong.domain.passes import Click
from passalong.domain.token import Keyring, Purpose


def put(server: Server, key: str, url: str) -> None:
    cta = {"label": "Go", "url": url}
    assert server.api.put(f"/api/v1/mechanics/{key}", json=mechanic(cta=cta)).status_code == 200


def test_it_leads_on_with_a_click_id_and_says_where_from(server: Server) -> None:
    path = server.share(mechanic="open")
    followed = server.viewer.get(f"{path}/go")
    assert followed.status_code == 303
    assert followed.headers["passalong-event"] == "click"
    assert followed.headers["cache-control"] == "no-store"
    target = urlsplit(followed.headers["location"])
    assert (target.scheme, target.netloc, target.path) == ("https", "acme.example", "/signup")
    query = parse_qs(target.query)
    click = Keyring(server.config.signing_keys).open(Purpose.CLICK, query.pop("pa_click")[0], Click)
    assert query == {
        "plan": ["free"],
        "utm_source": ["initech"],
        "utm_medium": ["customer_share"],
        "utm_campaign": ["open"],
        "utm_content": ["report"],
    }
    [event] = [e for e in server.events() if e["kind"] == "click"]
    assert (event["share"], event["lead"], event["actor"]) == (click.share, None, "human")


def test_what_the_address_says_itself_stays_as_it_is(server: Server) -> None:
    put(server, "own", "https://acme.example/a%20b?utm_source=mine&empty=&q=a%26b&q=c#top")
    location = server.viewer.get(f"{server.share(mechanic='own')}/go").headers["location"]
    parts = urlsplit(location)
    assert (parts.path, parts.fragment) == ("/a%20b", "top")
    query = parse_qsl(parts.query, keep_blank_values=True)
    assert query[:4] == [("utm_source", "mine"), ("empty", ""), ("q", "a&b"), ("q", "c")]
    assert [value for name, value in query if name == "utm_source"] == ["mine"]


@pytest.mark.parametrize(
    ("url", "location"),
    [
        ("https://acme.example/prüfung?ort=köln", "https://acme.example/pr%C3%BCfung?ort=k%C3%B6ln"),
        ("https://例え.example/", "https://xn--r8jz45g.example/"),
    ],
)
def test_it_leads_to_addresses_in_any_script(server: Server, url: str, location: str) -> None:
    put(server, "intl", url)
    followed = server.viewer.get(f"{server.share(mechanic='intl')}/go")
    assert followed.status_code == 303
    assert followed.headers["location"].startswith(location)


@pytest.mark.parametrize(("agent", "actor"), [(GOOGLEBOT, "bot"), (SLACK, "unfurler")])
def test_a_bot_gets_no_click_id(server: Server, agent: str, actor: str) -> None:
    path = server.share(mechanic="open")
    followed = server.viewer.get(f"{path}/go", headers={"user-agent": agent})
    assert followed.status_code == 303
    assert "pa_click" not in followed.headers["location"]
    assert server.happened("click") == [("click", actor)]
    assert server.counts("open")["clicks"] == 0


def test_a_prefetch_and_a_head_count_nothing(server: Server) -> None:
    path = server.share(mechanic="open")
    for followed in (
        server.viewer.head(f"{path}/go"),
        server.viewer.get(f"{path}/go", headers={"purpose": "prefetch"}),
    ):
        assert followed.status_code == 303
        assert "pa_click" not in followed.headers["location"]
        assert followed.headers["passalong-event"].startswith("none")
    assert server.happened() == []


def test_a_click_of_somebody_known_names_the_lead(server: Server) -> None:
    path = server.share()
    server.admit(path)
    server.viewer.get(f"{path}/go")
    [lead] = server.leads()
    assert [e["lead"] for e in server.events() if e["kind"] == "click"] == [lead["id"]]


def test_it_leads_nowhere_that_a_stranger_chooses(server: Server) -> None:
    path = server.share(mechanic="open")
    for query in ("url=https://evil.example", "next=//evil.example", "pass=https://evil.example", "utm_source=x"):
        for tail in ("", "/go", "/file"):
            location = server.viewer.get(f"{path}{tail}?{query}").headers.get("location", path)
            assert urlsplit(location).netloc in ("", "acme.example")
            assert "evil" not in location
    for start in ("//evil.example/%2e%2e", "/s//evil.example", "/s/%2F%2Fevil.example"):
        answer = server.viewer.get(start)
        assert answer.status_code == 404


def test_without_a_call_to_action_it_leads_back_to_the_page(server: Server) -> None:
    server.api.put("/api/v1/mechanics/mute", json=mechanic(cta=None))
    path = server.share(mechanic="mute")
    assert f"{path}/go" not in server.viewer.get(path).text
    assert server.viewer.get(f"{path}/go").headers["location"] == path


@pytest.mark.parametrize(
    "url",
    ["javascript:alert(1)", "//evil.example", "ftp://x.example", "https://u:p@x.example", "https://x.example/\n"],
)
def test_no_address_that_is_none_can_be_set(server: Server, url: str) -> None:
    refused = server.api.put("/api/v1/mechanics/open", json=mechanic(cta={"label": "Go", "url": url}))
    assert refused.status_code == 422
    assert [fault["field"] for fault in refused.json()["faults"]] == ["cta.url"]
