"""An SMTP server that takes letters, or says and does what a test wants.

with PostOffice() as office:
    office.say("451 4.7.1 Try again later", times=1)
"""

from __future__ import annotations

import asyncio
import ssl
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import SMTP as POLICY
from types import TracebackType
from typing import Any, Self

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, Session

from ports import free_port


class PostOffice:
    """Listens while it is entered. `letters` are those that were taken, `envelopes` who sent them to whom."""

    def __init__(self, *, login: tuple[str, str] | None = None, tls: ssl.SSLContext | None = None) -> None:
        self.letters: list[EmailMessage] = []
        self.envelopes: list[tuple[str, list[str]]] = []
        self.encrypted: list[bool] = []
        self.named: list[str] = []
        """How those who came called themselves."""
        self.login = login
        self.logins = 0
        self.hang_ups = 0
        """So many letters to come are taken, and the connection cut instead of an answer."""
        self._says: list[str] = []
        self.port = free_port()
        self._more: dict[str, Any] = {"tls_context": tls} if tls else {}
        if login:
            self._more |= {"authenticator": self._authenticate, "auth_required": True, "auth_require_tls": False}

    def __enter__(self) -> Self:
        self._controller = Controller(self, hostname="127.0.0.1", port=self.port, **self._more)
        self._controller.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._controller.stop()

    def say(self, reply: str, times: int = 1) -> None:
        """What is answered to the next recipients, instead of taking them."""
        self._says += [reply] * times

    async def handle_EHLO(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, hostname: str, responses: list[str]
    ) -> list[str]:
        session.host_name = hostname
        self.named.append(hostname)
        return responses

    async def handle_RCPT(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if self._says:
            return self._says.pop(0)
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        content = envelope.content
        assert isinstance(content, bytes)
        letter = BytesParser(policy=POLICY).parsebytes(content)
        assert isinstance(letter, EmailMessage)
        self.letters.append(letter)
        self.envelopes.append((envelope.mail_from or "", list(envelope.rcpt_tos)))
        self.encrypted.append(session.ssl is not None)
        if self.hang_ups:
            self.hang_ups -= 1
            assert isinstance(server.transport, asyncio.Transport)
            server.transport.abort()
        return "250 OK"

    def _authenticate(
        self, server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: Any
    ) -> AuthResult:
        self.logins += 1
        known = (data.login.decode(), data.password.decode()) == self.login
        return AuthResult(success=known, handled=False)
