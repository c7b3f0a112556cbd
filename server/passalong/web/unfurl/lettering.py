"""Words for a card: which of them the fonts here can draw, how wide they are, and where their lines end.

The fonts ship in `widget_templates/fonts`; nothing of the system's is used, so that a card looks the same everywhere.
Widths are asked of the very fonts that resvg draws with (Pillow shapes them with HarfBuzz, as resvg does).
"""

from __future__ import annotations

import math
import unicodedata
from functools import lru_cache
from itertools import groupby
from pathlib import Path
from typing import NamedTuple

from PIL import ImageFont

from passalong import paths
from passalong.domain.text import tidy


class Face(NamedTuple):
    """A font file, and what resvg calls it. A family that resvg does not know draws nothing, silently."""

    file: str
    family: str
    weight: int


class Run(NamedTuple):
    """Words in one face."""

    face: Face
    text: str


Faces = tuple[Face, ...]

ARABIC = Face("NotoNaskhArabic-SemiBold.ttf", "Noto Naskh Arabic", 600)
SERIF: Faces = (
    Face("NotoSerif-SemiBold.ttf", "Noto Serif", 600),
    Face("NotoSerifHebrew-SemiBold.ttf", "Noto Serif Hebrew", 600),
    ARABIC,
)
SANS: Faces = (
    Face("NotoSans-Medium.ttf", "Noto Sans", 500),
    Face("NotoSansHebrew-Medium.ttf", "Noto Sans Hebrew", 500),
    ARABIC,
)

MAX_TEXT = 400
"""Characters of a text that are looked at; no card has room for more."""

_STEPS = ((84, 2), (76, 3), (68, 3), (60, 4), (52, 4), (46, 5))
"""Sizes of a title and the most lines it may fill at each, from the grandest."""

_MAX_MARKS = 2
_UNITS = 1000  # fonts are measured this large: nothing is rounded to a pixel


def font_files() -> list[str]:
    return [str(_path(file)) for file in dict.fromkeys(face.file for face in (*SERIF, *SANS))]


def drawable(text: str) -> str:
    """The text in characters that the fonts have: letters in fancy dress undressed, emoji and the like left out."""
    kept: list[str] = []
    marks = 0
    for char in unicodedata.normalize("NFC", tidy(text[:MAX_TEXT])):
        marks = marks + 1 if unicodedata.combining(char) else 0
        if marks > _MAX_MARKS:  # stacked higher, they reach into the lines around
            continue
        plain = char if _has(char) else unicodedata.normalize("NFKC", char)
        kept += [each for each in plain if _has(each)]
    return tidy("".join(kept))


def legible(text: str, share: float = 1.0) -> str:
    """What can be drawn of the text; nothing if less than this share of its letters can, or if it has none."""
    drawn = drawable(text)
    letters = _letters(tidy(text[:MAX_TEXT]))
    return drawn if letters and _letters(drawn) >= share * letters else ""


def reads_from_right(text: str) -> bool:
    """By its first letter with a direction (Unicode Standard Annex 9, P2)."""
    kinds = (unicodedata.bidirectional(char) for char in text)
    return next((kind != "L" for kind in kinds if kind in ("L", "R", "AL")), False)


def runs(text: str, faces: Faces) -> list[Run]:
    """The text cut where the font must change. Spaces and signs stay with the letters before them if they can."""
    chosen: list[tuple[Face, str]] = []
    face = next((face for char in text if char.isalpha() for face in faces if _covers(face, char)), faces[0])
    for char in text:
        if not _covers(face, char):
            face = next((other for other in faces if _covers(other, char)), face)
        chosen.append((face, char))
    return [Run(face, "".join(char for _, char in run)) for face, run in groupby(chosen, key=lambda pair: pair[0])]


