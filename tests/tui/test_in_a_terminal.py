"""The console as it is used: started from a shell, in a terminal, against a server that may die."""

from __future__ import annotations

import re
import unicodedata
from pathlib import Path
from typing import Any

import httpx2
import pytest
from console_driver import failed, lead, opportunity, play
from terminal import Terminal, terminal

from factories import ADMIN_KEY, SAFARI, Server, eventually, mechanic, rfc3339
from faults.running import running
from passalong_tui.commands import MAIN, read

SIGNATURE = "HOSTILE"
EVIL = f"\x1b]52;c;SE9TVElMRQ==\x07\x1b[31m{SIGNATURE}\x9b2J\x85\u202eevil\u2066\u200b[/][bold]<b>"
"""A clipboard, a colour, an erased screen, a turned direction, markup: all in a name."""

_OWN = re.compile(
    rb"\x1b(?:"
    rb"\[[0-9;:?<=>]*[ !\"$']?[A-Za-z@`~]"  # CSI: colours, cursor, modes
    rb"|\][0-9]+;[^\x07\x1b]*(?:\x07|\x1b\\)"  # OSC: only the title, see below
    rb"|P[^\x1b]*\x1b\\"  # DCS: asking for capabilities
    rb"|[=>78cMDEHNO()][0-9A-B]?"
    rb")"
)


def _started(shown: Terminal) -> None:
    shown.until("What did customers bring this month?", "live")


def test_from_start_to_kill_and_revive_the_page_follows(server: Server, clock: Any, tmp_path: Path) -> None:
    path = server.share(mechanic="soft")
    failed(server, clock)
    viewer = httpx2.Client(base_url=server.address, headers={"user-agent": SAFARI})
    assert "csrf_token" in viewer.get(path).text
    with terminal(tmp_path, "--url", server.config.base_url, PASSALONG_KEY=ADMIN_KEY) as shown:
        _started(shown)
        shown.keys("2")
        shown.until("✗ kill", "Soft")
        shown.keys("/")
        shown.until("Type to find")
        shown.type("soft")
        shown.keys("Enter")
        shown.until("Soft", gone=["Strict"])
        shown.keys("K")
        shown.until("Kill Soft?", "The verdict is to kill it.")
        shown.type("It had its time")
        shown.keys("Enter")
        eventually(lambda: "csrf_token" not in viewer.get(path).text, within_s=5)
        shown.until("✕ killed", "It had its time")
        shown.keys("r")
        shown.until("Revive Soft?")
        shown.type("A second look")
        shown.keys("Enter")
        eventually(lambda: "csrf_token" in viewer.get(path).text, within_s=5)
        shown.until("A second look", gone=["✕ killed"])
        shown.keys("C-q")
        eventually(shown.dead)
    viewer.close()


@pytest.mark.faults
def test_a_server_that_dies_and_comes_back_takes_nothing_off_the_screen(tmp_path: Path) -> None:
    with running(tmp_path) as server, server.seeded():
        id, secret = server.new_key()
        with terminal(tmp_path, "--url", server.url, size=(160, 50), PASSALONG_KEY=secret) as shown:
            _started(shown)
            shown.keys("3")
            shown.until("Initech", "Globex")
            server.kill()
            shown.until("No answer from", "Showing what was known then.", "Initech", "Globex")
            shown.keys("2")
            shown.until("Customer reports", "No answer from")
            server.start()
            shown.until("live", gone=["No answer from"])
            assert server.command("keys", "revoke", id).returncode == 0
            shown.until("refuses: This key is not valid", "Customer reports")
            shown.keys("C-q")
            eventually(shown.dead)


def test_no_field_that_a_stranger_fills_reaches_the_terminal_raw(server: Server, clock: Any, tmp_path: Path) -> None:
    _poison(server, clock)
    with terminal(tmp_path, "--url", server.config.base_url, PASSALONG_KEY=ADMIN_KEY) as shown:
        _started(shown)
        seen = 0
        for key, (_, question) in MAIN.items():
            shown.keys(read(key))
            # The review names its month in the question.
            shown.until(question if "Review" not in question and "killed" not in question else "What is kept")
            shown.settle()
            for step in (
                ("Enter",),
                ("v",),
                ("Escape",),
                ("Tab",),
                ("Enter",),
                ("v",),
                ("Escape",),
                ("Escape",),
                ("Escape",),
            ):
                shown.keys(*step)
                seen += SIGNATURE in shown.screen()
            shown.keys("y")
            shown.settle()
        shown.keys("1")
        shown.until("What did customers bring this month?")
        shown.settle()
        shown.keys("C-p")
        shown.until("🔎")
        shown.type(SIGNATURE.lower())
        shown.until(SIGNATURE)
        stream = shown.stream()
    assert seen > 10, "the poison was on the screen, as words"  # often; how often depends on how quick the terminal is
    _clean(stream)


