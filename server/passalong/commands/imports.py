"""`passalong import`"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec
import rich_click as click

from passalong.commands.common import load_settings, with_services
from passalong.domain import asset as assets
from passalong.domain import customer as customers
from passalong.domain.asset import Asset, AssetBody, AssetKind, Source
from passalong.domain.audit import Way
from passalong.domain.customer import Customer, CustomerBody
from passalong.domain.faults import fault_of
from passalong.domain.share import ID_PATTERN
from passalong.errors import Invalid, PassalongError
from passalong.store import folders
from passalong.store.files import FileStore, sniff

_COLUMNS = ("id", "name", "domains", "region", "crm_company_id", "accent", "consent_to_cobrand")
_TRUE, _FALSE = {"true", "yes", "1", "x"}, {"false", "no", "0", ""}

BadRow = tuple[str, str]
"""Where (`line 4`, a file's name) and what."""


@click.group("import")
def command() -> None:
    """Bring in customers, assets or a walkthrough. All or nothing: one bad row and none is stored."""


@command.command("customers")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--dry-run", is_flag=True, help="Check everything, store nothing.")
@click.pass_context
def import_customers(ctx: click.Context, file: Path, dry_run: bool) -> None:
    """Customers from a CSV FILE with the columns id, name and, if wanted, domains (separated by spaces), region,
    crm_company_id, accent, consent_to_cobrand (yes or no). A customer that is there already is replaced."""
    found, bad = read_customers(file)
    _refuse(bad)

    async def work(services: Any) -> None:
        kept = services.catalog.customers
        with _progress(found, "Customers") as steps:
            # A logo is not in the file, so it stays; so does a colour that the file does not name.
            rows = [customers.with_look_of(c, kept.get(c.id)) for c in steps]
        await services.catalog.put_all(rows)
        await services.audit.note("import_customers", by=Way.COMMAND, customers=len(rows))

    _finish(ctx, work, f"{len(found)} customers", dry_run)


@command.command("assets")
@click.argument("folder", metavar="DIR", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--customer", help="Limit these assets to one customer's shares.")
@click.option("--dry-run", is_flag=True, help="Check everything, store nothing.")
@click.pass_context
def import_assets(ctx: click.Context, folder: Path, customer: str | None, dry_run: bool) -> None:
    """Every file in DIR as an asset: Markdown becomes a page, titled by its first heading; all else a file.

    `q3-report.pdf` gets the id q3-report and the title “Q3 report”. Importing again replaces."""
    config = load_settings(ctx)
    drafts, bad = read_assets(folder, customer, config.limits.upload_mb * 1_000_000)

    async def work(services: Any) -> None:
        if customer is not None:
            services.catalog.find(Customer, customer)
        files: FileStore = services.files
        ready: list[Asset] = []
        with _progress(drafts, "Assets") as steps:
            for asset, path in steps:
                if path is not None:
                    with path.open("rb") as source:
                        stored = files.keep(source, path.name, max_bytes=config.limits.upload_mb * 1_000_000)
                    asset = msgspec.structs.replace(asset, file=stored)
                ready.append(asset)
        await services.catalog.put_all(ready)
        await services.audit.note("import_assets", by=Way.COMMAND, assets=len(ready))

    _refuse(bad)
    _finish(ctx, work, f"{len(drafts)} assets", dry_run)


@command.command("walkthrough")
@click.argument("folder", metavar="DIR", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--dry-run", is_flag=True, help="Check everything, store nothing.")
@click.pass_context
def import_walkthrough(ctx: click.Context, folder: Path, dry_run: bool) -> None:
    """A walkthrough: DIR holds `walkthrough.toml` (title, [[steps]] with image, caption, hotspots) and the pictures.

    Every fault is named. Importing again replaces."""
    try:
        found = folders.read(folder)
    except Invalid as error:
        raise _refused([(fault.field, fault.message) for fault in error.faults]) from None

    async def work(services: Any) -> None:
        if found.customer is not None:
            services.catalog.find(Customer, found.customer)
        with _progress([found], "Pictures") as steps:
            ready = [folders.with_pictures(services.files, draft, folder) for draft in steps]
        await services.catalog.put_all(ready)
        await services.audit.note("import_walkthrough", found.id, by=Way.COMMAND, steps=len(found.course))

    _finish(ctx, work, f"{found.id}: {len(found.course)} steps", dry_run)


def read_customers(file: Path) -> tuple[list[Customer], list[BadRow]]:
    """The customers of a CSV file and every row that is wrong, by line."""
    found: dict[str, Customer] = {}
    bad: list[BadRow] = []
    try:
        text = file.read_text("utf-8-sig")
    except UnicodeDecodeError:
        return [], [(file.name, "is not UTF-8 text; save it as “CSV UTF-8”")]
    reader = csv.DictReader(text.splitlines(keepends=True))
    header = [name.strip() for name in reader.fieldnames or []]
    if unknown := [name for name in header if name not in _COLUMNS]:
        bad.append(("line 1", f"unknown column {unknown[0] or '(empty)'}; known are {', '.join(_COLUMNS)}"))
    bad += [("line 1", f"the column {name} is missing") for name in ("id", "name") if name not in header]
    if bad:
        return [], bad
    reader.fieldnames = header
    for row in reader:
        where = f"line {reader.line_num}"
        if None in row:
            bad.append((where, "has more cells than the header has columns"))
            continue
        cells = {name: (cell or "").strip() for name, cell in row.items()}
        if not any(cells.values()):
            continue
        try:
            customer = _customer(cells)
        except Invalid as error:
            bad += [(where, f"{fault.field}: {fault.message}") for fault in error.faults]
            continue
        if customer.id in found:
            bad.append((where, f"the id {customer.id} stands in an earlier line too"))
        found[customer.id] = customer
    return list(found.values()), bad


def _customer(cells: dict[str, str]) -> Customer:
    if not re.match(ID_PATTERN, cells["id"]):
        raise Invalid.one("id", f"{cells['id']!r} is no id; use letters, digits, dots, dashes, underscores.")
    said = cells.get("consent_to_cobrand", "").lower()
    if said not in _TRUE | _FALSE:
        raise Invalid.one("consent_to_cobrand", f"{said!r} is neither yes nor no.")
    body = {
        "name": cells["name"],
        "domains": re.split(r"[\s;]+", cells["domains"]) if cells.get("domains") else [],
        "region": cells.get("region") or None,
        "crm_company_id": cells.get("crm_company_id") or None,
        "accent": cells.get("accent") or None,
        "consent_to_cobrand": said in _TRUE,
    }
    try:
        return customers.build(cells["id"], msgspec.convert(body, CustomerBody), None, None)
    except msgspec.ValidationError as error:
        raise Invalid([fault_of(str(error))]) from None


def read_assets(
    folder: Path, customer: str | None, max_bytes: int
) -> tuple[list[tuple[Asset, Path | None]], list[BadRow]]:
    """Assets for the files of a folder (with the file to store, if any), and every file that is wrong."""
    found: dict[str, tuple[Asset, Path | None]] = {}
    bad: list[BadRow] = []
    paths = sorted(path for path in folder.iterdir() if not path.name.startswith("."))
    if not paths:
        bad.append((str(folder), "is empty"))
    for path in paths:
        try:
            asset, file = _asset(path, customer, max_bytes)
        except Invalid as error:
            bad += [(path.name, fault.message) for fault in error.faults]
            continue
        if asset.id in found:
            bad.append((path.name, f"another file gets the id {asset.id} too"))
        found[asset.id] = asset, file
    return list(found.values()), bad


def _asset(path: Path, customer: str | None, max_bytes: int) -> tuple[Asset, Path | None]:
    if path.is_dir():
        raise Invalid.one("file", "is a folder; only files are taken")
    id = re.sub(r"[^a-z0-9]+", "-", path.stem.lower()).strip("-")[:64]
    if not id:
        raise Invalid.one("file", "has a name without letters or digits to make an id of")
    title = path.stem.replace("-", " ").replace("_", " ").strip()
    title = title[:1].upper() + title[1:]
    if path.suffix.lower() in {".md", ".markdown"}:
        try:
            markdown = path.read_text("utf-8-sig")
        except UnicodeDecodeError:
            raise Invalid.one("file", "is not UTF-8 text") from None
        if heading := re.match(r"\s*#\s+(.+?)\s*#*\s*\n", markdown):
            title, markdown = heading[1], markdown[heading.end() :]
        body = AssetBody(title=title[:160], kind=AssetKind.PAGE, customer=customer, source=Source(markdown=markdown))
        return assets.build(id, assets.checked(body), before=None, embed_sources=()), None
    with path.open("rb") as source:
        head = source.read(4096)
    if not head:
        raise Invalid.one("file", "is empty")
    if sniff(head, path.name) is None:
        raise Invalid.one("file", "is of a kind that is not taken")
    if path.stat().st_size > max_bytes:
        raise Invalid.one("file", f"is larger than {max_bytes // 1_000_000} MB")
    body = AssetBody(title=title[:160], kind=AssetKind.FILE, customer=customer)
    return assets.build(id, assets.checked(body), before=None, embed_sources=()), path


def _refuse(bad: Sequence[BadRow]) -> None:
    if bad:
        raise _refused(bad)


def _refused(bad: Sequence[BadRow]) -> PassalongError:
    """Names every fault; the error to raise then."""
    for where, what in bad:
        click.echo(f"{where}: {what}", err=True)
    return PassalongError(f"{len(bad)} {'fault' if len(bad) == 1 else 'faults'} found; nothing was stored.")


def _finish(ctx: click.Context, work: Any, what: str, dry_run: bool) -> None:
    if dry_run:
        click.echo(f"{what} are in order. This was a dry run; nothing was stored.")
        return
    with_services(ctx, work)
    click.echo(f"{what} stored.")


@contextmanager
def _progress(items: Sequence[Any], what: str) -> Iterator[Iterator[Any]]:
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as bar:
        yield iter(bar.track(items, description=what))
