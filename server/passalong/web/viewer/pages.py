"""The HTML of the viewer's pages: the share page in its views, and the refusals."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from passalong.domain.asset import AssetKind
from passalong.domain.brand import Brand
from passalong.domain.customer import Customer
from passalong.domain.passes import FormToken
from passalong.domain.token import Keyring, Purpose
from passalong.settings import Settings
from passalong.web.render import HOUSE, Renderer, prose
from passalong.web.security import Headers, csp, origin_of, page_headers
from passalong.web.viewer.link import Link
from passalong.web.viewer.standing import PASS_PARAMETER, Standing, View


class _Blank(dict[str, str]):
    """Answers by field; nothing for those not given."""

    def __missing__(self, key: str) -> str:
        return ""


class Way(NamedTuple):
    """The one way on from a page that refuses."""

    href: str
    label: str


TITLES = {
    404: "This link leads nowhere",
    405: "This page does not do that",
    410: "This page is no longer shared",
    413: "That is too much at once",
    422: "Something needs another look",
    429: "A moment, please",
    500: "That was our mistake",
    503: "We cannot store anything just now",
}


class Pages:
    def __init__(self, settings: Settings, renderer: Renderer, keyring: Keyring) -> None:
        self._settings = settings
        self._renderer = renderer
        self._keyring = keyring
        self.plain_headers = page_headers(csp(), secure=settings.secure)
        self._form_tokens: dict[tuple[str, int], bytes] = {}

    def share(self, link: Link, view: View, who: Standing, now_ms: int, *, gzip: bool) -> tuple[Headers, bytes]:
        """The share page, from its prepared pieces."""
        mechanic = link.mechanic
        page = self._renderer.slots(
            (link.asset.id, link.customer.id, mechanic.key, view),
            ("token", "query", "more_query", "form_token"),
            lambda stand_ins: self._render_share(link, view, stand_ins),
        )
        values = {
            "token": link.token.encode(),
            "query": query(who).encode(),
            "more_query": query(who, "&").encode(),
            "form_token": self._form_token(link.share, now_ms) if view.locked or view.form else b"",
        }
        headers = self.headers(link)
        if gzip:
            return [*headers, (b"content-encoding", b"gzip"), (b"vary", b"accept-encoding")], page.gzip(values)
        return [*headers, (b"vary", b"accept-encoding")], page.fill(values)

    def headers(self, link: Link) -> Headers:
        """The share page's headers; an embed may frame its one host."""
        if link.asset.kind is AssetKind.EMBED and link.asset.source.url:
            policy = csp(frame_src=origin_of(link.asset.source.url))
            return page_headers(policy, secure=self._settings.secure)
        return self.plain_headers

    def form_again(
        self,
        link: Link,
        view: View,
        who: Standing,
        now_ms: int,
        *,
        values: Mapping[str, str],
        faults: Mapping[str, str],
        problem: str | None = None,
    ) -> str:
        """The share page with what was typed and a message beside each field that needs another look."""
        slots = {
            "token": link.token,
            "query": query(who),
            "more_query": query(who, "&"),
            "form_token": self._form_token(link.share, now_ms).decode(),
        }
        return self._render_share(
            link,
            view,
            slots,
            values=values,
            faults=faults,
            problem=problem,
        )

    def refusal(
        self,
        status: int,
        sentence: str,
        *,
        brand: Brand = HOUSE,
        customer: Customer | None = None,
        way: Way | None = None,
    ) -> str:
        """A page that says no with care: what happened, whom to ask, one way on."""
        return self._renderer.html(
            "refusal.html",
            brand,
            status=status,
            title=TITLES.get(status, "This did not work"),
            sentence=sentence,
            customer=customer if customer and customer.consent_to_cobrand else None,
            way=way,
        )

    def privacy(self) -> str:
        return self._renderer.html("privacy.html", HOUSE)

    def _render_share(
        self,
        link: Link,
        view: View,
        slots: Mapping[str, str],
        *,
        values: Mapping[str, str] | None = None,
        faults: Mapping[str, str] | None = None,
        problem: str | None = None,
    ) -> str:
        asset, brand, mechanic = link.asset, link.brand, link.mechanic
        sharer = link.customer.name if link.customer.consent_to_cobrand else f"a customer of {brand.name}"
        context: dict[str, Any] = {
            "asset": asset,
            "customer": link.customer if link.customer.consent_to_cobrand else None,
            "sharer": sharer,
            "description": asset.summary or f"{asset.title}, shared by {sharer}.",
            "gate": mechanic.gate,
            "cta": mechanic.cta if view.cta else None,
            "view": view,
            "prose": prose(asset.source.markdown or "") if asset.kind is AssetKind.PAGE and not view.locked else "",
            "base_url": self._settings.base_url,
            **slots,
            "values": _Blank(values or {}),
            "faults": _Blank(faults or {}),
            "problem": problem,
        }
        return self._renderer.html("share.html", brand, **context)

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
