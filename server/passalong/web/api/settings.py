"""The settings in force, for admins to look at. What opens a door is never told: that it is set, and no more.

Of a section that holds secrets each field stands here by name, so that one that is added is told only once somebody
has decided so; the other sections are told whole.
"""

from __future__ import annotations

import os

import msgspec
from litestar import get
from msgspec import Struct

from passalong import settings
from passalong.domain import erasure, prompt
from passalong.domain.address import without_password
from passalong.domain.instant import DAY_MS
from passalong.domain.retention import Retention
from passalong.errors import Unusable
from passalong.settings import Attribution, Limits, Log, Plays, Reporting, Settings, Unfurl, Webhooks
from passalong.store import crm, idempotency, salts
from passalong.web.api.access import ADMIN
from passalong.web.api.refusals import REFUSALS
from passalong.web.services import FromServices


class HubSpotAnswer(Struct, kw_only=True):
    """`connected` says that there is a token, `hooks` that notices of HubSpot can be believed."""

    connected: bool
    hooks: bool
    base_url: str
    version: str
    stages: dict[str, str]
    currency: str
    lifecycle_stage: str
    poll_minutes: float
    calls_per_10_s: int
    timeout_s: float


class MailAnswer(Struct, kw_only=True):
    """`connected` says that there is a server for letters, `login` that a name is given there."""

    connected: bool
    login: bool
    host: str
    port: int
    tls: str
    sender: str
    timeout_s: float
    review_to: list[str]
    review_day: int


class MetricsAnswer(Struct, kw_only=True):
    """`keyed` says that /metrics answers whoever brings the key."""

    keyed: bool
    host: str
    port: int


class Kept(Struct, kw_only=True):
    """How long something is kept; None for good, until it is erased by hand. `setting` says otherwise, where it can
    be said."""

    kind: str
    days: int | None
    what: str
    setting: str | None = None


class SettingsAnswer(Struct, kw_only=True):
    """Named as in passalong.toml. `file` is where they are read from, `by_variable` names those that a variable sets,
    `workers` how many processes serve, None where this one was not told."""

    base_url: str
    database: str
    uploads: str
    timezone: str
    trusted_proxies: list[str]
    embed_sources: list[str]
    signing_keys: int
    """How many there are."""
    attribution: Attribution
    reporting: Reporting
    limits: Limits
    unfurl: Unfurl
    plays: Plays
    log: Log
    metrics: MetricsAnswer
    hubspot: HubSpotAnswer
    webhooks: Webhooks
    mail: MailAnswer
    retention: list[Kept]
    workers: int | None
    file: str | None
    by_variable: list[str]


@get("/settings", tags=["Settings"], summary="The settings in force", opt=ADMIN, responses=REFUSALS)
async def get_settings(services: FromServices) -> SettingsAnswer:
    """Without secrets. They are changed in the file, or by variables, and read at a start or a reload."""
    return in_force(services.settings)


def in_force(config: Settings) -> SettingsAnswer:
    hubspot, mail = config.hubspot, config.mail
    workers = os.environ.get(settings.WORKERS, "")
    return SettingsAnswer(
        base_url=config.base_url,
        database=without_password(config.database),
        uploads=str(config.files),
        timezone=config.timezone,
        trusted_proxies=config.trusted_proxies,
        embed_sources=config.embed_sources,
        signing_keys=len(config.signing_keys),
        attribution=config.attribution,
        reporting=config.reporting,
        limits=config.limits,
        unfurl=config.unfurl,
        plays=config.plays,
        log=config.log,
        metrics=MetricsAnswer(keyed=bool(config.metrics.key), host=config.metrics.host, port=config.metrics.port),
        hubspot=HubSpotAnswer(
            connected=bool(hubspot.token),
            hooks=bool(hubspot.client_secret),
            base_url=hubspot.base_url,
            version=hubspot.version,
            stages=dict(hubspot.stages),
            currency=hubspot.currency,
            lifecycle_stage=hubspot.lifecycle_stage,
            poll_minutes=hubspot.poll_minutes,
            calls_per_10_s=hubspot.calls_per_10_s,
            timeout_s=hubspot.timeout_s,
        ),
        webhooks=config.webhooks,
        mail=MailAnswer(
            connected=bool(mail.host),
            login=bool(mail.username),
            host=mail.host,
            port=mail.port,
            tls=mail.tls,
            sender=mail.sender,
            timeout_s=mail.timeout_s,
            review_to=mail.review_to,
            review_day=mail.review_day,
        ),
        retention=how_long(config.retention),
        workers=int(workers) if workers.isdecimal() else None,
        file=_file(),
        by_variable=settings.from_variables(),
    )


def told_apart(config: Settings) -> dict[str, object]:
    """The settings in force by their whole names, as `limits.upload_mb`; without secrets."""
    told = msgspec.to_builtins(in_force(config))
    for of_the_process in ("workers", "file", "by_variable"):
        del told[of_the_process]
    told["retention"] = msgspec.to_builtins(config.retention)
    sections = {name: value for name, value in told.items() if isinstance(value, dict)}
    apart = {f"{name}.{entry}": each for name, section in sections.items() for entry, each in section.items()}
    return apart | {name: value for name, value in told.items() if name not in sections}


def how_long(kept: Retention) -> list[Kept]:
    """What is kept how long, of every kind; `setting` names the entry that says so."""

    def by_setting(kind: str, what: str) -> Kept:
        name = f"{kind}_days"
        return Kept(kind=kind, days=getattr(kept, name) or None, what=what, setting=f"retention.{name}")

    return [
        Kept(kind="events", days=None, what="The ledger, which names no person, and every total made from it"),
        by_setting("leads", "What people fill in at a gate, after the last that was heard of them"),
        Kept(kind="visitors", days=salts.KEPT_DAYS, what="The salt by which visits of a day are told apart"),
        Kept(
            kind="invitations",
            days=prompt.WAITING_MS // DAY_MS,
            what="An invited address whose letter could not be sent yet",
        ),
        Kept(
            kind="erasures",
            days=erasure.LINK_MAX_AGE_MS // DAY_MS,
            what="That somebody asked to be erased and has not confirmed it; what waits for an admin waits",
        ),
        by_setting("signals", "What was heard of customers, for the rules of plays"),
        by_setting("plays", "Plays that were closed, with what was said of them"),
        by_setting("jobs", "What was told outside or given up, to be looked up"),
        by_setting("audit", "What admins did, by ids and counts"),
        by_setting("backups", "Backups, which are yours to put away"),
        Kept(
            kind="notices",
            days=crm.NOTICES_KEPT_MS // DAY_MS,
            what="Ids of HubSpot’s notices, so that each counts once",
        ),
        Kept(
            kind="answers",
            days=idempotency.KEPT_MS // DAY_MS,
            what="Answers to posts, to be given again under the same Idempotency-Key",
        ),
    ]


def _file() -> str | None:
    try:
        found = settings.locate(None)
    except Unusable:
        return None  # it has gone since this process read it
    return str(found.resolve()) if found else None
