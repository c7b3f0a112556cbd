"""Sets the sample up in a folder: settings, keys, catalog through the API's own rules, files, history, links."""

from __future__ import annotations

import io
import re
import secrets
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

from passalong.app import opened, wire
from passalong.demo import history, pictures, sample
from passalong.demo.past import past
from passalong.domain import access, asset, brand, customer, mechanic, portal, prompt, vanity
from passalong.domain.access import ApiKey, Role
from passalong.domain.decision import Decision, DecisionKind, KillRule
from passalong.domain.instant import DAY_MS
from passalong.domain.mechanic import Mechanic
from passalong.domain.share import claim, mint, share_url
from passalong.domain.token import Purpose
from passalong.domain.vanity import Pointing
from passalong.settings import FILE_NAME, Settings, load
from passalong.store import folders
from passalong.store.catalog import Noun
from passalong.web import logo
from passalong.web.services import Services

MAX_BYTES = 20_000_000
WALKTHROUGH = Path(__file__).with_name("walkthrough")
"""Pictures of this product itself, with `walkthrough.toml`; `make walkthrough` takes them anew."""


SETTINGS = """\
# Settings of this demonstration, which writes the first of them anew whenever it starts.
base_url = "{base_url}"
database = "passalong.db"
signing_keys = ["{key}"]
timezone = "Europe/Berlin"
"""


def settings_in(folder: Path, base_url: str) -> Settings:
    """The demonstration's settings, with the signing key that it has had since its first run. They are a file beside
    the database, so that other commands read them too; variables of the process, meant for other servers, do not
    reach here."""
    file = folder / FILE_NAME
    if not file.exists():
        earlier = folder / "signing.key"  # where the key was kept before there was such a file
        key = earlier.read_text().strip() if earlier.exists() else secrets.token_urlsafe(48)
        file.touch(mode=0o600)
        file.write_text(SETTINGS.format(base_url=base_url, key=key), "utf-8")
    text = file.read_text("utf-8")
    moved = re.sub(r"(?m)^base_url = .*$", f'base_url = "{base_url}"', text, count=1)
    if moved != text:
        file.write_text(moved, "utf-8")
    return load(file, {})


async def prepare(config: Settings, progress: Callable[[int], object], *, walkthrough: bool = True) -> dict[str, Any]:
    """Fills a fresh database, adds an API key, and gives the links by name. History is written once only.

    Without `walkthrough` that one is left out: while its pictures are being taken.
    """
    async with opened(wire(config)) as services:
        if not services.catalog.brands:
            await _fill(services)
            if walkthrough:
                await services.catalog.put_all([_walkthrough(services)])
            async with past(config, history.DAYS) as vendor:
                await history.write(services, vendor.day, progress)
        secret = access.new_secret()
        key = ApiKey(
            id=secrets.token_hex(4),
            name="demonstration",
            role=Role.ADMIN,
            digest=access.digest(secret),
            created_at_ms=services.clock(),
        )
        await services.catalog.put_all([key])
        return await links(services) | {"database": config.database, "base_url": config.base_url, "admin_key": secret}


async def links(services: Services) -> dict[str, Any]:
    """Every kind of address there is, by name. The portal's is good for half an hour."""
    base_url = services.settings.base_url
    tokens = {}
    for name, (asset_id, customer_id, mechanic_key, channel) in sample.LINKS.items():
        claims = claim(asset=asset_id, customer=customer_id, mechanic=mechanic_key, channel=channel)
        tokens[name] = mint(services.keyring, claims)
    found: dict[str, Any] = {name: share_url(base_url, token) for name, token in tokens.items()}
    way_in = portal.issue(services.keyring, Purpose.PORTAL, sample.PORTAL_OF, sample.BRAND_ID, services.clock())
    return found | {
        "embed": f"{base_url}/e/{tokens['walkthrough']}",
        "portal": f"{base_url}/portal/{way_in}",
        **{name: f"{base_url}/p/{_prompt(services, asked)}" for name, asked in sample.PROMPTS.items()},
        "vanity": f"{base_url}/go/{await _slug(services, tokens['talk'])}",
    }


def _prompt(services: Services, asked: dict[str, Any]) -> str:
    body = msgspec.convert(asked, prompt.PromptBody)
    expires_at_s = (services.clock() + prompt.MAX_AGE_MS) // 1000
    return prompt.seal(services.keyring, prompt.build(body, expires_at_s))


async def _slug(services: Services, token: str) -> str:
    """The vanity link of the talk; it leads where it led the first time."""
    if sample.SLUG not in services.catalog.slugs:
        share = services.links.find(token)
        first = Pointing(share=share.share, token=token, at_ms=services.clock(), by=share.customer.id)
        await services.catalog.put_all([vanity.build(sample.SLUG, first, share.customer.id)])
    return sample.SLUG


async def _fill(services: Services) -> None:
    launched_ms = services.clock() - history.DAYS * DAY_MS
    entries: list[Noun] = [brand.build(sample.BRAND_ID, msgspec.convert(sample.BRAND, brand.BrandBody), None)]
    for id, fields in sample.CUSTOMERS.items():
        body = msgspec.convert(fields, customer.CustomerBody)
        mark = await logo.keep(services.files, body.logo or None)
        entries.append(customer.build(id, body, mark, None))
    for id, fields in sample.ASSETS.items():
        shown = asset.build(id, msgspec.convert(fields, asset.AssetBody), before=None, embed_sources=())
        entries.append(msgspec.structs.replace(shown, file=_file(services, id)))
    await services.catalog.put_all(entries)
    for key, fields in sample.MECHANICS.items():
        built = mechanic.build(key, msgspec.convert(fields, mechanic.MechanicBody), now_ms=launched_ms, before=None)
        launch = Decision(
            mechanic=key,
            kind=DecisionKind.LAUNCH,
            at_ms=launched_ms,
            by=built.owner,
            reason="Launched (sample).",
            rule=KillRule.of(built),
        )
        await services.catalog.change(Mechanic, key, _always(built), _decided(launch))


def _walkthrough(services: Services) -> asset.Asset:
    return folders.with_pictures(services.files, folders.read(WALKTHROUGH), WALKTHROUGH)


def _always(mechanic: Mechanic) -> Callable[[Mechanic | None], Mechanic]:
    return lambda before: mechanic


def _decided(decision: Decision) -> Callable[[Mechanic | None, Mechanic], list[Decision]]:
    return lambda before, after: [decision]


def _file(services: Services, id: str) -> asset.StoredFile | None:
    drawn = {
        "port-delays": (pictures.report, "Baltic port delays, third quarter.pdf"),
        "waiting-times": (pictures.board, "Waiting times.png"),
    }
    if id not in drawn:
        return None
    draw, name = drawn[id]
    return services.files.keep(io.BytesIO(draw()), name, max_bytes=MAX_BYTES)
