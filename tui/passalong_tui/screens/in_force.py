"""What is in force, one row a setting: its value in words, what it means, and where it is changed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from msgspec import Struct

from passalong_tui.answers.settings import Settings
from passalong_tui.words import counted, number

PREFIX = "PASSALONG_"


class Setting(Struct, frozen=True, kw_only=True):
    """`name` as in passalong.toml, empty for what cannot be set."""

    place: int
    """Where it stands among all."""
    section: str
    name: str
    value: str
    means: str
    changed: str
    """How it is changed, in a sentence."""

    @property
    def label(self) -> str:
        """The setting's own word; its unit stands with its value."""
        entry = self.name.rpartition(".")[2]
        head, _, tail = entry.rpartition("_")
        return (head if tail in _UNITS and self.name not in _NO_UNIT else entry).replace("_", " ")


SECTIONS = {
    "attribution": "Attribution",
    "retention": "Retention",
    "reporting": "Reporting",
    "hubspot": "HubSpot",
    "webhooks": "Webhooks",
    "mail": "Mail",
    "plays": "Plays",
    "limits": "Limits",
    "unfurl": "Unfurl",
    "log": "Log",
    "metrics": "Metrics",
    "": "Server",
}
"""In the order in which they are told; what a newer server knows besides comes with the server's own."""

MEANS = {
    "attribution.model": "By which rule several touches share a credit",
    "attribution.window_days": "How long before a conversion a touch still counts",
    "attribution.half_life_days": "For time_decay: after how long a touch weighs half",
    "reporting.currency": "Into which amounts are converted, beside being told as they are",
    "reporting.rates": "What one unit of another currency is worth in it",
    "hubspot.connected": "Whether a token is set, so that leads and deals travel",
    "hubspot.hooks": "Whether a client secret is set, so that HubSpot’s notices are believed",
    "hubspot.base_url": "Its API",
    "hubspot.version": "The dated version of its API",
    "hubspot.stages": "What a deal stage means, by its internal id",
    "hubspot.currency": "Of deals that name none",
    "hubspot.lifecycle_stage": "What a new contact becomes",
    "hubspot.poll_minutes": "How often deals are asked for",
    "hubspot.calls_per_10_s": "How fast it is asked",
    "hubspot.timeout_s": "How patiently",
    "webhooks.allow_hosts": "Hosts that may be sent to though they are private or speak plain http",
    "webhooks.timeout_s": "How long an endpoint has to answer",
    "mail.connected": "Whether a server for letters is set",
    "mail.login": "Whether a name is given there",
    "mail.host": "The SMTP server",
    "mail.port": "Its port",
    "mail.tls": "How the connection to it is encrypted",
    "mail.sender": "Whose name letters carry",
    "mail.timeout_s": "How long it has to answer",
    "mail.review_to": "Who gets the monthly review beside owners",
    "mail.review_day": "On which day of the month after; 0 for never",
    "plays.rules": "The file of rules; without one the shipped set",
    "plays.owner": "Whose a play is when its rule names nobody",
    "limits.upload_mb": "The largest file that an asset takes",
    "limits.submissions_per_10_minutes": "Form posts of one visitor before a pause is asked for",
    "unfurl.draw_ahead": "Whether a card is drawn as soon as its share is made",
    "log.format": "Lines for people (text) or for programs (json)",
    "log.level": "From which weight on something is written",
    "log.access": "Whether each request leaves a line, which names its route alone",
    "metrics.keyed": "Whether /metrics answers whoever brings the key",
    "metrics.host": "On which address the port for Prometheus is open",
    "metrics.port": "Where Prometheus is told; 0 for nowhere",
    "base_url": "How the world reaches this server",
    "database": "The SQLite file; uploaded files live beside it",
    "timezone": "In whose days and months reports count",
    "trusted_proxies": "Whose X-Forwarded-For is believed",
    "embed_sources": "Hosts that an asset of kind embed may frame",
    "signing_keys": "How many keys links are signed and verified with",
    "workers": "How many processes serve",
}
VARIABLE_OF = {
    "hubspot.connected": "hubspot.token",
    "hubspot.hooks": "hubspot.client_secret",
    "mail.connected": "mail.host",
    "mail.login": "mail.username",
    "metrics.keyed": "metrics.key",
}
"""What is told instead of a secret, and the setting that it stands for."""
NOT_SET = {"workers": "Changed by passalong serve --workers."}
_UNLESS_SET = {"plays.rules": "the built-in ones"}
"""What stands in for a setting that nobody has set."""
_UNITS = {"days": "day", "minutes": "minute", "s": "second", "mb": "MB"}
_NO_UNIT = {"hubspot.calls_per_10_s", "limits.submissions_per_10_minutes"}
_TOLD_APART = {"file", "by_variable", "retention"}


def rows(settings: Settings) -> list[Setting]:
    """All of them, section by section."""
    return [*_rows(settings)]


def _rows(settings: Settings) -> Iterator[Setting]:
    place = 0
    entries = settings.entries
    for section, title in SECTIONS.items():
        if section == "retention":
            for kept in settings.retention:
                yield Setting(
                    place=place, section=title, name=kept.kind, value=lasting(kept.days), means=kept.what,
                    changed=changed(kept.setting, settings) if kept.setting else "This is no setting.",
                )  # fmt: skip
                place += 1
            continue
        told = entries.get(section) if section else _loose(entries)
        for entry, value in told.items() if isinstance(told, Mapping) else ():
            name = f"{section}.{entry}" if section else str(entry)
            yield Setting(
                place=place, section=title, name=name, value=in_words(name, value), means=MEANS.get(name, ""),
                changed=changed(name, settings),
            )  # fmt: skip
            place += 1


def _loose(entries: Mapping[str, object]) -> dict[str, object]:
    """What stands in no section that is known here."""
    return {name: value for name, value in entries.items() if name not in SECTIONS and name not in _TOLD_APART}


def lasting(days: int | None) -> str:
    return "until erased" if days is None else counted(days, "day")


def in_words(name: str, value: object) -> str:
    """A value as people read it."""
    if value is None or value == "" or value == [] or value == {}:
        return _UNLESS_SET.get(name, "not set")
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | float):
        return _with_unit(name, value)
    if isinstance(value, Mapping):
        return ", ".join(f"{key} {each}" for key, each in value.items())
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def _with_unit(name: str, value: float) -> str:
    shown = int(value) if isinstance(value, float) and value.is_integer() else value
    unit = None if name in _NO_UNIT else _UNITS.get(name.rpartition("_")[2])
    if unit is None:
        return number(shown) if not name.endswith(".port") else str(shown)
    return f"{number(shown)} MB" if unit == "MB" else counted(shown, unit)


def changed(name: str, settings: Settings) -> str:
    """Where a setting is changed, and what changes it now."""
    if name in NOT_SET:
        return NOT_SET[name]
    setting = VARIABLE_OF.get(name, name)
    variable = PREFIX + setting.upper().replace(".", "__")
    if setting in settings.by_variable:
        return f"Set by the variable {variable}, whatever the file says; read when the server starts."
    where = settings.file or "passalong.toml"
    return f"Changed in {where} as {setting}, or by the variable {variable}; read when the server starts."
