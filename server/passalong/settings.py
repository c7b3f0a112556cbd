"""Settings: `passalong.toml`, each entry overridable by a PASSALONG_… variable."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from ipaddress import ip_network
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct

from passalong.domain.address import on_server, web_url
from passalong.domain.attribution import Policy
from passalong.domain.faults import fault_of
from passalong.domain.letter import address_in
from passalong.domain.retention import Retention
from passalong.domain.rule import Rulebook, rulebook
from passalong.errors import Invalid, Unusable
from passalong.paths import shipped_rules

FILE_NAME = "passalong.toml"
PREFIX = "PASSALONG_"
_NO_SETTINGS = {f"{PREFIX}CONFIG", f"{PREFIX}URL", f"{PREFIX}KEY"}
"""Variables that say where settings are, or which server the console speaks to."""


WORKERS = "WEB_CONCURRENCY"
"""The variable in which servers, uvicorn among them, hand down how many processes serve."""


METRICS_KEY_LENGTH = 24


class Attribution(Struct, frozen=True, forbid_unknown_fields=True):
    model: Literal["origin", "first", "last", "linear", "position", "time_decay"] = "origin"
    """By which rule several touches share a credit."""
    half_life_days: Annotated[float, Meta(gt=0, le=3650)] = 7.0
    """For `time_decay`: after how many days a touch weighs half."""
    window_days: Annotated[int, Meta(ge=1, le=3650)] = 180
    """How long before a conversion a touch still counts."""

    @property
    def policy(self) -> Policy:
        return Policy(model=self.model, half_life_days=self.half_life_days, window_days=self.window_days)


class HubSpot(Struct, frozen=True, forbid_unknown_fields=True):
    token: str = ""
    """A service key, or a project app's static token. Empty: HubSpot is neither told nor asked anything."""
    client_secret: str = ""
    """Of the project app whose webhooks come to /hooks/hubspot; empty: they are refused."""
    base_url: str = "https://api.hubapi.com"
    version: str = "2026-09"
    """The dated version of its API."""
    stages: dict[str, Literal["opportunity", "won", "lost", "ignore"]] = {}
    """What a deal stage means, by its internal id. Others: closedwon is won, closedlost lost, the rest opportunity."""
    currency: Annotated[str, Meta(pattern=r"^[A-Z]{3}$(?!\n)")] = "EUR"
    """Of deals that name none."""
    lifecycle_stage: str = "lead"
    """What a contact without a stage, or a subscriber, becomes; empty leaves it alone."""
    poll_minutes: Annotated[float, Meta(gt=0, le=1440)] = 5
    """How often deals are asked for."""
    calls_per_10_s: Annotated[int, Meta(ge=1, le=1000)] = 90
    timeout_s: Annotated[float, Meta(gt=0, le=300)] = 10


class Webhooks(Struct, frozen=True, forbid_unknown_fields=True):
    allow_hosts: list[str] = []
    """Names or addresses that may be sent to, or asked for pages, though they are private or speak plain http."""
    timeout_s: Annotated[float, Meta(gt=0, le=120)] = 15


class Mail(Struct, frozen=True, forbid_unknown_fields=True):
    host: str = ""
    """The SMTP server. Empty: no mail is sent."""
    port: Annotated[int, Meta(ge=1, le=65535)] = 587
    username: str = ""
    password: str = ""
    sender: str = ""
    """Whose name letters carry, as `Acme <hello@acme.example>`."""
    tls: Literal["starttls", "tls", "none"] = "starttls"
    """How the connection is encrypted: from its greeting on, from its beginning (mostly at port 465), or not at all."""
    timeout_s: Annotated[float, Meta(gt=0, le=300)] = 30
    review_to: list[str] = []
    """Who gets the monthly review, beside owners of mechanics who are e-mail addresses."""
    review_day: Annotated[int, Meta(ge=0, le=28)] = 2
    """The day of the month on which the review of the month before is sent; 0 for never."""


