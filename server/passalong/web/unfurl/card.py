"""What stands on a card, apart from the drawing of it: only the process that draws loads Pillow and resvg."""

from __future__ import annotations

import hashlib
from pathlib import Path

from msgspec import Struct

from passalong import paths


class Card(Struct, frozen=True, kw_only=True):
    """What stands on a card. `fallback` is a sentence for a title in a script that cannot be drawn; `customer` and
    `brand` give the initials where there are no logos. Logos and picture are paths of stored files, named by their
    content."""

    title: str
    fallback: str
    kicker: str
    maker: str
    brand: str
    accent: str
    customer: str = ""
    brand_logo: str | None = None
    customer_logo: str | None = None
    picture: str | None = None


def edition() -> str:
    """Names the look: it changes with the template and the modules that draw, so that kept cards are drawn anew."""
    here = Path(__file__).parent
    sources = [here / f"{name}.py" for name in ("drawing", "lettering", "pictures")]
    sources.append(paths.widget_templates() / "card.svg")
    return hashlib.sha256(b"\0".join(source.read_bytes() for source in sources)).hexdigest()[:12]
