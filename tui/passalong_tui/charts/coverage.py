"""How much of the pipeline carries a name: one bar, and the same in words."""

from __future__ import annotations

from textual.content import Content

from passalong_tui.words import chance, counted, number, percent


def coverage(attributed: float, known: int, width: int) -> Content:
    """`Coverage ████████░░░░ 64 %  32 of 50 known opportunities`; the words alone where there is no room for a bar."""
    if not known:
        return Content.styled("Coverage: no opportunity is known yet.", "$quiet")
    part = chance(attributed / known) if 0 < attributed < known else percent(attributed, known)
    words = f"{number(attributed)} of {counted(known, 'known opportunity', 'known opportunities')}"
    room = width - len("Coverage  ") - len(part) - len(words) - 3
    if room < 6:
        return Content.assemble(("Coverage ", ""), (part, "bold"), (f"  {words}", "$quiet"))
    cells = min(room, 40)
    filled = min(max(round(cells * attributed / known), 1 if attributed else 0), cells)
    if attributed < known:
        filled = min(filled, cells - 1)  # never full while something is missing
    return Content.assemble(
        "Coverage ",
        ("█" * filled, "$accent"),
        ("░" * (cells - filled), "$faint"),
        (f" {part}", "bold"),
        (f"  {words}", "$quiet"),
    )
