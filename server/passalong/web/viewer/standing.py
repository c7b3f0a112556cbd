"""How a visitor stands to a share: unknown, holding its pass, remembered by the brand, or forwarded to."""

from __future__ import annotations

from msgspec import Struct

from passalong.domain.asset import AssetKind
from passalong.domain.gate import satisfied_by
from passalong.domain.mechanic import GateMode
from passalong.domain.passes import open_known, open_pass
from passalong.domain.token import Keyring
from passalong.domain.walkthrough import MAX_STEPS
from passalong.store.catalog import Catalog
from passalong.web.viewer.link import Link
from passalong.web.visitor import Visitor

PASS_COOKIE = "pa_pass"
KNOWN_COOKIE = "pa_known"
PASS_PARAMETER = "pass"


class Standing(Struct, frozen=True, gc=False):
    """`lead` is who this is, if we may know; `forwarder` the lead whose pass URL somebody else has opened."""

    lead: str | None = None
    passed: bool = False
    """Through this share's own gate, not remembered from another's."""
    pass_in_url: str | None = None
    """The pass that links and form carry on: the browser keeps no cookie, or it names the forwarder."""
    tidy_url: bool = False
    """The cookie has arrived: the pass in the URL has done its work and can go."""
    forwarder: str | None = None


NOBODY = Standing()


def standing(keyring: Keyring, catalog: Catalog, link: Link, visitor: Visitor, now_ms: int) -> Standing:
    """Who this is to the share. Of a lead that was erased nothing is known any more."""
    if (not visitor.cookies and not visitor.query) or not link.mechanic.records_viewers:
        return NOBODY
    carried = visitor.query.get(PASS_PARAMETER)
    if cookie := visitor.cookies.get(PASS_COOKIE):
        held = open_pass(keyring, cookie, link.share, now_ms)
        if held and held.lead not in catalog.erased:
            return Standing(lead=held.lead, passed=True, tidy_url=carried is not None)
    remembered = known = None
    if cookie := visitor.cookies.get(KNOWN_COOKIE):
        known = open_known(keyring, cookie, link.brand.id, now_ms)
        if known and known.lead not in catalog.erased:
            remembered = known.lead
    forwarder = None
    if carried and (held := open_pass(keyring, carried, link.share, now_ms)) and held.lead not in catalog.erased:
        if held.visitor in (visitor.hash, visitor.before) or held.lead == remembered:
            return Standing(lead=held.lead, passed=True, pass_in_url=carried)
        forwarder = held.lead
    # Whom one gate knows another need not ask, unless it asks for what that one did not.
    lead = remembered if known and satisfied_by(link.mechanic.gate, known.domain, known.consent_version) else None
    return Standing(lead=lead, forwarder=forwarder, pass_in_url=carried if forwarder else None)


class View(Struct, frozen=True, gc=False):
    """What of a page is shown."""

    locked: bool = False
    """The asset, or the rest of it, waits behind the form."""
    form: bool = False
    """The form invites beside the open asset."""
    thanks: bool = False
    remembered: bool = False
    cta: bool = False
    onward: bool = False
    """The page can be passed along."""


def view_of(link: Link, who: Standing, step: int = 1) -> View:
    """What this visitor is shown of the page; of a walkthrough, of this step."""
    mechanic = link.mechanic
    if mechanic.tombstone:
        return View()  # the asset stays; gate, CTA and attribution are gone
    if not link.asset.ready:
        return View()  # nobody is asked who they are for something that is not there yet
    mode = mechanic.gate.mode
    if mode is not GateMode.NONE and who.lead is None and step > free_steps(link):
        return View(locked=True)
    onward = mechanic.records_viewers
    if link.asset.kind is AssetKind.WALKTHROUGH and not link.asset.course.ends(step):
        return View(onward=onward)  # what asks for something stands at the end
    cta = mechanic.cta is not None
    if mode is GateMode.NONE:
        return View(cta=cta, onward=onward)
    if who.lead is None:
        return View(form=True, cta=cta, onward=onward)
    invited = mode is GateMode.SOFT
    return View(thanks=who.passed and invited, remembered=not who.passed and not invited, cta=cta, onward=onward)


def free_steps(link: Link) -> int:
    """How many steps stand before the gate; of any other asset, 1 if it shows without the form, else 0."""
    gate = link.mechanic.gate
    if gate.mode in (GateMode.NONE, GateMode.SOFT):
        return MAX_STEPS
    if gate.mode is GateMode.AT_STEP and link.asset.kind is AssetKind.WALKTHROUGH:
        return gate.step or 0
    return 0
