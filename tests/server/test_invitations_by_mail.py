"""Invitations by mail: from the form in the vendor's product to the colleague's letter, and nothing of it is kept."""

from __future__ import annotations

from typing import Any

import engine
from factories import eventually, words
from passalong.settings import Mail
from postoffice import PostOffice
from prompts import press, prompt
from serving import serving


def test_a_colleague_is_invited_by_a_letter_and_her_address_is_forgotten(tmp_path: Any, clock: Any) -> None:
    with PostOffice() as office:
        mail = Mail(host="127.0.0.1", port=office.port, sender="Acme <hello@acme.example>", tls="none")
        with serving(tmp_path, clock, mail=mail) as server:
            path = prompt(server, "invite_teammates", member_name="Milton")
            answer = press(server, path, "invite", addresses="bob@initech.example, peter@initech.example")
            assert answer.status_code == 200, answer.text
            eventually(lambda: len(office.letters) == 2, within_s=10)
            letter = next(letter for letter in office.letters if letter["to"] == "bob@initech.example")
            text = letter.get_content()
            assert "Milton" in text
            [url] = [line for line in text.split() if line.startswith(f"{server.config.base_url}/s/")]
            page = server.viewer.get(url.removeprefix(server.config.base_url))
            assert page.status_code == 200
            assert "Quarterly report" in words(page.text)
            eventually(lambda: not server.api.get("/api/v1/outbox?destination=mail&state=pending").json()["items"])
            press(server, path, "invite", addresses="bob@initech.example")
            clock.ms += 3_600_000
            assert "bob@initech.example" not in engine.all_text(server.config.database)
            assert len(office.letters) == 2, "nobody is written to twice"
