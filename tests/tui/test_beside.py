"""The console of a local database and the server beside it: they begin, fail and end together."""

from __future__ import annotations

import os
import signal
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from commands import run
from factories import eventually
from passalong.demo.setup import settings_in
from teletype import ALTERNATE, ORDINARY, Teletype

SHOWN = "What did customers bring"


Start = Callable[..., Teletype]
"""Starts a console in the folder, with these arguments."""


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A folder after `passalong init`."""
    run(tmp_path, "init", "--base-url", "https://share.acme.example")
    return tmp_path


@pytest.fixture
def temporary() -> Iterator[Path]:
    """Where temporary things are. A socket's path must be short, which those of pytest are not."""
    with TemporaryDirectory(prefix="pa-") as folder:
        yield Path(folder)


@pytest.fixture
def console(home: Path, temporary: Path) -> Start:
    return lambda *args: Teletype(home, "console", *args, TMPDIR=str(temporary))


def server_of(pid: int) -> int | None:
    """The process that the console has started."""
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            if int(stat.read_text().rpartition(")")[2].split()[1]) == pid:
                return int(stat.parent.name)
        except (FileNotFoundError, ProcessLookupError):
            continue
    return None


def serving(pid: int) -> int:
    return eventually(lambda: server_of(pid)) or 0


def gone(pid: int) -> bool:
    """Whether a process has ended, be it that nobody has asked for its end yet."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except (FileNotFoundError, ProcessLookupError):
        return True


def test_it_shows_the_database_and_leaves_nothing_behind(home: Path, temporary: Path, console: Start) -> None:
    with console() as tui:
        tui.until(SHOWN, "No opportunity is known yet", "live")
        server = serving(tui.pid)
        [folder] = list(temporary.iterdir())
        assert folder.stat().st_mode & 0o777 == 0o700
        assert tui.leave() == 0
        assert tui.text.rstrip().endswith("l"), "nothing is said after the screen was given back"
        assert gone(server)
    assert list(temporary.iterdir()) == []
    run(home, "verify")


def test_the_key_that_it_lends_itself_is_in_no_list_of_processes(temporary: Path, console: Start) -> None:
    """Arguments can be read by everybody on the machine. Anything long enough to be a key would be one."""
    with console() as tui:
        tui.until("live")
        for pid in (tui.pid, serving(tui.pid)):
            *_, last = Path(f"/proc/{pid}/cmdline").read_bytes().rstrip(b"\0").split(b"\0")
            assert max(map(len, last.replace(str(temporary).encode(), b"").replace(b"/", b" ").split())) < 32
        assert tui.leave() == 0


def test_a_console_that_is_killed_takes_its_server_with_it(temporary: Path, console: Start) -> None:
    with console() as tui:
        tui.until("live")
        server = serving(tui.pid)
        tui.kill()
        eventually(lambda: gone(server))
        eventually(lambda: not list(temporary.iterdir()))


def test_a_server_that_is_killed_comes_back(console: Start) -> None:
    with console() as tui:
        tui.until("live")
        server = serving(tui.pid)
        os.kill(server, signal.SIGKILL)
        eventually(lambda: gone(server))
        eventually(lambda: server_of(tui.pid) not in (None, server))
        tui.press(b"4")
        tui.until("No share is out yet.")
        assert tui.leave() == 0


def test_two_consoles_at_once(temporary: Path, console: Start) -> None:
    with console() as one, console("--db", "passalong.db") as other:
        one.until("live")
        other.until("live")
        assert len(list(temporary.iterdir())) == 2
        assert one.leave() == 0
        other.written = b""
        other.press(b"2")
        other.until("Which mechanic produces pipeline?")
        assert other.leave() == 0
    assert list(temporary.iterdir()) == []


def test_a_place_for_temporary_things_may_be_far_down(home: Path) -> None:
    deep = home / ("deep" * 20)
    deep.mkdir()
    with Teletype(home, "console", TMPDIR=str(deep)) as tui:
        tui.until("live")
        assert tui.leave() == 0
    assert list(deep.iterdir()) == []


def test_the_settings_beside_a_database_are_its_own(tmp_path: Path, temporary: Path) -> None:
    """As after `passalong demo`, whose folder is not where one stands."""
    demo, here = tmp_path / "demo", tmp_path / "here"
    for folder in (demo, here):
        folder.mkdir()
    config = settings_in(demo, "http://localhost:8000")
    run(here, "--config", str(demo / "passalong.toml"), "keys", "create", "laptop")
    with Teletype(here, "console", "--db", config.database, columns=160, TMPDIR=str(temporary)) as tui:
        tui.until("live")
        tui.press(b",")
        tui.until("How is this server set up?", "demo/passalong.toml")
        assert tui.leave() == 0


def test_a_database_whose_signing_keys_are_not_known_is_said_in_a_sentence(home: Path, console: Start) -> None:
    (home / "elsewhere").mkdir()
    (home / "passalong.db").rename(home / "elsewhere" / "passalong.db")
    (home / "passalong.toml").unlink()
    with console("--db", "elsewhere/passalong.db") as tui:
        assert tui.end() == 1
        assert "no passalong.toml beside it" in " ".join(tui.text.split())
        assert ALTERNATE not in tui.written


def _newer(path: Path) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.execute("PRAGMA user_version = 99")


def _letter(path: Path) -> None:
    path.write_bytes(b"this is a letter to my grandmother, and no database at all\n" * 100)


@pytest.mark.parametrize(("spoil", "words"), [(_newer, "by a newer Passalong"), (_letter, "untouched")])
def test_a_database_that_cannot_be_served_is_said_in_a_sentence(
    home: Path, temporary: Path, console: Start, spoil: Callable[[Path], None], words: str
) -> None:
    spoil(home / "passalong.db")
    with console() as tui:
        assert tui.end() == 1
        assert "Traceback" not in tui.text
        last = tui.text.rstrip().rpartition("passalong: ")[2]
        assert words in " ".join(last.split())
        # The terminal is given back before the sentence is said, or was never taken.
        assert tui.written.rfind(ORDINARY) > tui.written.rfind(ALTERNATE) or ALTERNATE not in tui.written
    assert list(temporary.iterdir()) == []


@pytest.mark.parametrize(
    ("settings", "words"),
    [("nonsense = 1", "nonsense"), ('database = "elsewhere.db"', "There is no database here")],
)
def test_settings_that_cannot_be_right_never_touch_the_terminal(
    home: Path, temporary: Path, console: Start, settings: str, words: str
) -> None:
    path = home / "passalong.toml"
    path.chmod(0o600)
    path.write_text(settings)
    with console() as tui:
        assert tui.end() == 1
        assert words in tui.text
        assert ALTERNATE not in tui.written
    assert list(temporary.iterdir()) == []
