"""The monthly review by mail: to the owners of what is reviewed, on a day of the month after."""

from __future__ import annotations

from passalong.domain.instant import Calendar, Clock, months_back
from passalong.domain.letter import Letter, address_in
from passalong.report import document
from passalong.settings import Mail
from passalong.store.catalog import Catalog
from passalong.store.letters import Letters
from passalong.store.monthly import MonthlyReviews

REVIEW = "review"
"""Topic of its jobs. A subject is the month and the keyed hash of an address, as `2026-10/9f86…`."""


class Review:
    """Composer of the letters, and the look that queues them."""

    def __init__(
        self,
        config: Mail,
        letters: Letters,
        monthly: MonthlyReviews,
        catalog: Catalog,
        calendar: Calendar,
        clock: Clock,
    ) -> None:
        self._config = config
        self._letters = letters
        self._monthly = monthly
        self._catalog = catalog
        self._calendar = calendar
        self._clock = clock

    async def look(self) -> None:
        """Queues the review of the month that is over, once, when its day has come; none of before there was mail."""
        today = self._calendar.day(self._clock())
        [over, _] = months_back(today // 100, 2)
        await self._letters.begin_after(REVIEW, over)
        if 0 < self._config.review_day <= today % 100:
            await self._letters.queue_once(REVIEW, over, self._recipients())

    async def compose(self, subject: str) -> Letter | None:
        month, _, named = subject.partition("/")
        by_hash = await self._letters.by_hash(self._recipients())
        if named not in by_hash:
            return None
        review = await self._monthly.of(int(month.replace("-", "")), self._clock())
        return Letter(
            to=by_hash[named],
            subject=document.title(review),
            text=document.render(review, "text"),
            html=document.render(review, "html"),
        )

    async def sent(self, subject: str) -> None:
        """Nothing more: that it was queued is remembered."""

    def _recipients(self) -> list[str]:
        """Those whom the settings name, and owners of live mechanics who are addresses."""
        owners = (m.owner for m in self._catalog.mechanics.values() if m.tombstone is None)
        found = (address_in(text) for text in (*self._config.review_to, *owners))
        return list(dict.fromkeys(address for address in found if address is not None))
