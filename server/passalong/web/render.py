"""Templates to pages. Knows how things are written for people; knows nothing of requests.

Jinja and the parsers of Markdown are imported with the first page: a console's server, which has none, starts without.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from markupsafe import Markup

from passalong import paths
from passalong.domain import brand as colours
from passalong.domain.asset import Asset, AssetKind
from passalong.domain.brand import Brand
from passalong.domain.customer import Customer
from passalong.domain.language import Language
from passalong.errors import Sentence
from passalong.store.catalog import Catalog
from passalong.web.slots import Slots
from passalong.web.words import Words, first_up, words_of

if TYPE_CHECKING:
    from jinja2 import Environment
    from markdown_it import MarkdownIt

HOUSE = Brand(id="-", name="Passalong", accent="#3f4fb5", home_url="/")
"""The look of a page that belongs to no brand: a link that nobody here knows."""

_MAX_PAGES = 2048
_OPENS_INLINE = {"application/pdf", "text/plain", "text/csv", "text/markdown"}
_FILE = Sentence("File")
_KIND_NAMES = {
    "application/pdf": "PDF",
    "text/plain": Sentence("Text"),
    "text/csv": Sentence("CSV table"),
    "text/markdown": Sentence("Markdown text"),
    "video/mp4": Sentence("Video"),
    "video/webm": Sentence("Video"),
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": Sentence("Excel workbook"),
    "application/vnd.openxmlformats-officedocument.presentationml.presentation": Sentence("PowerPoint slides"),
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": Sentence("Word document"),
}
_PLAIN: dict[str, Any] = {"customer": None, "embedded": False}
"""What every template may ask for."""
_AUTOCOMPLETE = {"name": "name", "company": "organization", "role": "organization-title"}

_PROSE_TAGS = {
    "p", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "li", "blockquote", "pre", "code", "em", "strong", "s", "a",
    "hr", "br", "table", "thead", "tbody", "tr", "th", "td",
}  # fmt: skip


class Renderer:
    """`pages` are cached until the catalog changes; everything else is rendered as asked."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self._generation = -1
        self._pages: dict[Any, Slots] = {}
        self._css = (paths.widget_templates() / "base.css").read_text("utf-8")
        self._environments: dict[Language, Environment] = {}

    def load(self) -> None:
        """Loads what pages are made with, so that no viewer waits for it."""
        words = words_of(Language.EN)
        self._environment(words)
        words.number(0)
        prose("")

    def html(self, template: str, brand: Brand, words: Words, **context: Any) -> str:
        """A page in a brand's look and a reader's language."""
        values = {**_PLAIN, **context}
        style = style_href(brand, values["customer"], self._css)
        return self._environment(words).get_template(template).render(brand=brand, style=style, **values)

    def _environment(self, words: Words) -> Environment:
        """Templates of one language. They are compiled as they are first used."""
        found = self._environments.get(words.language)
        if found is None:
            found = self._environments[words.language] = _environment(words)
        return found

    def slots(self, key: Any, names: tuple[str, ...], render: Callable[[Mapping[str, str]], str]) -> Slots:
        """The page kept under this key, rendered if it is not there or the catalog has changed since."""
        if self._generation != self._catalog.generation:
            self._pages.clear()
            self._generation = self._catalog.generation
        found = self._pages.get(key)
        if found is None:
            if len(self._pages) >= _MAX_PAGES:
                self._pages.clear()
            found = self._pages[key] = Slots(render, names)
        return found

    def stylesheet(self, brand: Brand, accent: str | None = None) -> str:
        """A brand's stylesheet; with a customer's colour in it, if that is given."""
        return brand_css(brand) + self._css + (cobrand_css(accent) if accent else "")


