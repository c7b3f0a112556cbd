"""A piece of advocacy: a review, case study, post or talk, with a tracked link that its public page should carry."""

from __future__ import annotations

import hashlib
from enum import StrEnum
from typing import Annotated

from itsdangerous.encoding import base64_encode
from msgspec import Meta, Struct

from passalong.domain.address import NEEDED, web_url
from passalong.domain.instant import DAY_MS, Moment, at, ms_of, wrong_time
from passalong.domain.share import UTM_MEDIUM, Id
from passalong.domain.text import tidy
from passalong.errors import Fault, Invalid


class PieceKind(StrEnum):
    REVIEW = "review"
    CASE_STUDY = "case_study"
    POST = "post"
    TALK = "talk"

    @property
    def words(self) -> str:
        return self.value.replace("_", " ")


PROVEN_MS = 90 * DAY_MS
"""How long a visit proves that a link is placed: somebody may have tried it once."""


class Tracking(StrEnum):
    """Whether the public page leads to the tracked link."""

    TRACKED = "tracked"
    """The link stood on the page, or somebody came by it."""
    UNTRACKED = "untracked"
    """The page was read and does not carry it, and nobody came."""
    UNKNOWN = "unknown"
    """The page could not be read."""
    UNCHECKED = "unchecked"


Title = Annotated[str, Meta(min_length=1, max_length=160)]
Url = Annotated[str, Meta(max_length=1000)]


class PieceBody(Struct, forbid_unknown_fields=True):
    """A piece as an integrator writes it. Only a talk may be without `public_url`. `mechanic` may be left out where
    one advocacy mechanic lives, `asset` where there is one asset of kind `link` to show. `play` names the invitation
    that brought it."""

    customer: Id
    kind: PieceKind
    title: Title
    public_url: Url | None = None
    mechanic: Id | None = None
    asset: Id | None = None
    slug: Annotated[str, Meta(max_length=80)] | None = None
    play: Annotated[str, Meta(max_length=64)] | None = None
    published_at: Moment | None = None


class PieceChange(Struct, forbid_unknown_fields=True):
    """What can be said anew of a piece: all of it, each time."""

    title: Title
    public_url: Url | None = None
    published_at: Moment | None = None


class Piece(Struct, frozen=True, kw_only=True):
    """A piece as it is kept. `page`, `checked_at_ms` and `page_why` say what the last look at its page found;
    the days (20261121) are those of the first and the newest visit by its link."""

    id: str
    customer: str
    kind: PieceKind
    title: str
    public_url: str | None
    mechanic: str
    asset: str
    share: str
    slug: str | None
    play: str | None
    published_at_ms: int | None
    created_at_ms: int
    withdrawn_at_ms: int | None = None
    page: Tracking = Tracking.UNCHECKED
    checked_at_ms: int | None = None
    page_why: str | None = None
    first_visit_day: int | None = None
    last_visit_day: int | None = None
    by_utm: bool = False

    def tracking(self, proven: int) -> Tracking:
        """A visit since the day `proven` (PROVEN_MS ago) proves that the link is placed, whatever the page says to a
        program."""
        return Tracking.TRACKED if (self.last_visit_day or 0) >= proven else self.page

    @property
    def why(self) -> str:
        """What the last look at the page found."""
        if self.page_why:
            return self.page_why
        if self.public_url is None:
            return "It has no page to look at; visits by its link will tell."
        return "Its public page has not been looked at yet."

    def reads_as(self, body: PieceBody) -> list[str]:
        """The fields of a second report that say something else than was kept of the first."""
        told = {"kind": body.kind, "mechanic": body.mechanic, "asset": body.asset, "slug": _slug(body.slug)}
        return [name for name, value in told.items() if value is not None and value != getattr(self, name)]


