"""The kinds of things that go wrong, each in a sentence a person can act on.

Every door (HTML, JSON, command line, console) maps these kinds to its own form of refusal; none is
raised with a status code.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple, Self


class Sentence(str):
    """An English sentence that remembers its parts, so that a page can say it in the reader's language.

    >>> Sentence("%(name)s shared this.", name="Initech")
    'Initech shared this.'
    """

    text: str
    values: dict[str, object]

    def __new__(cls, text: str, **values: object) -> Self:
        made = super().__new__(cls, text % values if values else text)
        made.text, made.values = text, values
        return made


class Fault(NamedTuple):
    """One thing wrong with one field. `field` is its name as the sender wrote it."""

    field: str
    message: str


class PassalongError(Exception):
    """Base of all errors that a user can cause or must hear of. `str()` is the sentence, in English."""

    @property
    def sentence(self) -> str:
        """The sentence as it was raised: a Sentence, if pages show it."""
        return self.args[0] if self.args and isinstance(self.args[0], str) else str(self)


class Invalid(PassalongError):
    """Input that cannot be accepted, with every fault found, not the first alone."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults = tuple(faults)
        super().__init__("; ".join(f"{fault.field}: {fault.message}" for fault in self.faults))

    @classmethod
    def one(cls, field: str, message: str) -> Invalid:
        return cls([Fault(field, message)])


class BadToken(PassalongError):
    """A token that was not signed here for this purpose. Says nothing about why, to anyone."""

    def __init__(self) -> None:
        super().__init__(Sentence("This token was not signed here."))


class NotFound(PassalongError):
    """There is no such thing, or none that the asker may know of."""


class Gone(PassalongError):
    """A link that once led somewhere. `reason` is `expired`, `revoked` or `ended`."""

    def __init__(self, reason: str, sentence: str) -> None:
        self.reason = reason
        super().__init__(sentence)


class Elsewhere(PassalongError):
    """The vendor has led these links to another address: all of them, whatever part of the page is asked for."""

    def __init__(self, url: str) -> None:
        self.url = url
        super().__init__(Sentence("This page has moved."))


class Conflict(PassalongError):
    """The request contradicts what is already so."""


class Unauthenticated(PassalongError):
    """No API key, or none that is known here."""


class Forbidden(PassalongError):
    """A known API key whose role does not reach this far."""


class TooMany(PassalongError):
    """Asked too often; come back after `retry_after_s` seconds. `left` says how many of several at once there was room
    for, where a day holds so many."""

    def __init__(self, retry_after_s: int, left: int | None = None) -> None:
        self.retry_after_s = retry_after_s
        self.left = left
        super().__init__(Sentence("Too many requests. Try again in %(seconds)s seconds.", seconds=retry_after_s))


class Unavailable(PassalongError):
    """Nothing was stored; come back after `retry_after_s` seconds. The disk is full or the database locked."""

    def __init__(self, sentence: str, retry_after_s: int = 5) -> None:
        self.retry_after_s = retry_after_s
        super().__init__(sentence)


class Unusable(PassalongError):
    """Settings, a database file or an environment that this program refuses to run on."""


def refusal_in(raised: BaseException) -> PassalongError | None:
    """What went wrong that has a sentence, also among others in a group."""
    if isinstance(raised, BaseExceptionGroup):
        return next(filter(None, map(refusal_in, raised.exceptions)), None)
    return raised if isinstance(raised, PassalongError) else None