class Reporting(Struct, frozen=True, forbid_unknown_fields=True):
    currency: Annotated[str, Meta(pattern=r"^[A-Z]{3}$(?!\n)")] | None = None
    """Into which amounts are converted, beside being told as they are."""
    rates: dict[str, Annotated[float, Meta(gt=0)]] = {}
    """What one unit of another currency is worth in it, as `USD = 0.92`."""


class Log(Struct, frozen=True, forbid_unknown_fields=True):
    format: Literal["text", "json"] = "text"
    """Lines for people, or one JSON object a line for programs."""
    level: Literal["debug", "info", "warning", "error"] = "info"
    """What is too unimportant to be written."""
    access: bool = False
    """Whether each request leaves a line: its route, status and duration, and nothing of who asked for what."""


class Monitoring(Struct, frozen=True, forbid_unknown_fields=True):
    port: Annotated[int, Meta(ge=0, le=65535)] = 0
    """Where Prometheus is told, without a key; 0 for nowhere."""
    host: str = "127.0.0.1"
    """On which address that port is open."""
    key: str = ""
    """The bearer key with which /metrics answers on the server's own port; empty: it does not."""


class Limits(Struct, frozen=True, forbid_unknown_fields=True):
    upload_mb: Annotated[int, Meta(ge=1, le=2000)] = 50
    """The largest file that an asset takes."""
    submissions_per_10_minutes: Annotated[int, Meta(ge=1)] = 20
    """Form posts of one visitor before a pause is asked for."""


class Unfurl(Struct, frozen=True, forbid_unknown_fields=True):
    draw_ahead: bool = True
    """Whether the card of a share is drawn as soon as the share is made, before a network asks for it."""


class Plays(Struct, frozen=True, forbid_unknown_fields=True):
    rules: str = ""
    """A TOML file of rules, beside the settings file or with a full path; empty: those that Passalong ships."""
    owner: Annotated[str, Meta(min_length=1, max_length=120)] = "customer success"
    """Whose a play is when its rule names nobody."""


