"""The letter to somebody who asked to be erased: who asked for what, and the link by which it is confirmed."""

from __future__ import annotations

from urllib.parse import urlsplit

from passalong.domain.erasure import LINK_MAX_AGE_MS, issue
from passalong.domain.instant import DAY_MS
from passalong.domain.language import negotiate
from passalong.domain.letter import Letter
from passalong.domain.text import tidy
from passalong.domain.token import Keyring
from passalong.errors import Sentence
from passalong.settings import Settings
from passalong.store.catalog import Catalog
from passalong.store.erasures import Erasures
from passalong.web.words import words_of


class ErasureLetters:
    """Composes what jobs of the topic `confirmation` ask for; the subject of a job is the request's id."""

    def __init__(self, settings: Settings, erasures: Erasures, catalog: Catalog, keyring: Keyring) -> None:
        self._settings = settings
        self._erasures = erasures
        self._catalog = catalog
        self._keyring = keyring

    async def compose(self, subject: str) -> Letter | None:
        """The letter; None when it is done, over, or nobody is left to write to."""
        asked = await self._erasures.waiting(subject)
        if asked is None:
            return None
        words, base_url = words_of(negotiate(asked.language)), self._settings.base_url
        somebody = Sentence(
            "Somebody entered this address at %(where)s and asked for all that is kept of it to be erased. If that was "
            "you, open this page and press the button on it:",
            where=self._where(),
        )
        otherwise = Sentence(
            "The link is good for %(days)s days. If it was not you, there is nothing that you need to do, and nothing "
            "is erased.",
            days=LINK_MAX_AGE_MS // DAY_MS,
        )
        text = [
            words.say(somebody),
            "",
            f"{base_url}/privacy/erase/{issue(self._keyring, subject, asked.asked_at_ms)}",
            "",
            words.say(otherwise),
            f"{base_url}/privacy",
        ]
        title = words.say(Sentence("Please confirm that you want to be erased"))
        return Letter(to=asked.address, subject=title, text="\n".join(text) + "\n")

    async def sent(self, subject: str) -> None:
        """The letter has gone; the address is forgotten."""
        await self._erasures.sent(subject)

    def _where(self) -> str:
        """Whose server this is: its only brand, or its host."""
        brands = list(self._catalog.brands.values())
        return tidy(brands[0].name) if len(brands) == 1 else urlsplit(self._settings.base_url).hostname or ""