def _environment(words: Words) -> Environment:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    made = Environment(
        loader=FileSystemLoader(paths.widget_templates()),
        extensions=["jinja2.ext.i18n"],
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.policies["ext.i18n.trimmed"] = True
    made.install_gettext_translations(words.catalogue, newstyle=True)  # type: ignore[attr-defined]
    made.globals.update(lang=str(words.language))
    made.filters.update(
        say=words.say,
        first_up=first_up,
        initial=lambda name: next((letter for letter in name if letter.isalnum()), "·").upper(),
        file_size=words.file_size,
        number=words.number,
        month=words.month,
        kind_name=lambda media_type: words.say(_KIND_NAMES.get(media_type, _FILE)),
        opens_inline=lambda media_type: media_type in _OPENS_INLINE,
        host=lambda url: urlsplit(url).hostname or url,
        autocomplete=lambda name: _AUTOCOMPLETE.get(name, "off"),
        open_it=lambda asset: words.say(_open_it(asset)),
    )
    return made


def brand_css(brand: Brand) -> str:
    """The brand's colours, corrected until text in them reads on light and on dark paper."""
    return (
        f":root {{ --accent: {brand.accent}; --on-accent: {colours.on(brand.accent)}; "
        f"--accent-on-light: {colours.readable(brand.accent, colours.LIGHT_PAPER)}; "
        f"--accent-on-dark: {colours.readable(brand.accent, colours.DARK_PAPER)}; }}\n"
    )


def cobrand_css(accent: str) -> str:
    """The customer's colour, in the two places where it stands beside the brand's: a rule on top, and its initial."""
    return (
        f".top {{ border-top: 3px solid {accent}; }}\n"
        f".top p.who .initial {{ background: {accent}; border-color: {accent}; color: {colours.on(accent)}; }}\n"
    )


def style_href(brand: Brand, customer: Customer | None, css: str) -> str:
    """The address of the stylesheet of a page of this brand, shared by this customer."""
    accent = customer.accent if customer else None
    tail = f"&accent={accent.removeprefix('#')}" if accent else ""
    return f"/brand/{brand.id}.css?v={style_version(brand, css)}{tail}"


@lru_cache(maxsize=256)
def style_version(brand: Brand, css: str) -> str:
    """Names the stylesheet's content, so that a browser may keep it for ever."""
    return hashlib.sha256((brand_css(brand) + css).encode()).hexdigest()[:10]


@lru_cache(maxsize=4096)
def prose(markdown: str) -> Markup:
    """Markdown as safe HTML: no raw HTML, no pictures from elsewhere, links that tell nothing about the page."""
    import nh3

    parser = _markdown()
    tokens = parser.parse(markdown)
    for token in tokens:
        if "text-align:right" in str(token.attrs.pop("style", "")):  # a style attribute would break the policy
            token.attrs["class"] = "number"
    html = parser.renderer.render(tokens, parser.options, {})
    safe = nh3.clean(
        html,
        tags=_PROSE_TAGS,
        attributes={"a": {"href", "title"}},
        allowed_classes={"th": {"number"}, "td": {"number"}},
    )
    # A wide table scrolls by itself, and by keyboard too.
    framed = safe.replace("<table>", '<div class="table" tabindex="0"><table>').replace("</table>", "</table></div>")
    return Markup(framed)  # noqa: S704 - nh3 has just cleaned it


@cache
def _markdown() -> MarkdownIt:
    from markdown_it import MarkdownIt

    return MarkdownIt("commonmark", {"html": False, "linkify": False}).enable(["table", "strikethrough"])


def _open_it(asset: Asset) -> str:
    match asset.kind:
        case AssetKind.WALKTHROUGH:
            return Sentence("See the rest, step by step")
        case AssetKind.PAGE:
            return Sentence("Read the whole page")
        case AssetKind.EMBED:
            return Sentence("Open the live view")
        case AssetKind.LINK:
            return Sentence("Get the link")
    media_type = asset.file.media_type if asset.file else ""
    if media_type.startswith("image/"):
        return Sentence("See the picture")
    if media_type.startswith("video/"):
        return Sentence("Watch the video")
    return Sentence("Read the document")
