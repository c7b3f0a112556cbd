"""The HTML of the viewer's pages: the share page in its views, the steps of a walkthrough, and the refusals."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from passalong.domain.asset import AssetKind
from passalong.domain.brand import Brand
from passalong.domain.customer import Customer
from passalong.domain.passes import FormToken
from passalong.domain.token import Keyring, Purpose
from passalong.errors import Sentence
from passalong.settings import Settings
from passalong.web.render import HOUSE, Renderer, prose
from passalong.web.security import Headers, csp, origin_of, page_headers
from passalong.web.viewer import player
from passalong.web.viewer.link import Link
from passalong.web.viewer.standing import PASS_PARAMETER, Standing, View, view_of
from passalong.web.visitor import Visitor
from passalong.web.words import Words, words_of


class Blank(dict[str, str]):
    """Answers by field; nothing for those not given."""

    def __missing__(self, key: str) -> str:
        return ""


class Way(NamedTuple):
    """The one way on from a page that refuses."""

    href: str
    label: str


TITLES = {
    404: Sentence("This link leads nowhere"),
    405: Sentence("This page does not do that"),
    409: Sentence("This cannot be done here"),
    410: Sentence("This page is no longer shared"),
    413: Sentence("That is too much at once"),
    415: Sentence("This could not be read"),
    422: Sentence("Something needs another look"),
    429: Sentence("A moment, please"),
    500: Sentence("That was our mistake"),
    503: Sentence("We cannot store anything just now"),
}
OTHERWISE = Sentence("This did not work")
_SLOTS = ("token", "query", "more_query", "form_token")


class Pages:
    def __init__(self, settings: Settings, renderer: Renderer, keyring: Keyring) -> None:
        self._settings = settings
        self._renderer = renderer
        self._keyring = keyring
        self.plain_headers = page_headers(csp())
        self._form_tokens: dict[tuple[str, int], bytes] = {}

    def share(
        self, link: Link, view: View, who: Standing, visitor: Visitor, now_ms: int, *, step: int = 1
    ) -> tuple[Headers, bytes]:
        """The share page, or one step of a walkthrough, from its prepared pieces."""
        words = self.words(link, visitor.accept_language)
        page = self._renderer.slots(
            (link.asset.id, link.customer.id, link.mechanic.key, link.door, words.language, step, view),
            _SLOTS,
            lambda stand_ins: self._render_share(link, view, words, step, stand_ins),
        )
        values = {
            "token": link.token.encode(),
            "query": query(who).encode(),
            "more_query": query(who, "&").encode(),
            "form_token": self._form_token(link.share, now_ms) if view.locked or view.form else b"",
        }
        headers = self.headers(link)
        if visitor.gzip:
            return [*headers, (b"content-encoding", b"gzip"), (b"vary", b"accept-encoding")], page.gzip(values)
        return [*headers, (b"vary", b"accept-encoding")], page.fill(values)

    def words(self, link: Link, accept_language: str) -> Words:
        """What this page is said in: the asset's language, else the reader's."""
        return words_of(link.language(accept_language))

    def headers(self, link: Link) -> Headers:
        """The share page's headers. An embed may frame its one host; a brand's hosts may frame what is embedded."""
        frames = link.asset.source.url if link.asset.kind is AssetKind.EMBED else None
        if not frames and not link.embedded:
            return self.plain_headers
        policy = csp(
            frame_src=origin_of(frames) if frames else None,
            frame_ancestors=" ".join(("'self'", *link.brand.embed_hosts)) if link.embedded else "'none'",
        )
        return page_headers(policy)

    def form_again(
        self,
        link: Link,
        who: Standing,
        visitor: Visitor,
        now_ms: int,
        *,
        step: int,
        values: Mapping[str, str],
        faults: Mapping[str, str],
        problem: str | None = None,
    ) -> str:
        """The share page with what was typed and a message beside each field that needs another look."""
        words = self.words(link, visitor.accept_language)
        slots = {
            "token": link.token,
            "query": query(who),
            "more_query": query(who, "&"),
            "form_token": self._form_token(link.share, now_ms).decode(),
        }
        return self._render_share(
            link,
            view_of(link, who, step),
            words,
            step,
            slots,
            values=values,
            faults={field: words.say(message) for field, message in faults.items()},
            problem=problem,
        )

    def all_steps(self, link: Link, who: Standing, visitor: Visitor) -> tuple[Headers, bytes]:
        """Every step of a walkthrough on one page, to be printed or searched; up to the gate for those before it."""
        words = self.words(link, visitor.accept_language)
        course = link.asset.course
        free = [n for n in range(1, len(course) + 1) if link.asset.ready and not view_of(link, who, n).locked]

        def render(stand_ins: Mapping[str, str]) -> str:
            context = self._context(link, View(), words, stand_ins)
            steps = [player.step_of(link, n, words) for n in free]
            return self.of_link("steps.html", link, words, **context, steps=steps, more=len(course) - len(free))

        key = (link.asset.id, link.customer.id, link.mechanic.key, link.door, words.language, "all", len(free))
        page = self._renderer.slots(key, _SLOTS, render)
        values = dict.fromkeys(_SLOTS, b"") | {"token": link.token.encode(), "query": query(who).encode()}
        return self.headers(link), page.fill(values)

    def of_link(self, template: str, link: Link, words: Words, **context: Any) -> str:
        """A page of a share in its brand's look, with whose it is on top."""
        return self._renderer.html(
            template,
            link.brand,
            words,
            **{
                "asset": link.asset,
                "customer": link.cobrand,
                "sharer": words.say(link.sharer),
                "door": link.door,
                "embedded": link.embedded,
                "base_url": self._settings.base_url,
                "token": link.token,
                **context,
            },
        )

    def refusal(
        self,
        status: int,
        sentence: str,
        words: Words,
        *,
        brand: Brand = HOUSE,
        customer: Customer | None = None,
        way: Way | None = None,
        embedded: bool = False,
        reference: str = "",
        title: str | None = None,
    ) -> str:
        """A page that says no with care: what happened, whom to ask, one way on. It has the title of its status unless
        another says more."""
        return self._renderer.html(
            "refusal.html",
            brand,
            words,
            status=status,
            title=words.say(title or TITLES.get(status, OTHERWISE)),
            sentence=words.say(sentence),
            customer=customer if customer and customer.consent_to_cobrand else None,
            way=way,
            embedded=embedded,
            reference=reference,
        )

    def _render_share(
        self,
        link: Link,
        view: View,
        words: Words,
        step: int,
        slots: Mapping[str, str],
        *,
        values: Mapping[str, str] | None = None,
        faults: Mapping[str, str] | None = None,
        problem: str | None = None,
    ) -> str:
        context = self._context(link, view, words, slots, step)
        context |= {"values": Blank(values or {}), "faults": Blank(faults or {}), "problem": problem}
        walked = link.asset.kind is AssetKind.WALKTHROUGH
        if walked and link.asset.ready and not view.locked:
            ahead = player.ahead_of(link, step)
            return self.of_link(
                "step.html", link, words, **context, step=player.step_of(link, step, words), ahead=ahead
            )
        return self.of_link("share.html", link, words, **context)

    def _context(self, link: Link, view: View, words: Words, slots: Mapping[str, str], step: int = 1) -> dict[str, Any]:
        asset, mechanic = link.asset, link.mechanic
        said = words.say(Sentence("%(title)s, shared by %(who)s.", title=asset.title, who=link.sharer))
        open_page = asset.kind is AssetKind.PAGE and not view.locked
        return {
            "description": asset.summary or said,
            "gate": mechanic.gate,
            "cta": mechanic.cta if view.cta else None,
            "view": view,
            "at_step": step if asset.kind is AssetKind.WALKTHROUGH else None,
            "prose": prose(asset.source.markdown or "") if open_page else "",
            **slots,
        }

    def _form_token(self, share: str, now_ms: int) -> bytes:
        """One token a share and second: it proves the page and its time, not the person."""
        key = share, now_ms // 1000
        token = self._form_tokens.get(key)
        if token is None:
            if len(self._form_tokens) > 4096:
                self._form_tokens.clear()
            sealed = self._keyring.seal(Purpose.FORM, FormToken(share, key[1] * 1000))
            token = self._form_tokens[key] = sealed.encode()
        return token


def query(who: Standing, start: str = "?") -> str:
    """What links on the page carry on: the pass, where the browser keeps no cookie."""
    return f"{start}{PASS_PARAMETER}={who.pass_in_url}" if who.pass_in_url else ""
