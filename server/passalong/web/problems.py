"""The one table from kinds of errors to HTTP. HTML and JSON refuse alike because both read it here."""

from __future__ import annotations

import logging
from http import HTTPStatus
from typing import Any

from litestar.exceptions import HTTPException, ValidationException

from passalong import errors
from passalong.domain.faults import fault_of
from passalong.errors import Sentence
from passalong.logs import REQUEST_ID

_LOG = logging.getLogger(__name__)

_STATUS: dict[type[Exception], int] = {
    errors.Invalid: 422,
    errors.BadToken: 404,
    errors.NotFound: 404,
    errors.Gone: 410,
    errors.Conflict: 409,
    errors.Unauthenticated: 401,
    errors.Forbidden: 403,
    errors.TooMany: 429,
    errors.Unavailable: 503,
}

_SENTENCES: dict[int, str] = {
    404: Sentence("There is nothing at this address."),
    405: Sentence("This address does not take requests of that kind."),
    408: Sentence("What was sent took too long to arrive. Nothing of it was kept."),
    413: Sentence("What was sent is larger than this server takes."),
    415: Sentence("This address takes forms as browsers send them (application/x-www-form-urlencoded)."),
}
_NO_BODY = "'data'"
"""What Litestar says where a body is needed and none came."""
_OURS = Sentence("Something went wrong on our side. It has been noted; nothing you sent was kept.")


class Problem:
    """An error as HTTP sees it: status, a sentence, faults by field, extra headers.

    `reference` is the id of the request where the fault is ours, for whoever looks into it. Other refusals have none:
    what is unknown and what is another's read alike, to the byte.
    """

    def __init__(self, error: Exception) -> None:
        self.faults: tuple[errors.Fault, ...] = ()
        self.headers: dict[str, str] = {}
        if type(error) in _STATUS:
            self.status = _STATUS[type(error)]
            self.sentence: str = error.sentence if isinstance(error, errors.PassalongError) else str(error)
            if isinstance(error, errors.Invalid):
                self.faults = error.faults
                self.sentence = "Some fields need another look." if len(error.faults) > 1 else str(error)
            if isinstance(error, errors.TooMany | errors.Unavailable):
                self.headers["retry-after"] = str(error.retry_after_s)
            if isinstance(error, errors.Unauthenticated):
                self.headers["www-authenticate"] = "Bearer"
        elif isinstance(error, HTTPException):
            self.status = error.status_code
            self.sentence = _SENTENCES.get(error.status_code) or error.detail or HTTPStatus(error.status_code).phrase
            self.headers = {name.lower(): str(value) for name, value in (error.headers or {}).items()}
            if isinstance(error, ValidationException):
                self.faults = _faults(error)
                self.sentence = "The request could not be read as described."
        elif type(error) is LookupError:  # a form in a character set that nobody has heard of
            self.status = 400
            self.sentence = Sentence("What was sent could not be read.")
        else:
            self.status = 500
            self.sentence = _OURS
            _LOG.error("unexpected %s", type(error).__name__, exc_info=error)
        self.reference = REQUEST_ID.get() if self.status >= 500 else ""

    def details(self) -> dict[str, Any]:
        """RFC 9457 problem details. `faults` is a list of `{field, message}`, `request_id` the reference."""
        details: dict[str, Any] = {
            "type": "about:blank",
            "title": HTTPStatus(self.status).phrase,
            "status": self.status,
            "detail": str(self.sentence),
        }
        if self.faults:
            details["faults"] = [{"field": fault.field, "message": str(fault.message)} for fault in self.faults]
        if self.reference:
            details["request_id"] = self.reference
        return details


def _faults(error: ValidationException) -> tuple[errors.Fault, ...]:
    entries = error.extra if isinstance(error.extra, list) else []
    if [entry.get("message") for entry in entries] == [_NO_BODY]:
        return (errors.Fault("body", "This is needed."),)
    return tuple(
        fault_of(str(entry.get("message", "")), "" if entry.get("key") == "data" else str(entry.get("key") or ""))
        for entry in entries
    )
