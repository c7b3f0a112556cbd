"""Letters, carried to one SMTP server. Removable by deleting this folder and its lines in `app.py`.

Sending needs aiosmtplib, which the extra `mail` brings; nothing of it is imported unless `mail.host` is set.
"""

from __future__ import annotations

from importlib.util import find_spec

MISSING = "mail.host is set, and sending mail needs aiosmtplib: pip install 'passalong[mail]'."


def installed() -> bool:
    """Whether letters could be sent at all."""
    return find_spec("aiosmtplib") is not None
