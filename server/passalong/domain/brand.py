"""A brand: the vendor's look. Its accent is corrected until text in it can be read (WCAG 2.2 AA)."""

from __future__ import annotations

import re
from typing import Annotated

from msgspec import Meta, Struct

from passalong.domain.address import NEEDED, web_url
from passalong.domain.share import Id
from passalong.errors import Fault, Invalid

AA_TEXT = 4.5
"""Least contrast of body text, WCAG 2.2 success criterion 1.4.3."""

LIGHT_PAPER = "#f5f5f3"
DARK_PAPER = "#1d2026"
"""The surfaces of base.css that leave text the least contrast: the shaded ones."""

Colour = Annotated[str, Meta(pattern=r"^#[0-9A-Fa-f]{6}$(?!\n)", description="six hex digits, as #0b5fff")]
_HOST = re.compile(r"^(\*\.)?([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)*[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(:\d{1,5})?\Z")


class BrandBody(Struct, forbid_unknown_fields=True):
    """A brand as an integrator writes it. `logo` is a `data:` URI of a PNG, JPEG or WebP image."""

    name: Annotated[str, Meta(min_length=1, max_length=80)]
    accent: Colour
    home_url: Annotated[str, Meta(max_length=500)]
    logo: Annotated[str, Meta(max_length=400_000)] | None = None
    privacy_url: Annotated[str, Meta(max_length=500)] | None = None
    embed_hosts: Annotated[list[Annotated[str, Meta(max_length=255)]], Meta(max_length=50)] = []


class Brand(Struct, frozen=True, kw_only=True):
    """A brand as it is kept. `logo` names a stored picture."""

    id: Id
    name: str
    accent: str
    home_url: str
    logo: str | None = None
    privacy_url: str | None = None
    embed_hosts: tuple[str, ...] = ()


def build(id: str, body: BrandBody, logo: str | None) -> Brand:
    """A checked brand; raises Invalid with every fault."""
    home_url = web_url(body.home_url)
    privacy_url = web_url(body.privacy_url) if body.privacy_url is not None else None
    faults = []
    if home_url is None:
        faults.append(Fault("home_url", NEEDED))
    if body.privacy_url is not None and privacy_url is None:
        faults.append(Fault("privacy_url", NEEDED))
    hosts = tuple(host.strip().lower() for host in body.embed_hosts)
    faults += [
        Fault(f"embed_hosts[{n}]", "Write a host alone, as docs.example.com or *.example.com.")
        for n, host in enumerate(hosts)
        if not _HOST.match(host)
    ]
    if faults or home_url is None:
        raise Invalid(faults)
    return Brand(
        id=id,
        name=body.name,
        accent=body.accent.lower(),
        home_url=home_url,
        logo=logo,
        privacy_url=privacy_url,
        embed_hosts=hosts,
    )


def luminance(colour: str) -> float:
    """Relative luminance in [0, 1] of `#rrggbb`; WCAG 2.2, "relative luminance"."""
    channels = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """Contrast ratio in [1, 21]; WCAG 2.2, "contrast ratio"."""
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def readable(colour: str, paper: str) -> str:
    """The colour nearest to the given one, towards black or white, that reads as text on the paper."""
    towards = "#000000" if luminance(paper) > 0.18 else "#ffffff"
    for percent in range(0, 101, 2):
        candidate = mix(colour, towards, percent / 100)
        if contrast(candidate, paper) >= AA_TEXT:
            return candidate
    return towards


def on(colour: str) -> str:
    """Text to set on a surface of this colour: white or black. One of the two reads on any colour (4.58:1 at least)."""
    return "#ffffff" if contrast(colour, "#ffffff") >= AA_TEXT else "#000000"


def mix(colour: str, other: str, share: float) -> str:
    """`share` of the other colour blended in, per sRGB channel."""
    pairs = ((int(colour[at : at + 2], 16), int(other[at : at + 2], 16)) for at in (1, 3, 5))
    return "#" + "".join(f"{round(a + (b - a) * share):02x}" for a, b in pairs)
