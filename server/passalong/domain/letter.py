"""A letter: what is sent by mail, to one person."""

from __future__ import annotations

from email.utils import getaddresses, parseaddr

from msgspec import Struct


class Letter(Struct, frozen=True, kw_only=True):
    """As it is written; who sends it and when is said when it leaves. `to` is one address, with or without a name."""

    to: str
    subject: str
    text: str
    html: str | None = None
    reply_to: str | None = None


def address_in(text: str) -> str | None:
    """The e-mail address that a text consists of, or that stands after a name as in `Mara <mara@acme.example>`."""
    from email_validator import EmailNotValidError, validate_email

    if any(character < " " for character in text) or len(getaddresses([text])) != 1:
        return None
    try:
        return validate_email(parseaddr(text)[1], check_deliverability=False).normalized
    except EmailNotValidError:
        return None
