"""A customer of the vendor: who shares, and under whose name what comes of it is counted."""

from __future__ import annotations

from typing import Annotated

from msgspec import UNSET, Meta, Struct, UnsetType
from msgspec.structs import replace

from passalong.domain.brand import Colour
from passalong.domain.domains import is_domain, registrable
from passalong.domain.share import Id
from passalong.errors import Fault, Invalid


class CustomerBody(Struct, forbid_unknown_fields=True):
    """A customer as an integrator writes it. Without `consent_to_cobrand` its pages carry the vendor's look alone.

    `accent` and `logo` may be the customer's own doing: left out they stay as they are, null takes them away.
    """

    name: Annotated[str, Meta(min_length=1, max_length=120)]
    domains: Annotated[list[Annotated[str, Meta(max_length=253)]], Meta(max_length=100)] = []
    region: Annotated[str, Meta(max_length=40)] | None = None
    crm_company_id: Annotated[str, Meta(max_length=64)] | None = None
    accent: Colour | UnsetType | None = UNSET
    logo: Annotated[str, Meta(max_length=400000)] | UnsetType | None = UNSET
    consent_to_cobrand: bool = False


class Customer(Struct, frozen=True, kw_only=True):
    """A customer as it is kept. `domains` are registrable domains in lower case; `logo` names a stored picture."""

    id: Id
    name: str
    domains: tuple[str, ...] = ()
    region: str | None = None
    crm_company_id: str | None = None
    accent: str | None = None
    logo: str | None = None
    consent_to_cobrand: bool = False

    def owns(self, domain: str | None) -> bool:
        """Whether an address at this registrable domain belongs to the customer's own people."""
        return domain is not None and domain in self.domains


def build(id: str, body: CustomerBody, logo: str | UnsetType | None, before: Customer | None) -> Customer:
    """A checked customer; raises Invalid with every fault. `logo` names the stored picture that the body brought."""
    faults = [
        Fault(f"domains[{n}]", "Write a domain alone, as example.com.")
        for n, domain in enumerate(body.domains)
        if not is_domain(domain)
    ]
    if faults:
        raise Invalid(faults)
    return Customer(
        id=id,
        name=body.name,
        domains=tuple(dict.fromkeys(registrable(domain) for domain in body.domains)),
        region=body.region or None,
        crm_company_id=body.crm_company_id or None,
        accent=_kept(body.accent, before.accent if before else None),
        logo=_kept(logo, before.logo if before else None),
        consent_to_cobrand=body.consent_to_cobrand,
    )


def _kept(given: str | UnsetType | None, before: str | None) -> str | None:
    return before if isinstance(given, UnsetType) else given and given.lower()


def with_look_of(customer: Customer, before: Customer | None) -> Customer:
    """The customer with the logo it had, and with the colour it had if it brings none."""
    if before is None:
        return customer
    return replace(customer, logo=before.logo, accent=customer.accent or before.accent)
