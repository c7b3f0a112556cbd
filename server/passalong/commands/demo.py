"""`passalong demo`"""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import rich_click as click

from passalong.commands.common import UVICORN, table
from passalong.errors import PassalongError, Unusable
from passalong.settings import FILE_NAME, PREFIX

_START_TIMEOUT_S = 20


@click.command("demo")
@click.option("--dir", "folder", type=click.Path(file_okay=False, path_type=Path), default="passalong-demo",
              show_default=True, help="Where the sample lives; kept between runs.")  # fmt: skip
@click.option("--port", type=click.IntRange(1, 65535), help="Else 8000, or the next that is free.")
@click.option("--lan", is_flag=True, help="Reachable from your phone: listen on every address, print links with yours.")
@click.option("--check", is_flag=True, help="Play it through and leave: exit code 0, or what failed.")
def command(folder: Path, port: int | None, lan: bool, check: bool) -> None:
    """A sample vendor with half a year of history (marked as sample), a server, and one journey played through."""
    from passalong.app import create_app, system_clock
    from passalong.demo import journey, setup

    folder.mkdir(parents=True, exist_ok=True)
    port = port or free_port(8000)
    host = _lan_address() if lan else "127.0.0.1"
    config = setup.settings_in(folder, f"http://{host if lan else 'localhost'}:{port}")
    os.environ[f"{PREFIX}CONFIG"] = str((folder / FILE_NAME).resolve())  # the server tells where its settings stand
    links = _prepare(config)
    (folder / "links.json").write_bytes(msgspec.json.format(msgspec.json.encode(links), indent=2))
    with serving(create_app(config), "0.0.0.0" if lan else host, port):  # noqa: S104 - asked for with --lan
        click.echo("\nOne viewer’s journey, over HTTP:\n")
        base_url, key = f"http://127.0.0.1:{port}", links["admin_key"]
        attribution = journey.play(base_url, key, links["report"], system_clock, _tell)
        journey.walk(base_url, links["walkthrough"], _tell)
        journey.check_kill(base_url, key, links["talk"], "conference-badge", _tell)
        rows = [
            (
                credit["customer"], credit["mechanic"], f"EUR {credit['amount_minor'] / 100:,.2f}",
                f"{credit['evidence']}, {credit['motion'].replace('_', ' ')}", credit["why"],
            )
            for credit in attribution["credits"]
        ]  # fmt: skip
        click.echo()
        table("Who is credited", ["customer", "mechanic", ">amount", "evidence", "why"], rows)
        if check:
            click.echo("Everything went as it must.")
            return
        _point_around(links, folder, host, port)
        with contextlib.suppress(KeyboardInterrupt):
            threading.Event().wait()


def _prepare(config: Any) -> dict[str, Any]:
    from rich.console import Console
    from rich.progress import Progress

    from passalong.demo import history, setup

    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("Half a year of history", total=history.DAYS)
        return asyncio.run(setup.prepare(config, lambda day: bar.update(task, completed=day + 1)))


@contextlib.contextmanager
def serving(app: Any, host: str, port: int) -> Iterator[None]:
    """A server in a thread of this process, stopped on leaving."""
    import uvicorn

    server = uvicorn.Server(uvicorn.Config(app, host=host, port=port, **UVICORN))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    deadline = time.monotonic() + _START_TIMEOUT_S
    while not server.started:
        if not thread.is_alive() or time.monotonic() > deadline:
            raise PassalongError(f"The server did not start on {host}:{port}; is the port taken?")
        time.sleep(0.02)
    try:
        yield
    finally:
        server.should_exit = True
        thread.join(timeout=15)


def _tell(step: str, outcome: str) -> None:
    click.echo(f"  {step + ' ':.<34} {outcome}")


def _point_around(links: dict[str, Any], folder: Path, host: str, port: int) -> None:
    shown = {
        "walkthrough": "A walkthrough of this product, with a form after its fourth step",
        "report": "A report behind a gate (PDF)",
        "board": "A board with a form that invites (picture)",
        "story": "A story behind a gate (Markdown)",
        "template": "A template (link)",
        "forum": "A plain community link that records nothing",
        "vanity": "A readable link, as on a slide",
        "prompt": "What the product asks at a usage cap, as its frame shows it",
        "invite": "What it asks for an invitation",
        "portal": "Halvorsen’s own pages (this way in is open for half an hour)",
    }
    click.echo("Open these in any browser:\n")
    for name, what in shown.items():
        click.echo(f"  {what}\n    {links[name]}\n")
    click.echo("The console, in another terminal:\n")
    click.echo(f"  .venv/bin/passalong console --url http://127.0.0.1:{port} --key {links['admin_key']}\n")
    click.echo(f"All links are in {folder / 'links.json'}. Ctrl+C stops the server; the sample stays in {folder}.")


def free_port(first: int) -> int:
    for port in range(first, first + 50):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise Unusable(f"No port from {first} on is free; name one with --port.")


def _lan_address() -> str:
    """This machine's address as its neighbours see it; no packet is sent to find out."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))
        except OSError:
            raise Unusable("This machine is on no network that a phone could reach it by.") from None
        return str(probe.getsockname()[0])
