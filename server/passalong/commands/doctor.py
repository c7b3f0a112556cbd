"""`passalong doctor`"""

from __future__ import annotations

import asyncio
import shutil
import sys
import tempfile
from collections.abc import Iterator
from ipaddress import ip_network
from pathlib import Path

import msgspec
import rich_click as click

from passalong import meters
from passalong.commands.common import load_settings
from passalong.commands.surroundings import Finding, around
from passalong.domain.address import on_server, without_password
from passalong.domain.delivery import MINUTE_MS, JobState
from passalong.errors import PassalongError, Unusable
from passalong.settings import Settings
from passalong.store.sqlite import ENGINE_VERSION

# Before it, two connections that write at once can lose a commit when the log starts over.
_SAFE_ENGINE = (3, 51, 3)
_LOW_DISK_BYTES = 500_000_000


@click.command("doctor")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@click.pass_context
def command(ctx: click.Context, as_json: bool) -> None:
    """Check settings, database and environment. Exit code 1 if something must be mended."""
    findings = list(dict.fromkeys(_all(ctx)))
    if as_json:
        click.echo(msgspec.json.encode(findings).decode())
    else:
        signs = {"ok": "ok  ", "note": "note", "bad": "BAD "}
        for finding in findings:
            click.echo(f"{signs[finding.state]}  {finding.what}")
    bad = sum(finding.state == "bad" for finding in findings)
    if bad:
        raise PassalongError(f"{bad} {'thing' if bad == 1 else 'things'} to mend.")


def _all(ctx: click.Context) -> Iterator[Finding]:
    """What one look finds unusable keeps none of the others from looking."""
    try:
        config = load_settings(ctx)
    except Unusable as error:
        yield Finding("bad", str(error))
        return
    for look in (_settings, _machine, _mail, _database, around):
        try:
            yield from look(config)
        except Unusable as error:
            yield Finding("bad", str(error))


def _settings(config: Settings) -> Iterator[Finding]:
    if config.secure:
        yield Finding("ok", f"base_url is {config.base_url}")
    elif any(name in config.base_url for name in ("//localhost", "//127.")):
        yield Finding("note", f"base_url is {config.base_url}: fine to try it out; the world needs https.")
    else:
        yield Finding("bad", f"base_url is {config.base_url}: without https, cookies and forms travel in the open.")
    if not config.signing_keys:
        yield Finding("bad", "signing_keys is empty: `passalong init` writes one.")
    for position, key in enumerate(config.signing_keys, 1):
        short = len(key) < 32
        said = f"signing key {position} of {len(config.signing_keys)} has {len(key)} characters"
        yield Finding("bad" if short else "ok", said + ("; at least 32 are needed." if short else ""))
    if config.secure and not config.trusted_proxies:
        yield Finding("note", "trusted_proxies is empty: behind a proxy, all visitors would look like one.")
    if any(ip_network(proxy, strict=False).prefixlen == 0 for proxy in config.trusted_proxies):
        yield Finding("bad", "trusted_proxies names the whole world: any visitor can pass for any other.")
    if config.hubspot.client_secret and not config.hubspot.token:
        yield Finding(
            "bad", "hubspot.client_secret is set without hubspot.token: notices come, and nothing can be read."
        )
    meters.wanted(config.metrics)
    if config.reporting.rates and config.reporting.currency is None:
        yield Finding("note", "reporting.rates are not used: reporting.currency names no currency to convert into.")


def _machine(config: Settings) -> Iterator[Finding]:
    version = ".".join(map(str, ENGINE_VERSION))
    if ENGINE_VERSION < _SAFE_ENGINE:
        yield Finding(
            "note",
            f"SQLite {version} has a race when two connections write to one log at once. Passalong holds a lock "
            "around every write; keep other programs from writing to the file.",
        )
    else:
        yield Finding("ok", f"SQLite {version}")
    yield Finding("ok", f"Python {sys.version.split()[0]}")
    folder = config.files.parent if on_server(config.database) else Path(config.database).parent
    for place in (folder, config.files):
        if place == folder or place.exists():
            try:
                tempfile.TemporaryFile(dir=place).close()
            except OSError as error:
                yield Finding("bad", f"{place} cannot be written to: {error.strerror}.")
    if not folder.is_dir():
        return
    free = shutil.disk_usage(folder).free
    yield Finding("ok" if free > _LOW_DISK_BYTES else "bad", f"{free // 1_000_000:,} MB are free in {folder}")


def _mail(config: Settings) -> Iterator[Finding]:
    from passalong import mail

    told = config.mail
    if not told.host:
        return
    if not mail.installed():
        yield Finding("bad", mail.MISSING)
        return
    if told.tls == "none" and told.username:
        yield Finding("note", "mail.tls is none: the password of mail.username travels in the open.")
    if told.review_day and not told.review_to:
        yield Finding("note", "mail.review_to is empty: the monthly review goes to owners who are addresses, alone.")
    from passalong.mail.post import LockedOut, Lost, greet

    try:
        asyncio.run(greet(told))
    except (Lost, LockedOut) as trouble:
        yield Finding("bad", f"mail: {trouble}")
    else:
        yield Finding("ok", f"{told.host}:{told.port} takes mail of {told.sender}")


def _database(config: Settings) -> Iterator[Finding]:
    from passalong.app import opened, wire

    where = without_password(config.database)
    if not on_server(config.database) and not Path(config.database).exists():
        yield Finding("note", f"{where} is not there yet; the first start makes it.")
        return

    async def look() -> list[Finding]:
        async with opened(wire(config)) as services:
            await services.db.probe()
            catalog = services.catalog
            found = [Finding("ok", f"{where} opens, is migrated, and takes writes")]
            damage = await services.reports.integrity()
            found += [Finding("bad", f"{where}: {what}") for what in damage]
            newest = await services.ledger.tail(max(await services.ledger.last_seq() - 1, 0), 1)
            ahead_ms = newest[0].at_ms - services.clock() if newest else 0
            if ahead_ms > MINUTE_MS:
                found.append(
                    Finding(
                        "bad", f"the newest event is {ahead_ms // 1000:,} seconds in the future: the clock went back."
                    )
                )
            keys = sum(key.revoked_at_ms is None for key in catalog.api_keys.values())
            found.append(Finding("ok" if keys else "note", f"{keys} valid API keys"))
            failed = sum(count.n for count in await services.outbox.counts() if count.state is JobState.FAILED)
            if failed:
                found.append(Finding("note", f"{failed} dead letters: `passalong sync --status` says whose, and why."))
            found += [
                Finding("note", f"{pause.destination} waits: {pause.reason}")
                for pause in await services.outbox.pauses()
            ]
            found += [
                Finding("note", f"the webhook endpoint {endpoint.id} is disabled: {endpoint.disabled_reason}")
                for endpoint in catalog.endpoints.values()
                if endpoint.disabled_at_ms is not None and not endpoint.removed
            ]
            if not catalog.brands:
                found.append(Finding("note", "no brand yet: PUT /api/v1/brands/{id} makes one."))
            missing = [
                asset.id
                for asset in catalog.assets.values()
                if asset.file and not services.files.path(asset.file.sha256).is_file()
            ]
            found += [Finding("bad", f"the file of the asset {id} is missing") for id in missing]
            return found

    try:
        yield from asyncio.run(look())
    except PassalongError as error:
        yield Finding("bad", str(error))
