"""The SMTP server: a connection, and what it says to a letter (RFC 5321), told apart by what can be done about it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from email.message import EmailMessage

import aiosmtplib

from passalong.domain.text import tidy, without_addresses
from passalong.mail.message import domain_of
from passalong.settings import Mail

_MOST_WORDS = 300
_GOODBYE_S = 5.0
_LOGIN_NEEDED = frozenset({530, 534, 535, 538})
"""Authentication is required, too weak, refused, or needs encryption (RFC 4954, 6)."""


class Refused(Exception):
    """A letter that the server does not take, in its own words. `passing`: it may take it later (a reply of 4xx)."""

    def __init__(self, words: str, *, passing: bool) -> None:
        super().__init__(words)
        self.passing = passing


class Lost(Exception):
    """No connection, or one that ended in the middle."""


class LockedOut(Exception):
    """The server takes no letter of ours at all until somebody mends the settings."""


class Post:
    """An open connection."""

    def __init__(self, smtp: aiosmtplib.SMTP) -> None:
        self._smtp = smtp

    async def hand_over(self, message: EmailMessage) -> None:
        """Returns once the server has taken the letter upon itself. Raises Refused, Lost or LockedOut."""
        sender, recipient = (message[name].addresses[0].addr_spec for name in ("From", "To"))
        try:
            await self._smtp.send_message(message, sender=sender, recipients=[recipient])
        except aiosmtplib.SMTPRecipientsRefused as refusal:
            raise _reply(refusal.recipients[0].code, refusal.recipients[0].message) from None
        except aiosmtplib.SMTPResponseException as refusal:
            raise _reply(refusal.code, refusal.message) from None
        except (aiosmtplib.SMTPServerDisconnected, aiosmtplib.SMTPTimeoutError, OSError) as error:
            raise Lost(f"The connection was lost ({_words(error)}).") from None
        except (aiosmtplib.SMTPNotSupported, ValueError) as error:
            raise Refused(f"It cannot be sent: {_words(error)}", passing=False) from None


@asynccontextmanager
async def connected(config: Mail) -> AsyncIterator[Post]:
    """A connection, encrypted and logged in as the settings say. Raises Lost or LockedOut."""
    smtp = aiosmtplib.SMTP(
        hostname=config.host,
        port=config.port,
        username=config.username or None,
        password=config.password or None,
        local_hostname=domain_of(config.sender),
        timeout=config.timeout_s,
        use_tls=config.tls == "tls",
        start_tls=config.tls == "starttls",
    )
    where = f"{config.host}:{config.port}"
    try:
        await smtp.connect()
    except aiosmtplib.SMTPResponseException as refusal:
        said = f"{where} answered {refusal.code}: {_tidied(refusal.message)}"
        raise (Lost(said) if refusal.code < 500 else LockedOut(said)) from None
    except (aiosmtplib.SMTPConnectError, aiosmtplib.SMTPServerDisconnected, TimeoutError, OSError) as error:
        raise Lost(f"{where} could not be reached ({_words(error)}).") from None
    except aiosmtplib.SMTPException as error:  # no STARTTLS, or no login, where the settings ask for it
        raise LockedOut(f"{where}: {_words(error)} `mail.tls` is {config.tls}.") from None
    try:
        yield Post(smtp)
        with suppress(aiosmtplib.SMTPException, OSError):  # whatever it says to a goodbye, it has the letters
            await smtp.quit(timeout=_GOODBYE_S)
    finally:
        smtp.close()


async def greet(config: Mail) -> None:
    """Connects, logs in, and leaves: whether letters could be sent now. Raises Lost or LockedOut."""
    async with connected(config):
        pass


def _reply(code: int, said: str) -> Refused | LockedOut:
    words = f"It answered {code}: {_tidied(said)}"
    return LockedOut(words) if code in _LOGIN_NEEDED else Refused(words, passing=code < 500)


def _words(error: Exception) -> str:
    return _tidied(str(error)) or type(error).__name__


def _tidied(said: str) -> str:
    """The server's own words, without the addresses that it may repeat."""
    return without_addresses(tidy(said))[:_MOST_WORDS].strip()
