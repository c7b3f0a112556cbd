"""The refusals that a route of the API can give, for its description."""

from __future__ import annotations

from litestar.openapi.datastructures import ResponseSpec
from msgspec import Struct


class FaultAnswer(Struct):
    """One thing wrong with one field, named as the sender wrote it."""

    field: str
    message: str


class ProblemAnswer(Struct, omit_defaults=True):
    """Problem details, RFC 9457. `faults` names every field that needs another look, `request_id` the
    request in the server's log, where the fault is the server's."""

    type: str
    title: str
    status: int
    detail: str
    faults: list[FaultAnswer] = []
    request_id: str = ""


_WHEN = {
    400: "The request could not be read as described",
    401: "No valid API key",
    403: "The key's role does not reach this far",
    404: "There is no such thing",
    409: "It contradicts what is already so",
    413: "Larger than this server takes",
    422: "Some fields need another look",
    503: "Nothing was stored; come back after `Retry-After` seconds",
}

REFUSALS: dict[int, ResponseSpec] = {
    status: ResponseSpec(
        ProblemAnswer, generate_examples=False, description=when, media_type="application/problem+json"
    )
    for status, when in _WHEN.items()
}
