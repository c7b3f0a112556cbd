"""A conversion: what the vendor's product or CRM reports back, with whatever ties it to a share."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from msgspec import Meta, Struct

from passalong.domain.domains import is_domain
from passalong.domain.instant import Moment, wrong_time
from passalong.domain.money import Money
from passalong.errors import Fault, Invalid


class ConversionKind(StrEnum):
    SIGNUP = "signup"
    TRIAL = "trial"
    OPPORTUNITY = "opportunity"
    WON = "won"
    LOST = "lost"


class ConversionBody(Struct, forbid_unknown_fields=True):
    """A conversion as an integrator reports it. `external_id` and `kind` together name it for ever.

    `click` is the `pa_click` that the CTA carried; `emails` are *all* contacts, in the deal's order.
    """

    external_id: Annotated[str, Meta(min_length=1, max_length=128)]
    kind: ConversionKind
    occurred_at: Moment
    click: Annotated[str, Meta(max_length=1024)] | None = None
    emails: Annotated[list[Annotated[str, Meta(max_length=254)]], Meta(max_length=100)] = []
    company_domain: Annotated[str, Meta(max_length=253)] | None = None
    heard_from: Annotated[str, Meta(max_length=200)] | None = None
    amount: Money | None = None


def check(body: ConversionBody) -> None:
    """Raises Invalid with every fault."""
    faults = [
        Fault(f"emails[{n}]", "This is no e-mail address.")
        for n, email in enumerate(body.emails)
        if not all(email.strip().rpartition("@")[::2])
    ]
    if wrong := wrong_time(body.occurred_at):
        faults.append(Fault("occurred_at", wrong))
    if body.company_domain and not is_domain(body.company_domain):
        faults.append(Fault("company_domain", "Write a domain alone, as example.com."))
    if faults:
        raise Invalid(faults)
