"""The card of a shared page: 1200×630, PNG, under 300 kB; drawn by resvg from `card.svg`.

Pure and blocking, 50–300 ms, a second for a photograph: it runs in a worker process. resvg gets our own SVG only,
words escaped by Jinja and pictures encoded by us; no link, file or markup of a user's reaches it.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any, NamedTuple

import resvg_py
from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template

from passalong import paths
from passalong.domain.brand import contrast, mix, on
from passalong.web.unfurl import lettering, pictures
from passalong.web.unfurl.card import Card
from passalong.web.unfurl.lettering import ARABIC, SANS, SERIF, Run, legible, reads_from_right, runs

WIDTH, HEIGHT = 1200, 630
MAX_BYTES = 300_000
MARGIN = 76

_PAPER, _SHADE, _LINE, _INK, _SOFT = "#faf9f6", "#efeeea", "#dcdcd8", "#14161a", "#565b66"
"""As base.css on light; the paper a little warmer, so that a white page stands out on it."""

_GUTTER = 52
_TOP_ROW, _FOOT_ROW = 92, 550  # centres
_TITLE_TOP, _TITLE_BOTTOM = 152, 506
_TITLE_WIDTH = 960
_BAR = (64, 6, 34)  # width, height, distance to the title
_TITLE_SHARE = 0.6


class Line(NamedTuple):
    """Words on one baseline. `x` is where they begin: on the left, or on the right if the card reads from there."""

    runs: list[Run]
    x: float
    y: float
    size: int
    colour: str
    rtl: bool
    spacing: float = 0


class Mark(NamedTuple):
    """A logo (`uri`), or an initial in a rounded square."""

    x: int
    y: int
    width: int
    height: int
    radius: int
    uri: str | None = None
    initial: Line | None = None
    fill: str = _SHADE
    edge: str = _LINE


class Frame(NamedTuple):
    """A picture at its place, bleeding off the card's edge. `uri` shows it on its shadow, which reaches further."""

    x: int
    y: int
    width: int
    height: int
    uri: str
    radius: int = pictures.RADIUS
    shadow: int = pictures.SHADOW

    @property
    def box(self) -> tuple[int, int, int, int]:
        """Left, top, right and bottom of what is seen."""
        return max(self.x, 0), self.y, min(self.x + self.width, WIDTH), min(self.y + self.height, HEIGHT)


def draw(card: Card) -> bytes:
    """The card as a PNG of at most MAX_BYTES. Whatever the words and files, there is a card."""
    layout = _layout(card)
    drawn = resvg_py.svg_to_bytes(
        svg_string=_template().render(layout), skip_system_fonts=True, font_files=lettering.font_files()
    )
    if len(drawn) <= MAX_BYTES:
        return bytes(drawn)
    frame: Frame | None = layout["frame"]
    return pictures.smaller(bytes(drawn), frame.box if frame else None, _PAPER, MAX_BYTES)


def _layout(card: Card) -> dict[str, Any]:
    title = _title(card)
    rtl = reads_from_right(title)
    frame = _frame(card.picture, rtl) if card.picture else None
    room = WIDTH - 2 * MARGIN
    if frame:
        room = (WIDTH - frame.box[2] if rtl else frame.x) - MARGIN - _GUTTER
    accent = card.accent.lower()
    seen = accent if contrast(accent, _PAPER) > 1.15 else mix(accent, _INK, 0.2)
    customer = _mark(card.customer_logo, card.customer, _TOP_ROW, 56, rtl, (_SHADE, _LINE))
    brand = _mark(card.brand_logo, card.brand, _FOOT_ROW, 40, rtl, (accent, seen))
    bar, lines = _title_block(title, room, rtl, narrow=frame is not None)
    return {
        "paper": _PAPER,
        "ink": _INK,
        "accent": seen,
        "anchor": "end" if rtl else "start",
        "frame": frame,
        "customer_mark": customer,
        "kicker": _beside(customer, card.kicker, _TOP_ROW, 27, _INK, room, rtl),
        "bar": bar,
        "title": lines,
        "brand_mark": brand,
        "maker": _beside(brand, card.maker, _FOOT_ROW, 24, _SOFT, room, rtl),
    }


