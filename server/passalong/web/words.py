"""What pages say in each language: gettext catalogues, read from the `.po` files that translators edit.

Babel is imported with the first page that needs it: a console's server, which has no pages, starts without.
"""

from __future__ import annotations

import io
from datetime import datetime
from functools import cache
from gettext import GNUTranslations, NullTranslations

from passalong import paths
from passalong.domain.language import Language
from passalong.errors import Sentence

_UNITS = (Sentence("bytes"), Sentence("kB"), Sentence("MB"), Sentence("GB"))


class Words:
    """One language. What its catalogue lacks is said in English."""

    def __init__(self, language: Language, catalogue: NullTranslations) -> None:
        self.language = language
        self.catalogue = catalogue

    def say(self, sentence: str) -> str:
        """A sentence of ours, or of an error, in this language."""
        if isinstance(sentence, Sentence):
            said = self.catalogue.gettext(sentence.text)
            parts = {name: self.say(v) if isinstance(v, Sentence) else v for name, v in sentence.values.items()}
            leads = any(
                isinstance(v, Sentence) and said.startswith(f"%({name})s") for name, v in sentence.values.items()
            )
            said = said % parts if parts else said
            return first_up(said) if leads else said
        return self.catalogue.gettext(sentence) if sentence else ""

    def number(self, value: float) -> str:
        from babel.numbers import format_decimal

        return str(format_decimal(value, locale=self.language))

    def day(self, moment: datetime) -> str:
        """A date in words: 22 November 2026."""
        from babel.dates import format_date

        return str(format_date(moment, "long", locale=self.language))

    def month(self, month: int, *, short: bool = False) -> str:
        """The month 202611 in words: November 2026, or Nov."""
        from babel.dates import format_date, format_skeleton

        moment = datetime(month // 100, month % 100, 1)  # noqa: DTZ001 - a month has no zone
        if short:
            return str(format_date(moment, "LLL", locale=self.language))
        return str(format_skeleton("yMMMM", moment, locale=self.language))

    def file_size(self, size: float) -> str:
        """A size in bytes, for people: `820 bytes`, `4.1 kB`, `12 MB`."""
        from babel.numbers import format_decimal

        power = 0
        while size >= 1000 and power < len(_UNITS) - 1:
            size, power = size / 1000, power + 1
        shown = format_decimal(size, "0" if power == 0 or size >= 10 else "0.0", locale=self.language)
        return f"{shown} {self.say(_UNITS[power])}"


def first_up(text: str) -> str:
    """A phrase as it stands at the start of a sentence."""
    return text[:1].upper() + text[1:]


@cache
def words_of(language: Language) -> Words:
    """The words of a language, read once. A catalogue in Python's own form is made in memory: nothing to build."""
    if language is Language.EN:
        return Words(language, NullTranslations())
    from babel.messages.mofile import write_mo
    from babel.messages.pofile import read_po

    with (paths.widget_templates() / "locale" / f"{language}.po").open("rb") as file:
        catalogue = read_po(file, locale=str(language))
    packed = io.BytesIO()
    write_mo(packed, catalogue)
    packed.seek(0)
    return Words(language, GNUTranslations(packed))
