"""A badge in SVG: two fields side by side, readable on light and dark pages, with its words as its title."""

from __future__ import annotations

from html import escape

from passalong.domain.brand import on
from passalong.domain.text import tidy

_MAX_TITLE = 48
_HEIGHT = 28
_SIZE = 12
_PAD = 10
_NARROW = set("ijltfrI.,:;'|!()[] ")
_WIDE = set("mwMWQGOD@%—")


def svg(title: str, maker: str, accent: str) -> str:
    """The badge. Widths are estimated and then prescribed with `textLength`, so that no font clips a word."""
    title, maker = _cut(tidy(title)), _cut(tidy(maker))
    left, right = _width(title), _width(maker)
    first, whole = left + 2 * _PAD, left + right + 4 * _PAD
    words = escape(f"{title}. {maker}")
    middle = _HEIGHT / 2 + _SIZE * 0.35
    text = f'y="{middle:g}" lengthAdjust="spacingAndGlyphs"'
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{whole}" height="{_HEIGHT}" '
        f'viewBox="0 0 {whole} {_HEIGHT}" role="img" aria-label="{words}"><title>{words}</title>'
        "<style>.p{fill:#fff}.i{fill:#14161a}.l{stroke:#c9c9c4}"
        "@media(prefers-color-scheme:dark){.p{fill:#1d2026}.i{fill:#eceae4}.l{stroke:#4a505c}}"
        "text{font:600 12px system-ui,-apple-system,'Segoe UI',Roboto,'Noto Sans',sans-serif}</style>"
        f'<clipPath id="c"><rect width="{whole}" height="{_HEIGHT}" rx="6"/></clipPath><g clip-path="url(#c)">'
        f'<rect class="p" width="{whole}" height="{_HEIGHT}"/>'
        f'<rect x="{first}" width="{whole - first}" height="{_HEIGHT}" fill="{accent}"/></g>'
        f'<rect class="l" x=".5" y=".5" width="{whole - 1}" height="{_HEIGHT - 1}" rx="5.5" fill="none"/>'
        f'<text class="i" x="{_PAD}" {text} textLength="{left}">{escape(title)}</text>'
        f'<text x="{first + _PAD}" {text} textLength="{right}" fill="{on(accent)}">{escape(maker)}</text></svg>'
    )


def _cut(text: str) -> str:
    return text if len(text) <= _MAX_TITLE else text[: _MAX_TITLE - 1].rstrip() + "…"


def _width(text: str) -> int:
    """About how wide a text stands at 12 pixels, semibold."""
    em = sum(0.32 if c in _NARROW else 0.9 if c in _WIDE or ord(c) > 0x2E80 else 0.6 for c in text)
    return max(round(em * _SIZE), 8)
