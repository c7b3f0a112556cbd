"""Templates to pages. Knows how things are written for people; knows nothing of requests."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit

import nh3
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markdown_it import MarkdownIt
from markupsafe import Markup

from passalong import paths
from passalong.domain import brand as colours
from passalong.domain.asset import Asset, AssetKind
from passalong.domain.brand import Brand
from passalong.store.catalog import Catalog
from passalong.web.slots import Slots

HOUSE = Brand(id="-", name="Passalong", accent="#3f4fb5", home_url="/")
"""The look of a page that belongs to no brand: a link that nobody here knows."""

_MAX_PAGES = 1024
_OPENS_INLINE = {"application/pdf", "text/plain", "text/csv", "text/markdown"}
_KIND_NAMES = {
    "application/pdf": "PDF", "text/plain": "Text", "text/csv": "CSV table", "text/markdown": "Markdown text",
    "video/mp4": "Video", "video/webm": "Video",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": "Excel workbook",
    "application/vnd.openxmlformats-officedocument.presentationml.presentation": "PowerPoint slides",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": "Word document",
}  # fmt: skip
_AUTOCOMPLETE = {"name": "name", "company": "organization", "role": "organization-title"}

_MARKDOWN = MarkdownIt("commonmark", {"html": False, "linkify": False}).enable(["table", "strikethrough"])
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
        self._jinja = Environment(
            loader=FileSystemLoader(paths.widget_templates()),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._jinja.filters.update(
            initial=lambda name: next((letter for letter in name if letter.isalnum()), "·").upper(),
            file_size=file_size,
            kind_name=lambda media_type: _KIND_NAMES.get(media_type, "File"),
            opens_inline=lambda media_type: media_type in _OPENS_INLINE,
            host=lambda url: urlsplit(url).hostname or url,
            autocomplete=lambda name: _AUTOCOMPLETE.get(name, "off"),
            open_it=_open_it,
        )

    def html(self, template: str, brand: Brand, **context: Any) -> str:
        """A page in a brand's look."""
        return self._jinja.get_template(template).render(
            brand=brand, style=style_version(brand, self._css), **{"customer": None, **context}
        )

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

    def stylesheet(self, brand: Brand) -> str:
        return brand_css(brand) + self._css


def brand_css(brand: Brand) -> str:
    """The brand's colours, corrected until text in them reads on light and on dark paper."""
    return (
        f":root {{ --accent: {brand.accent}; --on-accent: {colours.on(brand.accent)}; "
        f"--accent-on-light: {colours.readable(brand.accent, colours.LIGHT_PAPER)}; "
        f"--accent-on-dark: {colours.readable(brand.accent, colours.DARK_PAPER)}; }}\n"
    )


@lru_cache(maxsize=256)
def style_version(brand: Brand, css: str) -> str:
    """Names the stylesheet's content, so that a browser may keep it for ever."""
    return hashlib.sha256((brand_css(brand) + css).encode()).hexdigest()[:10]


@lru_cache(maxsize=512)
def prose(markdown: str) -> Markup:
    """Markdown as safe HTML: no raw HTML, no pictures from elsewhere, links that tell nothing about the page."""
    tokens = _MARKDOWN.parse(markdown)
    for token in tokens:
        if "text-align:right" in str(token.attrs.pop("style", "")):  # a style attribute would break the policy
            token.attrs["class"] = "number"
    html = _MARKDOWN.renderer.render(tokens, _MARKDOWN.options, {})
    safe = nh3.clean(
        html,
        tags=_PROSE_TAGS,
        attributes={"a": {"href", "title"}},
        allowed_classes={"th": {"number"}, "td": {"number"}},
    )
    return Markup(safe)  # noqa: S704 - nh3 has just cleaned it


def file_size(size: float) -> str:
    """A size in bytes, for people: `820 bytes`, `4.1 kB`, `12 MB`."""
    for unit in ("bytes", "kB", "MB"):
        if size < 1000:
            return f"{size:.0f} {unit}" if unit == "bytes" or size >= 10 else f"{size:.1f} {unit}"
        size /= 1000
    return f"{size:.1f} GB"


def _open_it(asset: Asset) -> str:
    match asset.kind:
        case AssetKind.PAGE:
            return "Read the whole page"
        case AssetKind.EMBED:
            return "Open the live view"
        case AssetKind.LINK:
            return "Get the link"
    media_type = asset.file.media_type if asset.file else ""
    if media_type.startswith("image/"):
        return "See the picture"
    if media_type.startswith("video/"):
        return "Watch the video"
    return "Read the document"