def checked(body: PieceBody | PieceChange, kind: PieceKind, base_url: str) -> tuple[str, str | None, int | None]:
    """Title, public address and time of publication as they are kept; raises Invalid with every fault."""
    faults = []
    title = tidy(body.title)
    if not title:
        faults.append(Fault("title", "Please fill this in."))
    url = web_url(body.public_url) if body.public_url else None
    if body.public_url and url is None:
        faults.append(Fault("public_url", NEEDED))
    elif url is not None and f"{url}/".startswith(f"{base_url}/"):
        faults.append(Fault("public_url", "This is a page of this server; name the one where the piece was published."))
    elif url is None and kind is not PieceKind.TALK:
        faults.append(
            Fault("public_url", f"Name its public page; only a talk may be without one, and this is a {kind.words}.")
        )
    if wrong := wrong_time(body.published_at):
        faults.append(Fault("published_at", wrong))
    if faults:
        raise Invalid(faults)
    return title, url, ms_of(body.published_at) if body.published_at is not None else None


def nonce(customer: str, public_url: str | None, title: str) -> str:
    """Of the piece's share: always the same, so that a report that comes twice has one link."""
    named = "\n".join((customer, public_url or "", "" if public_url else title))
    return base64_encode(hashlib.sha256(named.encode()).digest()[:6]).decode()


def utm(piece: Piece) -> dict[str, str]:
    """The UTM set of a link that leads to the vendor's own pages; no personal data."""
    return {
        "source": piece.customer,
        "medium": UTM_MEDIUM,
        "campaign": piece.mechanic,
        "content": piece.asset,
        "term": piece.kind.value,
    }


def told(
    piece: Piece,
    *,
    visits: int,
    last_visit: str | None,
    advocate: str,
    url: str,
    now_ms: int,
    proven: int,
    mechanic_dead: bool,
) -> str:
    """What became of a piece, in one sentence or two. `advocate` is the customer's name, `url` the tracked link; for
    `proven` see Piece.tracking."""
    age = _age(piece, now_ms)
    if piece.withdrawn_at_ms is not None:
        return f"Withdrawn on {at(piece.withdrawn_at_ms):%Y-%m-%d}; its link goes on working."
    ask = f"Ask {advocate} to put {url} in it."
    if mechanic_dead:
        return f"{age}; its mechanic was killed, and visits are not counted any more."
    came = f"{visits} {'visit has' if visits == 1 else 'visits have'} come by its link and those passed along from it"
    if visits and piece.tracking(proven) is Tracking.TRACKED:
        hidden = ", though its public page does not show the link to a program"
        return f"{age}; {came}{hidden if piece.page is Tracking.UNTRACKED else ''}."
    if visits and piece.page is not Tracking.TRACKED:
        return f"{age}; {came}, the last by its own on {last_visit}. {piece.why} {ask}"
    match piece.page:
        case Tracking.TRACKED:
            if piece.by_utm:
                return f"{age}; its public page leads to your own pages with its UTM set: its visits are counted there."
            return f"{age}; its public page carries its link, and nobody has come by it yet."
        case Tracking.UNTRACKED:
            return f"{age}; its public page carries no tracked link, so nothing that comes of it can be counted. {ask}"
        case Tracking.UNKNOWN:
            return f"{age}; whether it carries its link is not known, and nobody has come by it. {piece.why} {ask}"
        case Tracking.UNCHECKED if piece.public_url is None:
            return f"{age}; nobody has come by its link yet. Show {url} in it."
        case Tracking.UNCHECKED:
            return f"{age}; {piece.why[0].lower()}{piece.why[1:]}"


def _age(piece: Piece, now_ms: int) -> str:
    since_ms = piece.published_at_ms if piece.published_at_ms is not None else piece.created_at_ms
    days = (now_ms - since_ms) // DAY_MS
    verb = "Published" if piece.published_at_ms is not None else "Known"
    if days < 0:
        return f"To be published on {at(since_ms):%Y-%m-%d}"
    if days == 0:
        return "Published today" if piece.published_at_ms is not None else "Known since today"
    ago = f"{days} {'day' if days == 1 else 'days'}"
    return f"{verb} {ago} ago" if verb == "Published" else f"{verb} for {ago}"


def _slug(slug: str | None) -> str | None:
    return slug.strip().lower() if slug is not None else None
