"""How a brand looks on pages: its accent as it is and as it is corrected, and the line on top."""

from __future__ import annotations

import re

from rich.cells import cell_len
from textual.content import Content

from passalong.domain.brand import AA_TEXT, DARK_PAPER, LIGHT_PAPER, contrast, on, readable
from passalong_tui import safe
from passalong_tui.answers.settings import Brand
from passalong_tui.words import NOTHING

_COLOUR = re.compile(r"#[0-9a-f]{6}\Z")
_LINE = 52

Part = str | tuple[str, str]


def look(brand: Brand, customer: str) -> Content:
    """`customer` is one whose page is shown as an example."""
    parts: list[Part] = [
        (safe.line(brand.name, 60), "bold"),
        ("  ", ""),
        (safe.line(brand.id), "$quiet"),
        "\n\n",
        *_accent(brand.accent),
        "\n",
        ("The top line of a page\n", "$quiet"),
        *_top(brand, customer),
        "\n\n",
    ]
    told = {
        "Leads to": brand.home_url,
        "Privacy": brand.privacy_url,
        "Logo": "yes" if brand.logo else None,
        "Framed by": ", ".join(brand.embed_hosts),
    }
    for label, value in told.items():
        parts += [(f"{label:<11}", "$quiet"), safe.line(value) or NOTHING, "\n"]
    parts.append(("Changed with PUT /api/v1/brands/{id}.", "$quiet"))
    return Content.assemble(*parts)


def _accent(accent: str) -> list[Part]:
    """The colour, and how it reads: every ratio in words, so that nobody has to see it."""
    if not _COLOUR.match(accent):
        return [safe.line(accent, 40), "\n"]
    text = on(accent)
    name = "white" if text == "#ffffff" else "black"
    return [
        (f"  {accent}  ", f"{text} on {accent}"),
        f"  {name} text on it: {contrast(text, accent):.1f}:1\n",
        *_against(accent, LIGHT_PAPER, "Light"),
        *_against(accent, DARK_PAPER, "Dark"),
    ]


def _against(accent: str, paper: str, pages: str) -> list[Part]:
    ratio = contrast(accent, paper)
    said = f"{pages} pages {ratio:.1f}:1, "
    if ratio >= AA_TEXT:
        return [said, "reads as text.\n"]
    better = readable(accent, paper)
    return [said, "too faint; text there is ", (f" {better} ", f"{on(better)} on {better}"), "\n"]


def _top(brand: Brand, customer: str) -> list[Part]:
    """As on a share page: whose it is on the left, whose product on the right."""
    customer, vendor = safe.line(customer, 16), safe.line(brand.name, 16)
    gap = max(_LINE - cell_len(f"Shared by {customer}Made with {vendor}"), 2)
    return ["Shared by ", (customer, "bold"), f"{' ' * gap}Made with ", (vendor, "bold")]
