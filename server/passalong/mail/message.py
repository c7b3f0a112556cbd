"""A letter as it travels: headers that cannot be injected into, and an id by which a second copy is recognised."""

from __future__ import annotations

from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, parseaddr

from passalong.domain.domains import to_ascii
from passalong.domain.instant import at
from passalong.domain.letter import Letter, address_in

MOST_SUBJECT, MOST_NAME = 200, 100
"""Characters of a subject and of a name before an address: folding a header takes time as the square of its length."""


def packed(letter: Letter, *, sender: str, id: str, now_ms: int) -> EmailMessage:
    """The message. Its id is that of the job, so that one which comes twice after a lost answer is one letter.

    Raises ValueError in words for what cannot be a letter: a line break in a header, an address that is none.
    """
    message = EmailMessage(policy=SMTP)
    message["From"] = _address("sender", sender)
    message["To"] = _address("to", letter.to)
    if letter.reply_to is not None:
        message["Reply-To"] = _address("reply_to", letter.reply_to)
    message["Subject"] = _line("subject", letter.subject)[:MOST_SUBJECT]
    message["Date"] = format_datetime(at(now_ms // 1000 * 1000))
    message["Message-ID"] = f"<{id}@{domain_of(sender)}>"
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834: nobody is told of holidays in answer
    message.set_content(letter.text)
    if letter.html is not None:
        message.add_alternative(letter.html, subtype="html")
    return message


def domain_of(sender: str) -> str:
    """The sender's domain in ASCII: by which this server names itself and its messages."""
    return to_ascii(parseaddr(sender)[1].rpartition("@")[2]) or "localhost"


def _address(field: str, text: str) -> Address:
    found = address_in(_line(field, text))
    if found is None:
        raise ValueError(f"The letter’s {field} is no e-mail address.")
    local, _, domain = found.rpartition("@")
    return Address(parseaddr(text)[0][:MOST_NAME], local, to_ascii(domain))


def _line(field: str, text: str) -> str:
    if any(character < " " or character == "\x7f" for character in text):
        raise ValueError(f"The letter’s {field} has a line break or another control character.")
    return text
