"""Log lines, and the id of a request: in its answer, in every line of it, on the page that says that we failed."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from typing import Any

import httpx2
import pytest

from factories import ANN, FIREFOX, SIGNING_KEY, Server, form_token
from passalong import logs
from passalong.domain.erasure import issue
from passalong.domain.token import Keyring
from passalong.settings import Log
from passalong.store.ledger import Ledger

SECRETS = ("ann@umbrella.example", "Ann", "127.0.0.1", "203.0.113", "pass=", "pak_")


@pytest.fixture
def configured() -> Iterator[None]:
    """Logging of this process as it was, afterwards."""
    root, ours = logging.getLogger(), logging.getLogger("passalong")
    before = (root.handlers[:], root.level, ours.level)
    yield
    root.handlers[:] = before[0]
    root.setLevel(before[1])
    ours.setLevel(before[2])


def written(capsys: pytest.CaptureFixture[str]) -> list[dict[str, object]]:
    return [json.loads(line) for line in capsys.readouterr().err.splitlines()]


def test_every_answer_says_its_id_and_no_two_the_same(server: Server) -> None:
    share = server.share()
    asked = [share, f"{share}/go", "/s/forged", "/nowhere", "/healthz", "/api/v1/mechanics", "/api/v1/nothing", share]
    answers = [server.viewer.get(path) for path in asked]
    answers += [server.viewer.post(share), server.viewer.head(share), server.viewer.options(f"{share}/gate")]
    ids = [answer.headers.get_list("x-request-id") for answer in answers]
    assert [len(each) for each in ids] == [1] * len(answers)
    assert len({each[0] for each in ids}) == len(answers)


def given(server: Server, id: str) -> str:
    """The id in the answer to a request that brings one."""
    return str(httpx2.get(f"{server.address}/healthz", headers={"x-request-id": id}).headers["x-request-id"])


@pytest.mark.settings(trusted_proxies=["10.0.0.0/8"])
def test_a_stranger_names_no_request(server: Server) -> None:
    assert given(server, "edge-0001-aaaa") != "edge-0001-aaaa"


@pytest.mark.settings(trusted_proxies=["127.0.0.0/8"])
def test_a_trusted_proxy_names_requests_if_it_does_so_properly(server: Server) -> None:
    assert given(server, "edge-0001-aaaa") == "edge-0001-aaaa"
    for odd in ("short", "x" * 65, 'quote"and space', "new\tline-of-log", "semicolon;in-an-id"):
        assert given(server, odd) != odd


def failing(monkeypatch: pytest.MonkeyPatch) -> None:
    """A fault of ours: from now on nothing can be stored, for no reason that is foreseen."""

    def append(*_: object) -> None:
        raise RuntimeError("the ledger has come loose")

    monkeypatch.setattr(Ledger, "append", append)


def test_a_fault_of_ours_names_its_request_on_the_page_in_json_and_in_the_log(
    server: Server, monkeypatch: pytest.MonkeyPatch, configured: None, capsys: pytest.CaptureFixture[str]
) -> None:
    share = server.share()
    logs.configure(Log(format="json"))
    failing(monkeypatch)
    page = server.viewer.get(f"{share}/go", headers={"accept-language": "de"})
    assert page.status_code == 500
    id = page.headers["x-request-id"]
    assert f"nennen Sie bitte {id}." in page.text
    (line,) = [line for line in written(capsys) if line.get("request_id") == id]
    assert (line["level"], line["logger"]) == ("error", "passalong.web.problems")
    assert "the ledger has come loose" in str(line["exception"])
    problem = server.api.post("/api/v1/shares", json={"asset": "report", "customer": "initech", "mechanic": "hard"})
    assert problem.status_code == 500, problem.text
    assert problem.json()["request_id"] == problem.headers["x-request-id"]


def test_what_is_no_fault_of_ours_has_nothing_to_mention(server: Server) -> None:
    answer = server.viewer.get("/s/forged")
    assert answer.headers["x-request-id"] not in answer.text
    assert "request_id" not in server.api.get("/api/v1/leads/nobody").json()


@pytest.mark.settings(log=Log(access=True), trusted_proxies=["127.0.0.1"])
def test_the_access_log_says_what_was_asked_and_never_by_whom(
    server: Server, configured: None, capsys: pytest.CaptureFixture[str]
) -> None:
    share = server.share()
    logs.configure(Log(format="json", access=True))
    client = httpx2.Client(base_url=server.address, headers={"user-agent": FIREFOX, "x-forwarded-for": "203.0.113.9"})
    with client:
        server.submit(share, client, **ANN)
        answer = client.get(f"{share}?utm_source=ann@umbrella.example&pass=abc")
        client.get(f"{share}/card.png")
        client.get("/e/forged/2")
        client.get("/nobody-knows-this?email=ann@umbrella.example")
    server.api.get("/api/v1/customers?q=Ann")
    text = capsys.readouterr().err
    lines = [line for line in map(json.loads, text.splitlines()) if line["logger"] == "passalong.access"]
    assert [(line["method"], line["route"], line["status"]) for line in lines] == [
        ("GET", "/s/{token}", 200),
        ("POST", "/s/{token}/gate", 303),
        ("GET", "/s/{token}", 303),
        ("GET", "/s/{token}/card.png", 200),
        ("GET", "/e/{token}/{step}", 404),
        ("GET", "none", 404),
        ("GET", "/api/v1/customers", 200),
    ]
    assert lines[2]["request_id"] == answer.headers["x-request-id"]
    assert all(0 < float(line["duration_ms"]) < 20_000 for line in lines)
    token = share.removeprefix("/s/")
    assert [secret for secret in (*SECRETS, token) if secret in text] == []


@pytest.mark.settings(log=Log(access=True))
def test_no_line_says_who_asked_to_be_erased_or_by_which_link(
    server: Server, clock: Any, configured: None, capsys: pytest.CaptureFixture[str]
) -> None:
    logs.configure(Log(level="debug", access=True))
    server.admit(server.share(), **ANN)
    asked = {"csrf_token": form_token(server.viewer.get("/privacy").text), "email": ANN["email"]}
    server.viewer.post("/privacy/erase", data=asked).raise_for_status()
    [waiting] = server.api.get("/api/v1/erasures").json()["items"]
    link = issue(Keyring([SIGNING_KEY]), waiting["id"], clock())
    token = form_token(server.viewer.get(f"/privacy/erase/{link}").text)
    clock.ms += 5_000
    server.viewer.post(f"/privacy/erase/{link}", data={"csrf_token": token}).raise_for_status()
    said = capsys.readouterr().err
    assert "POST /privacy/erase/{token} 200" in said
    assert [secret for secret in (*SECRETS, link) if secret in said] == []


def test_no_line_is_written_of_a_request_unless_it_is_wanted(
    server: Server, configured: None, capsys: pytest.CaptureFixture[str]
) -> None:
    logs.configure(Log(level="debug"))
    server.viewer.get(server.share())
    assert capsys.readouterr().err == ""


def test_a_line_of_text_is_one_line_and_moves_no_terminal(configured: None, capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure(Log(level="warning"))
    log = logging.getLogger("passalong.test")
    log.info("not of this weight")
    log.warning("%s came", "a\nERROR forged: line\x1b[2J")
    logging.getLogger("httpx2").info("GET https://hooks.example/secret")
    assert capsys.readouterr().err == "WARNING passalong.test: a ERROR forged: line[2J came\n"


def test_a_traceback_is_one_line_for_programs(configured: None, capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure(Log(format="json"))
    try:
        raise ValueError("ümlaut\nand more")
    except ValueError:
        logging.getLogger("passalong.test").exception("it stumbled")
    (line,) = written(capsys)
    assert (line["message"], line["level"]) == ("it stumbled", "error")
    assert "ümlaut\nand more" in str(line["exception"])
