"""`GET /s/{token}/go`: the call to action. Records a click and leads on, with a click id and UTM tags."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from passalong.domain.event import Actor, EventKind
from passalong.domain.passes import Click
from passalong.domain.share import UTM_MEDIUM
from passalong.domain.token import Purpose
from passalong.errors import Unavailable
from passalong.web.asgi import Answer, Asked, moved
from passalong.web.services import Services
from passalong.web.viewer.link import Link
from passalong.web.viewer.record import EVENT_HEADER
from passalong.web.viewer.standing import standing

CLICK_PARAMETER = "pa_click"


async def follow_cta(services: Services, asked: Asked) -> Answer:
    """303 to the mechanic's CTA; of a killed mechanic, or one without a CTA, back to the page."""
    now_ms = services.clock()
    link = services.links.live(asked.token, now_ms, asked.door)
    cta = link.mechanic.cta
    if cta is None or link.mechanic.tombstone:
        return moved(link.path)
    if not link.mechanic.records_viewers:
        return moved(cta.url)
    visitor = await services.visitors.read(asked.scope, now_ms)
    if not visitor.counted:
        return moved(destination(link, cta.url, None), (EVENT_HEADER, b"none; reason=prefetch"))
    who = standing(services.keyring, services.catalog, link, visitor, now_ms)
    said = EventKind.CLICK.value.encode()
    try:
        await services.recorder.record(link, EventKind.CLICK, now_ms=now_ms, visitor=visitor, lead=who.lead)
    except Unavailable:
        said = b"none; reason=not-stored"
    click = None
    if visitor.actor is Actor.HUMAN:
        # The id stands for itself: even a click that could not be stored still names its share.
        click = services.keyring.seal(Purpose.CLICK, Click(link.share, who.lead, now_ms, secrets.token_urlsafe(6)))
    return moved(destination(link, cta.url, click), (EVENT_HEADER, said))


def destination(link: Link, url: str, click: str | None) -> str:
    """The CTA's address with click id and UTM tags; tags that the address has already stay as they are."""
    utm = {
        "source": link.customer.id,
        "medium": UTM_MEDIUM,
        "campaign": link.mechanic.key,
        "content": link.asset.id,
    }
    return tagged(url, utm, [(CLICK_PARAMETER, click)] if click else [])


def tagged(url: str, utm: Mapping[str, str], more: Sequence[tuple[str, str]] = ()) -> str:
    """An address with a UTM set, and with `more`; tags that it has already stay as they are."""
    parts = urlsplit(url)
    given = parse_qsl(parts.query, keep_blank_values=True)
    present = {name for name, _ in given}
    added = [(f"utm_{name}", value) for name, value in utm.items() if f"utm_{name}" not in present]
    return urlunsplit(parts._replace(query=urlencode([*given, *added, *more])))
