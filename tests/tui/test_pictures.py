"""Every screen as a picture, in both sizes and two looks, full and on the first day.

`pytest tests/tui/test_pictures.py --snapshot-update` draws them anew: look at each before it is kept.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta

import pytest
from console_driver import Driver
from syrupy.assertion import SnapshotAssertion
from syrupy.extensions.single_file import SingleFileSnapshotExtension, WriteMode
from tape import BASE_URL, Tape
from ways import WAYS, go, still

from passalong_tui.app import Console
from passalong_tui.client import Client
from passalong_tui.commands import CUSTOMER, LEAD, OPPORTUNITY, SHARE
from passalong_tui.memory import Memory
from passalong_tui.themes import DARK, LIGHT
from passalong_tui.words import Zone

SIZES = [(80, 24), (160, 50)]
OF_SOMETHING = {CUSTOMER, LEAD, SHARE, OPPORTUNITY}
"""Screens that a server on its first day has nothing for."""
PICTURES = [
    (name, screen) for name in ("full", "empty") for screen in WAYS if name == "full" or screen not in OF_SOMETHING
]


class Picture(SingleFileSnapshotExtension):
    file_extension = "svg"
    _write_mode = WriteMode.TEXT


@pytest.fixture
def one_moment() -> Iterator[None]:
    clock, utc = Zone.clock, Zone.utc
    yield
    Zone.clock, Zone.utc = clock, utc


@pytest.mark.parametrize("look", [DARK.name, LIGHT.name])
@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
@pytest.mark.parametrize(("name", "screen"), PICTURES)
async def test_the_screen_looks_as_it_was_approved(
    name: str, screen: str, size: tuple[int, int], look: str, snapshot: SnapshotAssertion, one_moment: None
) -> None:
    tape = Tape(name)
    moment = tape.at + timedelta(minutes=2)
    Zone.clock = staticmethod(lambda: moment)
    async with Client(BASE_URL, "pak_none", tape) as client:
        console = Console(client, "mara", memory=Memory(utc=True, theme=look), refresh_s=3600, quiet_s=3600)
        async with console.run_test(size=size) as pilot:
            tui = Driver(console, pilot)
            await go(tui, screen)
            await still(tui)
            assert not console.trouble, console.trouble
            assert drawn(console) == snapshot(extension_class=Picture)


def drawn(console: Console) -> str:
    """The screen as SVG, without the fonts that it would fetch from elsewhere."""
    return re.sub(r"@font-face\s*\{.*?\}\s*", "", console.export_screenshot(), flags=re.DOTALL)