def _title(card: Card) -> str:
    """The title if it can be drawn, else the fallback, else the brand: half a sentence says nothing."""
    title = legible(card.title, _TITLE_SHARE)
    if title:
        return title + "…" if len(card.title) > lettering.MAX_TEXT else title
    return legible(card.fallback) or legible(card.brand) or lettering.drawable(card.fallback) or "·"


def _title_block(title: str, room: int, rtl: bool, *, narrow: bool) -> tuple[tuple[int, int, int, int], list[Line]]:
    """The accent's bar (x, y, width, height) and the title's lines, in the middle of the space between the rows."""
    words, size = lettering.fit(title, min(room, _TITLE_WIDTH), narrow=narrow)
    lines = [runs(line, SERIF) for line in words]
    tall = any(run.face is ARABIC for line in lines for run in line)
    leading, descent = round(size * (1.4 if tall else 1.16)), round(size * (0.35 if tall else 0.1))
    wide, high, gap = _BAR
    ascent = high + gap + round(size * 0.74)
    top = (_TITLE_TOP + _TITLE_BOTTOM - ascent - descent - leading * (len(lines) - 1)) // 2
    spacing = 0 if rtl else round(size * -0.012, 2)
    start = _start(rtl)
    return (start - wide if rtl else start, top, wide, high), [
        Line(line, start, top + ascent + n * leading, size, _INK, rtl, spacing) for n, line in enumerate(lines)
    ]


def _beside(mark: Mark | None, text: str, centre: int, size: int, colour: str, room: int, rtl: bool) -> Line:
    """A line of small words after a mark."""
    taken = mark.width + 18 if mark else 0
    words = lettering.cut(legible(text), room - taken, size, SANS)
    x = _start(rtl) + (-taken if rtl else taken)
    return Line(runs(words, SANS), x, centre + round(size * 0.36), size, colour, reads_from_right(words))


def _mark(path: str | None, name: str, centre: int, size: int, rtl: bool, own: tuple[str, str]) -> Mark | None:
    """The logo, or the name's initial on its own colours (ground, edge); None if there is neither."""
    start = _start(rtl)
    logo = pictures.logo(path, size, _PAPER, _INK) if path else None
    if logo:
        x, y = start - logo.width if rtl else start, centre - logo.height // 2
        return Mark(x, y, logo.width, logo.height, round(size * 0.2), pictures.data_uri(logo))
    initial = next((letter for letter in lettering.drawable(name) if letter.isalnum()), "").upper()[:1]
    if not initial:
        return None
    x = start - size if rtl else start
    baseline = centre + round(size * 0.19)
    letter = Line(runs(initial, SERIF), x + size / 2, baseline, round(size * 0.53), on(own[0]), False)
    return Mark(x, centre - size // 2, size, size, round(size * 0.22), None, letter, *own)


def _frame(path: str, rtl: bool) -> Frame | None:
    """The picture in its place: a page stands and bleeds off the foot, a wide one bleeds off the side."""
    image = pictures.opened(path, 1500)
    if image is None:
        return None
    beyond = 20  # enough to hide the corners
    if image.width < 0.9 * image.height:
        x, y, width, height = WIDTH - MARGIN - 400, 84, 400, HEIGHT - 84 + beyond
        scale, across = max(width / image.width, height / image.height), 0.5
    else:
        x, width = 648, WIDTH - 648 + beyond
        scale, across = max(750 / image.width, 300 / image.height), 1.0 if rtl else 0.0
        height = round(image.height * scale)
        y = (HEIGHT - height) // 2 if height < 500 else 92
        height = height if height < 500 else HEIGHT - y + beyond
    shown = pictures.filled(image, width, height, scale=scale, across=across)
    if shown is None:
        return None
    uri = pictures.data_uri(pictures.raised(shown, _PAPER, _INK))
    return Frame(WIDTH - x - width if rtl else x, y, width, height, uri)


def _start(rtl: bool) -> int:
    return WIDTH - MARGIN if rtl else MARGIN


@lru_cache(maxsize=1)
def _template() -> Template:
    loader = FileSystemLoader(paths.widget_templates())
    jinja = Environment(loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True)
    return jinja.get_template("card.svg")