class Settings(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Everything an operator decides. Paths are absolute once loaded."""

    base_url: str = "http://localhost:8000"
    """How the world reaches this server; links, redirects and cookies are made from it."""
    database: str = "passalong.db"
    """The SQLite file; or `postgresql://user:password@host/name`, with the extra `postgres`."""
    uploads: str = ""
    """The folder of uploaded files; empty: beside the SQLite file, by its name and `.files`. Of several servers on one
    database each must see the same folder."""
    signing_keys: list[str] = []
    """Oldest first; the newest signs, all verify. Remove one to retire the links that it signed."""
    timezone: str = "UTC"
    """In whose days and months reports count."""
    trusted_proxies: list[str] = []
    """Addresses or networks whose X-Forwarded-For is believed."""
    embed_sources: list[str] = []
    """Hosts that an asset of kind `embed` may frame; `*.example.com` for any subdomain."""
    attribution: Attribution = Attribution()
    limits: Limits = Limits()
    unfurl: Unfurl = Unfurl()
    hubspot: HubSpot = HubSpot()
    webhooks: Webhooks = Webhooks()
    mail: Mail = Mail()
    reporting: Reporting = Reporting()
    plays: Plays = Plays()
    log: Log = Log()
    metrics: Monitoring = Monitoring()
    retention: Retention = Retention()

    @property
    def secure(self) -> bool:
        return self.base_url.startswith("https://")

    @property
    def files(self) -> Path:
        if self.uploads:
            return Path(self.uploads)
        return Path("passalong.files" if on_server(self.database) else f"{self.database}.files")


def locate(config: Path | None) -> Path | None:
    """The settings file that applies: named, from PASSALONG_CONFIG, or in this folder; None without any."""
    named = config or (Path(found) if (found := os.environ.get(f"{PREFIX}CONFIG")) else None)
    if named is not None and not named.is_file():
        raise Unusable(f"There are no settings at {named}. `passalong init` writes them.")
    if named is None and Path(FILE_NAME).is_file():
        named = Path(FILE_NAME)
    return named


def load(config: Path | None = None, environ: Mapping[str, str] | None = None) -> Settings:
    """The settings; raises Unusable naming the entry that is unknown or malformed."""
    path = locate(config)
    values: dict[str, Any] = {}
    if path is not None:
        try:
            values = tomllib.loads(path.read_text("utf-8"))
        except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as error:
            raise Unusable(f"{path}: {error}.") from None
    _overlay(values, os.environ if environ is None else environ)
    try:
        settings = msgspec.convert(values, Settings, strict=False)
    except msgspec.ValidationError as error:
        fault = fault_of(str(error))
        raise Unusable(f"{path or 'environment'}: {fault.field}: {fault.message}") from None
    if "://" in settings.database and not on_server(settings.database):
        raise Unusable("database: name a SQLite file, or a server as postgresql://user:password@host/name.")
    folder = path.resolve().parent if path else Path.cwd()
    database, uploads = settings.database, settings.uploads
    if not on_server(database):
        database = str(folder / database)
    if uploads or on_server(database):
        uploads = str(folder / (uploads or settings.files))
    plays = settings.plays
    if plays.rules:
        plays = msgspec.structs.replace(plays, rules=str(folder / plays.rules))
    return checked(msgspec.structs.replace(settings, database=database, uploads=uploads, plays=plays))


def checked(settings: Settings) -> Settings:
    """The same settings, or Unusable naming the entry that cannot be right."""
    if web_url(settings.base_url) is None:
        raise Unusable("base_url: use a full address, as https://share.example.com.")
    if web_url(settings.hubspot.base_url) is None:
        raise Unusable("hubspot.base_url: use a full address, as https://api.hubapi.com.")
    for proxy in settings.trusted_proxies:
        try:
            ip_network(proxy, strict=False)
        except ValueError:
            raise Unusable(f"trusted_proxies: {proxy!r} is no address or network, as 10.0.0.0/8.") from None
    if 0 < len(settings.metrics.key) < METRICS_KEY_LENGTH:
        raise Unusable(f"metrics.key: use at least {METRICS_KEY_LENGTH} characters; it opens a door to the world.")
    if settings.mail.host and address_in(settings.mail.sender) is None:
        raise Unusable("mail.sender: say whose name letters carry, as Acme <hello@acme.example>.")
    for address in settings.mail.review_to:
        if address_in(address) is None:
            raise Unusable(f"mail.review_to: {address!r} is no e-mail address.")
    return msgspec.structs.replace(settings, base_url=settings.base_url.rstrip("/"))


def read_rules(settings: Settings) -> Rulebook:
    """The rules that are live; raises Unusable naming every entry of the file that cannot be right."""
    path = Path(settings.plays.rules) if settings.plays.rules else shipped_rules()
    try:
        return rulebook(path.read_text("utf-8"))
    except UnicodeDecodeError:
        raise Unusable(f"plays.rules: {path} is not UTF-8 text.") from None
    except OSError as error:
        raise Unusable(f"plays.rules: {path}: {error.strerror}.") from None
    except Invalid as error:
        raise Unusable(f"plays.rules: {path}: {error}") from None


def from_variables(environ: Mapping[str, str] | None = None) -> list[str]:
    """Names of the settings that a variable of this process sets, as `limits.upload_mb`; never what they are set to."""
    names = os.environ if environ is None else environ
    return sorted(name.removeprefix(PREFIX).lower().replace("__", ".") for name in names if _is_setting(name))


def _is_setting(variable: str) -> bool:
    return variable.startswith(PREFIX) and variable not in _NO_SETTINGS


def _overlay(values: dict[str, Any], environ: Mapping[str, str]) -> None:
    """PASSALONG_BASE_URL sets base_url, PASSALONG_LIMITS__UPLOAD_MB limits.upload_mb; lists are split at commas."""
    for variable, text in environ.items():
        if not _is_setting(variable):
            continue
        *sections, name = variable.removeprefix(PREFIX).lower().split("__")
        target = values
        for section in sections:
            target = target.setdefault(section, {})
            if not isinstance(target, dict):
                raise Unusable(f"{variable}: {section} is one setting and has no parts.")
        as_list = name in {"signing_keys", "trusted_proxies", "embed_sources", "allow_hosts", "review_to"}
        target[name] = [part.strip() for part in text.split(",") if part.strip()] if as_list else text
