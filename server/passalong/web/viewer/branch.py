"""Branches: the shares that grow out of a share when a viewer passes it along, or forwards a page that was theirs."""

from __future__ import annotations

import hashlib
import secrets

from itsdangerous.encoding import base64_encode

from passalong.domain.share import MAX_HOPS, Claims, mint
from passalong.domain.token import Keyring
from passalong.web.viewer.link import Link

CHANNEL = "pass-along"


def branch_of(keyring: Keyring, link: Link, lead: str | None) -> str | None:
    """The token of the branch by which somebody passes a share along; None where no further hop is allowed.

    A lead has one branch of each share, however often it is asked for; who is unknown gets a new one every time.
    """
    if link.claims.hop >= MAX_HOPS or not link.mechanic.records_viewers:
        return None
    claims = link.claims
    nonce = _nonce(link.share, lead) if lead else secrets.token_urlsafe(6)
    return mint(
        keyring,
        Claims(
            asset=claims.asset,
            customer=claims.customer,
            mechanic=claims.mechanic,
            channel=CHANNEL,
            sharer=lead,
            parent=link.share,
            hop=claims.hop + 1,
            expires_at_s=claims.expires_at_s,
            nonce=nonce,
        ),
    )


def _nonce(share: str, lead: str) -> str:
    return base64_encode(hashlib.sha256(f"{share} {lead}".encode()).digest()[:6]).decode()


def parent_lead(link: Link) -> str | None:
    """The lead who passed this share along; None for a share that is nobody's branch or an unknown viewer's."""
    return link.claims.sharer if link.claims.parent is not None else None