def fit(title: str, width: float, *, narrow: bool) -> tuple[list[str], int]:
    """Lines and size of a title: the largest at which it fits whole; at the smallest it is cut at a word."""
    words = title.split(" ")
    widest = max(_em(word, SERIF) for word in words)
    steps = _STEPS[2:] if narrow else _STEPS
    for size, most in steps:
        lines = _wrap(words, width / size)
        if len(lines) <= most and widest * size <= width:
            return _balanced(words, widest, width / size, len(lines)), size
    size, most = steps[-1]
    lines = _wrap([piece for word in words for piece in _broken(word, width / size)], width / size)
    if len(lines) > most:
        lines = [*lines[: most - 1], cut(f"{lines[most - 1]} {lines[most]}", width, size, SERIF)]
    return lines, size


def cut(text: str, width: float, size: int, faces: Faces) -> str:
    """The text, or as many of its words as fit with an ellipsis; of a first word too wide, its beginning."""
    if _em(text, faces) * size <= width:
        return text
    head = text[: _longest(text, width / size - _em("…", faces), faces)]
    if text[len(head)] != " " and " " in head:
        head = head.rpartition(" ")[0]
    return head.rstrip(" ,.;:–—-") + "…"


def _letters(text: str) -> int:
    return sum(map(str.isalnum, text))


def _wrap(words: list[str], ems: float) -> list[str]:
    lines: list[str] = []
    used, space = 0.0, _em(" ", SERIF)
    for word in words:
        wide = _em(word, SERIF)
        if lines and used + space + wide <= ems:
            lines[-1] += " " + word
            used += space + wide
        else:
            lines.append(word)
            used = wide
    return lines


def _balanced(words: list[str], widest: float, ems: float, count: int) -> list[str]:
    """As many lines in the narrowest column, so that none is left with a single word."""
    narrow, wide = max(widest, ems / 2), ems
    for _ in range(8):
        middle = (narrow + wide) / 2
        narrow, wide = (narrow, middle) if len(_wrap(words, middle)) <= count else (middle, wide)
    return _wrap(words, wide)


def _broken(word: str, ems: float) -> list[str]:
    """A word in pieces of much the same width that fit a line each: with hyphens if it is all letters, or else, as
    an address, after its own signs where there are any."""
    left = _em(word, SERIF)
    if left <= ems:
        return [word]
    hyphen = "-" if word.strip("()„“”»«,.:;!?…").isalpha() else ""
    room = ems - _em(hyphen, SERIF)
    parts = math.ceil(left / room)
    pieces: list[str] = []
    while left > ems and len(word) > 1:
        if hyphen:
            at = _longest(word, min(room, left / max(parts - len(pieces), 2) + 0.5), SERIF)
        else:
            at = _longest(word, room, SERIF)
            at = next((sign for sign in range(at, at // 2, -1) if word[sign - 1] in "/-_.,&=?#:"), at)
        pieces.append(word[:at] + hyphen)
        word = word[at:]
        left = _em(word, SERIF)
    return [*pieces, word]


def _longest(text: str, ems: float, faces: Faces) -> int:
    """How many characters of a text too wide fit, at least one, without parting a letter from its marks."""
    low, high = 1, len(text) - 1
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if _em(text[:middle], faces) <= ems else (low, middle - 1)
    while low > 1 and unicodedata.combining(text[low]):
        low -= 1
    return low


@lru_cache(maxsize=4096)
def _em(text: str, faces: Faces) -> float:
    """Width of the text at size 1."""
    return sum(_font(run.face.file).getlength(run.text) for run in runs(text, faces)) / _UNITS


@lru_cache(maxsize=8192)
def _has(char: str) -> bool:
    return any(_covers(face, char) for face in SERIF) and any(_covers(face, char) for face in SANS)


@lru_cache(maxsize=16384)
def _covers(face: Face, char: str) -> bool:
    """Pillow has no way to ask; but a font draws every character that it lacks alike."""
    font, lacking = _probe(face.file)
    return char == " " or bytes(font.getmask(char)) != lacking


@lru_cache(maxsize=8)
def _probe(file: str) -> tuple[ImageFont.FreeTypeFont, bytes]:
    font = ImageFont.truetype(_path(file), 24, layout_engine=ImageFont.Layout.BASIC)
    return font, bytes(font.getmask("\uffff"))


@lru_cache(maxsize=8)
def _font(file: str) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(_path(file), _UNITS)


def _path(file: str) -> Path:
    return paths.widget_templates() / "fonts" / file
