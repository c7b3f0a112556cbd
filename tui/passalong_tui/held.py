"""What stands of a month that was reviewed, at once or in parts, counted as the server does."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec.structs import replace

from passalong_tui.answers.reviews import Review


class Past:
    """One decision of a review that was held."""

    def __init__(self, review: Review, place: int) -> None:
        self.review = review
        self.said = review.decisions[place]
        self.key = f"{review.id} {place}"


def standing(reviews: Sequence[Review], month: str | None) -> dict[str, Past]:
    """Of each mechanic the last decision of a month. `reviews` are the latest first."""
    held = [review for review in reversed(reviews) if review.month == month]
    return {said.mechanic: Past(review, n) for review in held for n, said in enumerate(review.decisions)}


def review_of(reviews: Sequence[Review], month: str | None) -> Review | None:
    """The last review of a month, with what stands of those before and the notes of all; None if none was held."""
    held = [review for review in reversed(reviews) if review.month == month]
    if not held:
        return None
    notes = dict.fromkeys(review.note for review in held if review.note)
    decisions = [past.said for past in standing(held[::-1], month).values()]
    return replace(held[-1], decisions=decisions, note="\n".join(notes))
