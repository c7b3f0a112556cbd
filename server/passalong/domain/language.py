"""The languages that pages speak, and which of them a reader gets."""

from __future__ import annotations

from enum import StrEnum
from functools import lru_cache
from typing import Annotated

from msgspec import Meta

LanguageTag = Annotated[
    str, Meta(pattern=r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$(?!\n)", description="BCP 47, as de or pt-BR")
]


class Language(StrEnum):
    EN = "en"
    DE = "de"
    FR = "fr"
    IT = "it"
    ES = "es"
    NL = "nl"


SPOKEN = frozenset(Language)


@lru_cache(maxsize=1024)
def negotiate(accept_language: str, content: str | None = None) -> Language:
    """The language of a page: the content's own if we speak it, else what the reader prefers (RFC 9110, 12.5.4).

    >>> negotiate("pt-BR, fr-CH;q=0.8, en;q=0.9")
    <Language.EN: 'en'>
    """
    if content and (own := content.split("-")[0].lower()) in SPOKEN:
        return Language(own)
    asked: list[tuple[float, int, str]] = []
    for place, part in enumerate(accept_language.split(",")[:20]):
        tag, _, parameters = part.partition(";")
        _, _, weight = parameters.partition("q=")
        try:
            quality = float(weight) if weight else 1.0
        except ValueError:
            continue
        asked.append((-quality, place, tag.strip().split("-")[0].lower()))
    for quality, _, tag in sorted(asked):
        if tag in SPOKEN and quality < 0:
            return Language(tag)
    return Language.EN
