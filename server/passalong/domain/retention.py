"""How long what is kept: the settings `retention.*`, and what is fixed because it works only so."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

Days = Annotated[int, Meta(ge=0, le=36_500)]
"""0: for good."""


class Retention(Struct, frozen=True, forbid_unknown_fields=True):
    """In days; 0 for good. What is over is put away once an hour."""

    leads_days: Days = 0
    """After the last event of a lead it is erased, as by hand."""
    signals_days: Days = 0
    """Signals about customers; rules see no further back."""
    plays_days: Days = 0
    """Plays that were done, dismissed or let go, with what was said of them."""
    jobs_days: Annotated[int, Meta(ge=1, le=36_500)] = 90
    """Jobs that were done can be looked up, and webhooks be sent again, for so long."""
    audit_days: Days = 0
    """The audit trail."""
    backups_days: Days = 0
    """How long you keep backups, which Passalong does not do for you; /privacy says so. 0: it says that you know."""
