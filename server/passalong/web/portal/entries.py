"""A customer's shares as its pages list them."""

from __future__ import annotations

from msgspec import Struct

from passalong.domain.portal import CHANNELS, State, state_of
from passalong.errors import Sentence
from passalong.store.receipts import Root
from passalong.web.portal.visit import Visit

_STATES = {
    State.LIVE: Sentence("live"),
    State.EXPIRED: Sentence("expired"),
    State.REVOKED: Sentence("taken back"),
    State.ENDED: Sentence("programme ended"),
}
_LINK = Sentence("Link")


class Entry(Struct, frozen=True, kw_only=True):
    """One share. `channel` and `state_words` are in the reader's language, `made_on` is a date in words."""

    root: Root
    title: str
    language: str | None
    channel: str
    made_on: str
    state: State
    state_words: str


def entry_of(visit: Visit, root: Root) -> Entry:
    catalog, claims = visit.services.catalog, root.claims
    asset, mechanic = catalog.assets.get(claims.asset), catalog.mechanics.get(claims.mechanic)
    revocation = catalog.revoked.get(root.share)
    state = state_of(
        claims,
        revoked=revocation is not None and revocation.by is not None,
        ended=mechanic is None or mechanic.tombstone is not None,
        now_ms=visit.now_ms,
    )
    return Entry(
        root=root,
        title=asset.title if asset else claims.asset,
        language=asset.language if asset else None,
        channel=visit.words.say(_LINK if claims.channel == "link" else CHANNELS.get(claims.channel, claims.channel)),
        made_on=visit.day(root.first_seen_ms),
        state=state,
        state_words=visit.words.say(_STATES[state]),
    )