def _poison(server: Server, clock: Any) -> None:
    """The same evil in whatever somebody outside may fill in."""
    put, post = server.api.put, server.api.post
    put("/api/v1/brands/acme", json={"name": EVIL, "accent": "#0b5fff", "home_url": "https://acme.example"})
    for id in ("initech", "evil"):
        put(f"/api/v1/customers/{id}", json={"name": EVIL, "region": EVIL[-24:], "domains": ["initech.example"]})
    put(
        "/api/v1/mechanics/evil", json=mechanic(title=EVIL, owner=EVIL, cta={"label": EVIL, "url": "https://a.example"})
    )
    put("/api/v1/assets/page", json={"title": EVIL, "kind": "page", "source": {"markdown": EVIL}})
    path = server.share(asset="page", mechanic="evil")
    share = {"asset": "report", "customer": "initech", "mechanic": "hard"}
    post("/api/v1/shares", json={**share, "sharer": EVIL[:60]})
    post("/api/v1/shares", json={**share, "channel": EVIL[:30]})
    lead(server, server.share(), "eve@evil.example", name=EVIL, company=EVIL, heard_from=EVIL)
    lead(server, server.share(mechanic="strict"), "mallory@evil.example", name=EVIL, x_team=EVIL, consent="true")
    agent = {"user-agent": EVIL.encode("ascii", "ignore").decode().replace("\x1b", "").replace("\x07", ""),
             "referer": "https://evil.example/" + SIGNATURE}  # fmt: skip
    httpx2.get(server.address + path, headers=agent)
    opportunity(server, EVIL[:100], ["eve@evil.example"])
    opportunity(server, "D-9", [], heard_from=EVIL)
    [one, *_] = server.api.get("/api/v1/conversions").json()["items"]
    post(
        f"/api/v1/conversions/{one['conversion']['id']}/override", json={"by": EVIL, "reason": EVIL, "customer": "evil"}
    )
    post("/api/v1/signals", json={"external_id": "s", "customer": "evil", "kind": "product.exported", "value": 3,
                                  "occurred_at": rfc3339(clock() - 1000)})  # fmt: skip
    made = play(server, clock)
    post(f"/api/v1/plays/{made['id']}/owner", json={"owner": EVIL})
    post(
        "/api/v1/advocacy",
        json={"customer": "evil", "kind": "post", "title": EVIL, "public_url": "https://e.example/p"},
    )
    post("/api/v1/mechanics/evil/pause", json={"by": EVIL, "reason": EVIL})
    month = server.api.get("/api/v1/metric").json()["months"][-1]["month"]
    decided = {"mechanic": "evil", "decision": "change", "role": "sales", "owner": EVIL, "reason": EVIL}
    post("/api/v1/reviews", json={"month": month, "by": EVIL, "note": EVIL, "decisions": [decided]})
    post("/api/v1/keys", json={"name": EVIL, "role": "reader"})


def _clean(stream: bytes) -> None:
    """Nothing but Textual's own sequences, and no character that moves, hides or turns."""
    titles = re.findall(rb"\x1b\]([0-9]+);", stream)
    copied = re.findall(rb"\x1b\]52;c;([^\x07\x1b]*)", stream)
    assert b"SE9TVElMRQ==" not in copied, "a stranger wrote to the clipboard"
    assert set(titles) <= {b"0", b"2", b"10", b"11", b"22", b"52"}, titles
    text = _OWN.sub(b"", stream).decode("utf-8")
    assert SIGNATURE in text
    left = {f"U+{ord(c):04X}" for c in text if unicodedata.category(c) in ("Cc", "Cf") and c not in "\r\n\t\b\x0e\x0f"}
    assert left == set()
