"""What a gate accepts: the viewer's answers checked against the mechanic's rules."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Annotated

from msgspec import Meta, Struct

from passalong.domain.domains import email_key, is_disposable, is_freemail, registrable
from passalong.domain.mechanic import Gate
from passalong.domain.text import tidy
from passalong.errors import Fault, Invalid, Sentence

MAX_ANSWER = 200
HONEYPOT = "website"

Answer = Annotated[str, Meta(max_length=MAX_ANSWER)]


class Answers(Struct, frozen=True, kw_only=True):
    """What a viewer submitted, checked. `extra` holds the mechanic's own `x_…` fields."""

    email: str
    email_key: str
    name: str = ""
    company: str = ""
    role: str = ""
    heard_from: str = ""
    extra: dict[str, str] = {}
    consent: bool = False


def consent_version(text: str) -> str:
    """Names the exact wording that was agreed to: 12 hex digits of its SHA-256."""
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def check(gate: Gate, values: Mapping[str, str]) -> Answers:
    """The answers, or Invalid with a message for each field, in the order in which the form shows them."""
    faults: list[Fault] = []
    email = ""
    try:
        email = _email(gate, values.get("email", ""))
    except Invalid as refused:
        faults += refused.faults
    answers: dict[str, str] = {}
    for field in gate.fields:
        answer = tidy(values.get(field.name, ""))
        if field.required and not answer:
            faults.append(Fault(field.name, Sentence("Please fill this in.")))
        elif len(answer) > MAX_ANSWER:
            faults.append(
                Fault(field.name, Sentence("Please keep it to at most %(most)s characters.", most=MAX_ANSWER))
            )
        answers[field.name] = answer
    consent = values.get("consent") == "true"
    if gate.consent_text and not consent:
        faults.append(Fault("consent", Sentence("Please tick this box to go on.")))
    if values.get(HONEYPOT):
        faults.append(Fault(HONEYPOT, Sentence("Please leave this field empty.")))
    if faults:
        raise Invalid(faults)
    known = {name: answers.get(name, "") for name in ("name", "company", "role", "heard_from")}
    extra = {name: answer for name, answer in answers.items() if name.startswith("x_") and answer}
    return Answers(email=email, email_key=email_key(email), **known, extra=extra, consent=consent)


def satisfied_by(gate: Gate, domain: str | None, consent: str | None) -> bool:
    """Whether a lead at this registrable domain, who agreed to the wording of that version, need not be asked again."""
    if gate.consent_text and consent != consent_version(gate.consent_text):
        return False
    if gate.allow_domains and domain not in gate.allow_domains:
        return False
    if domain is None:
        return not (gate.block_freemail or gate.block_disposable)
    return not ((gate.block_freemail and is_freemail(domain)) or (gate.block_disposable and is_disposable(domain)))


def address_of(typed: str) -> tuple[str, str]:
    """The address that somebody typed into a field `email`, in its normal form, and its domain in ASCII. Raises Invalid
    with the field's name."""
    typed = typed.strip()
    if not typed:
        raise Invalid.one("email", Sentence("Please enter your e-mail address."))
    everyday = _EVERYDAY.fullmatch(typed)
    if everyday is None:
        found = _validated(typed)
    elif (domain := _domain(everyday[2])) is not None:
        found = (f"{everyday[1]}@{domain[0]}", domain[1])
    else:
        found = None
    if found is None:
        raise Invalid.one("email", Sentence("This does not look like an e-mail address, such as name@company.com."))
    return found


_EVERYDAY = re.compile(r"(?=.{,64}\Z)([a-z0-9]+(?:[.+_-][a-z0-9]+)*)@([a-z0-9.-]+)", re.DOTALL)
"""Short, and before the @ nothing that has a normal form or a limit of its own: only its domain need be looked at."""


@lru_cache(maxsize=4096)
def _domain(domain: str) -> tuple[str, str] | None:
    """A domain as it is shown and in ASCII; None for one that cannot have mail. Many people share one."""
    found = _validated(f"name@{domain}")
    return found and (found[0].rpartition("@")[2], found[1])


def _validated(typed: str) -> tuple[str, str] | None:
    """An address in its normal form, and its domain in ASCII; None for what is no address."""
    from email_validator import EmailNotValidError, validate_email

    try:
        found = validate_email(typed, check_deliverability=False)
    except EmailNotValidError:
        return None
    return found.normalized, found.ascii_domain


def _email(gate: Gate, typed: str) -> str:
    address, host = address_of(typed)
    domain = registrable(host)
    if gate.allow_domains and domain not in gate.allow_domains and host not in gate.allow_domains:
        raise Invalid.one("email", Sentence("This page is meant for invited companies. Please use your work address."))
    if gate.block_disposable and is_disposable(domain):
        raise Invalid.one("email", Sentence("Please use an address that you will still read next week."))
    if gate.block_freemail and is_freemail(domain):
        raise Invalid.one("email", Sentence("Please use your work address."))
    return address
