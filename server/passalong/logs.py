"""Log lines on standard error, as text or as JSON, each with the id of the request in which it was written.

Only what Passalong itself logs is told below the level of a warning: at that depth the libraries under it write
addresses, headers and the values of statements, and those are personal or secret.
"""

from __future__ import annotations

import json
import logging
import os
from contextvars import ContextVar
from datetime import UTC, datetime

from passalong.settings import Log

REQUEST_ID: ContextVar[str] = ContextVar("request_id", default="")
"""Of the request that is being answered; empty outside of any."""
FIELDS = "fields"
"""The attribute of a record (given as `extra`) whose mapping becomes fields of a JSON line."""


class _Text(logging.Formatter):
    def __init__(self) -> None:
        super().__init__("%(levelname)s %(name)s: %(message)s")

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - logging calls it so
        told = super().formatMessage(record).replace("\n", " ").replace("\x1b", "")
        return f"{told} [{id}]" if (id := REQUEST_ID.get()) else told


class _Json(logging.Formatter):
    """One object a line: `time` (RFC 3339, UTC), `level`, `logger`, `message`, `process`; `request_id` and `exception`
    where there is one, and the fields of the record."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            "process": os.getpid(),
        }
        if id := REQUEST_ID.get():
            line["request_id"] = id
        line |= getattr(record, FIELDS, {})
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False, default=str)


def configure(config: Log) -> None:
    """Sends every line of this process to standard error, as the settings say."""
    handler = logging.StreamHandler()
    handler.setFormatter(_Json() if config.format == "json" else _Text())
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)
    logging.getLogger("passalong").setLevel(config.level.upper())
