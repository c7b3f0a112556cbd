"""One viewer's journey, played over HTTP: a page, a wrong address, a right one, the asset, the CTA, a deal."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx2

from passalong.domain.instant import Clock, at
from passalong.errors import PassalongError

_AGENT = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Safari/605.1.15"


class Broken(PassalongError):
    """A step of the journey did not go as it must."""


def play(base_url: str, admin_key: str, share_url: str, clock: Clock, tell: Callable[[str, str], None]) -> Any:
    """Plays the journey, telling each step and what came of it; gives the conversion's answer. Raises Broken."""
    path = urlsplit(share_url).path
    with httpx2.Client(base_url=base_url, headers={"user-agent": _AGENT}, timeout=30) as viewer:
        page = viewer.get(path)
        _must(page.status_code == 200 and "Shared by" in page.text, "the page does not open")
        tell("A viewer opens the link", f"{len(page.content):,} bytes of HTML, no script")
        _must("<script" not in page.text, "the page carries a script")
        values = {"name": "Robin Ashworth", "company": "Ashworth & Sons", "consent": "true", "website": ""}
        wrong = _submit(viewer, path, page.text, values | {"email": "robin@"})
        _must(wrong.status_code == 422 and "Robin Ashworth" in wrong.text, "a wrong address is not refused kindly")
        tell("They mistype their address", "a message beside the field, the rest kept")
        email = f"robin.{secrets.token_hex(3)}@ashworth.example"
        right = _submit(viewer, path, wrong.text, values | {"email": email})
        _must(right.status_code == 303, "the gate does not open")
        asset = viewer.get(right.headers["location"], follow_redirects=True)
        _must(asset.status_code == 200 and "/file" in asset.text, "the asset does not show after the gate")
        _must(viewer.get(f"{path}/file").status_code == 200, "the file does not come")
        tell("They send the right one", "the report opens; they are now a lead")
        own = viewer.post(f"{path}/pass-along", follow_redirects=True)
        link = re.search(r'id="url" value="([^"]+)"', own.text)
        _must(link is not None and link[1] != share_url, "the viewer gets no link of their own")
        _must(viewer.get(link[1] if link else path).status_code == 200, "the viewer's own link does not open")
        tell("They pass it along", "a link of their own, one hop from the customer’s")
        click = viewer.get(f"{path}/go")
        target = urlsplit(click.headers.get("location", ""))
        click_id = parse_qs(target.query).get("pa_click", [""])[0]
        _must(click.status_code == 303 and bool(click_id), "the call to action carries no click id")
        tell("They follow the call to action", f"{target.netloc} receives the click id and UTM tags")
    with httpx2.Client(base_url=base_url, headers={"authorization": f"Bearer {admin_key}"}, timeout=30) as api:
        answer = api.post(
            "/api/v1/conversions",
            json={
                "external_id": f"demo-{secrets.token_hex(4)}",
                "kind": "opportunity",
                "occurred_at": at(clock()).isoformat(),
                "click": click_id,
                "emails": [email],
                "amount": {"amount_minor": 1_850_000, "currency": "EUR"},
            },
        )
        _must(answer.status_code == 201, f"the conversion is refused: {answer.text}")
        attribution = answer.json()["attribution"]
        _must(sum(credit["micro"] for credit in attribution["credits"]) == 1_000_000, "the credits do not sum to one")
        tell("The deal is reported", "EUR 18,500, credited below")
    return attribution


def walk(base_url: str, walkthrough_url: str, tell: Callable[[str, str], None]) -> None:
    """Walks through the walkthrough as far as its gate, by its own links. Raises Broken."""
    parts = urlsplit(walkthrough_url)
    with httpx2.Client(
        base_url=f"{parts.scheme}://{parts.netloc}", headers={"user-agent": _AGENT}, timeout=30
    ) as viewer:
        page, steps = viewer.get(parts.path), 0
        while following := re.search(r'rel="next" href="([^"]+)"', page.text):
            steps += 1
            referer = {"referer": str(page.url)}
            page = viewer.get(following[1], headers=referer)
        _must(steps > 1 and "/gate" in page.text, "the walkthrough does not come to its gate")
        tell("Another walks through the tour", f"{steps} steps, each a page, then a form")


def check_kill(base_url: str, admin_key: str, share_url: str, mechanic: str, tell: Callable[[str, str], None]) -> None:
    """Kills a mechanic, sees its page change, and revives it. Raises Broken."""
    path = urlsplit(share_url).path
    with httpx2.Client(base_url=base_url, headers={"authorization": f"Bearer {admin_key}"}, timeout=30) as api:
        body = {"reason": "To show what a kill does", "by": "the demonstration", "fallback": "asset_only"}
        _must("/gate" in api.get(path).text, "the page has no gate to begin with")
        _must(api.post(f"/api/v1/mechanics/{mechanic}/kill", json=body).status_code == 200, "the kill is refused")
        _must("/gate" not in api.get(path).text, "the gate is still there after the kill")
        revived = api.post(
            f"/api/v1/mechanics/{mechanic}/revive",
            json={"reason": "A kill can be undone", "by": body["by"]},
        )
        _must(revived.status_code == 200 and "/gate" in api.get(path).text, "the gate does not come back")
        tell("An admin kills a mechanic", "its page keeps the asset and drops gate and CTA; revived again")


def _submit(viewer: httpx2.Client, path: str, html: str, values: dict[str, str]) -> httpx2.Response:
    found = re.search(r'name="csrf_token" value="([^"]+)"', html)
    _must(found is not None, "the form has no token")
    return viewer.post(f"{path}/gate", data=values | {"csrf_token": found[1] if found else ""})


def _must(so: bool, otherwise: str) -> None:
    if not so:
        raise Broken(f"The demonstration failed: {otherwise}.")
