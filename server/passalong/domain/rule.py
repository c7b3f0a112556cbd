"""A rule: which signals of a customer, in which time, call for which play. Written in TOML, refused by name."""

from __future__ import annotations

import math
import re
import tomllib
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct

from passalong.domain.faults import fault_of
from passalong.domain.share import ID_PATTERN, Id
from passalong.domain.signal import Family
from passalong.errors import Fault, Invalid

LONGEST_DAYS = 400
MOST_RULES = 500

Days = Annotated[int, Meta(ge=0, le=LONGEST_DAYS)]
Kinds = Annotated[
    tuple[Annotated[str, Meta(pattern=rf"^({'|'.join(Family)})\.(\*|[a-z][a-z0-9_]{{0,47}})$(?!\n)")], ...],
    Meta(min_length=1, max_length=50, description="product.exported, support.*, …"),
]
PlayKind = Annotated[
    str,
    Meta(
        pattern=r"^[a-z][a-z0-9_]{0,47}$(?!\n)",
        description="advocacy_invitation, expansion_prompt, onboarding, reactivation, churn_warning, or one's own",
    ),
]


class Condition(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """So many signals of some kinds in a time.

    The time reaches from `within_days` ago to `older_than_days` ago. `value_at_least` and `value_at_most` choose which
    signals count; `sum_at_least` adds their values up. Without any bound, one signal is enough. Those of the kinds in
    `less` are taken off: opened less closed is open. What was opened long ago is open still, so with `less` the time
    reaches back as far as any can, and what was closed takes nothing off that was opened afterwards.
    """

    kinds: Kinds
    less: Kinds = ()
    within_days: Annotated[int, Meta(ge=1, le=LONGEST_DAYS)]
    older_than_days: Days = 0
    at_least: Annotated[int, Meta(ge=1, le=1_000_000)] | None = None
    at_most: Annotated[int, Meta(ge=0, le=1_000_000)] | None = None
    value_at_least: float | None = None
    value_at_most: float | None = None
    sum_at_least: Annotated[float, Meta(ge=-1e12, le=1e12)] | None = None
    noun: Annotated[str, Meta(min_length=1, max_length=80)] | None = None
    """What is counted, in words: `export/exports`, or one word for both."""

    @property
    def reach_days(self) -> int:
        """How far back it looks."""
        return LONGEST_DAYS if self.less else self.within_days

    @property
    def scored(self) -> bool:
        """Whether it is about what signals are worth, and not only about how many there are."""
        return self.value_at_least is not None or self.value_at_most is not None or self.sum_at_least is not None


class Then(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The play. It stays open for `open_days`; for `rest_days` after it began no other of its kind is made for the
    customer."""

    play: PlayKind
    owner: Annotated[str, Meta(min_length=1, max_length=120)] | None = None
    rest_days: Days = 30
    open_days: Annotated[int, Meta(ge=1, le=LONGEST_DAYS)] = 30


class Rule(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All of `when` hold and none of `unless`: then the play. What is missing proves nothing of a customer of whom
    nothing was ever heard, so such a customer is left out unless `unheard` says otherwise; `heard_for_days` asks that
    the first signal be that old."""

    id: Id
    title: Annotated[str, Meta(min_length=1, max_length=160)]
    when: Annotated[tuple[Condition, ...], Meta(min_length=1, max_length=20)]
    unless: Annotated[tuple[Condition, ...], Meta(max_length=20)] = ()
    then: Then
    unheard: bool = False
    heard_for_days: Days = 0

    @property
    def conditions(self) -> tuple[Condition, ...]:
        return self.when + self.unless


class Fatigue(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How often a customer may be approached: at most `most` plays in `within_days`, whatever their kind, and with so
    many `rest_days` between two of a kind. A rule may rest longer, never shorter."""

    most: Annotated[int, Meta(ge=1, le=1000)] = 3
    within_days: Annotated[int, Meta(ge=1, le=LONGEST_DAYS)] = 30
    rest_days: dict[PlayKind, Days] = {}

    def rest_of(self, rule: Rule) -> int:
        """Days between two plays of the rule's kind."""
        return max(rule.then.rest_days, self.rest_days.get(rule.then.play, 0))


class Rulebook(Struct, frozen=True, kw_only=True):
    """The rules in the order of their weight: where only one more play is allowed, the first that holds makes it."""

    rules: tuple[Rule, ...] = ()
    fatigue: Fatigue = Fatigue()

    @property
    def longest_days(self) -> int:
        """How far back any rule looks."""
        return max((c.reach_days for rule in self.rules for c in rule.conditions), default=1)

    def find(self, id: str) -> Rule | None:
        return next((rule for rule in self.rules if rule.id == id), None)


def rulebook(text: str) -> Rulebook:
    """The rules of a TOML file; raises Invalid with every entry that cannot be right, by the rule's id."""
    values = _toml(text)
    faults = [Fault(name, "There is no such entry.") for name in values if name not in ("rules", "fatigue")]
    fatigue, rules = Fatigue(), []
    try:
        fatigue = msgspec.convert(values.get("fatigue", {}), Fatigue)
    except msgspec.ValidationError as error:
        faults.append(_under("fatigue", error))
    entries = values.get("rules", [])
    if not isinstance(entries, list) or len(entries) > MOST_RULES:
        raise Invalid([*faults, Fault("rules", f"Write at most {MOST_RULES} rules, each under [[rules]].")])
    for place, entry in enumerate(entries):
        try:
            rules.append(_rule(entry, _name_of(entry, place)))
        except Invalid as error:
            faults += error.faults
    ids = [rule.id for rule in rules]
    faults += [Fault(f"rules.{id}.id", "Another rule has this id.") for id in dict.fromkeys(ids) if ids.count(id) > 1]
    if faults:
        raise Invalid(faults)
    return Rulebook(rules=tuple(rules), fatigue=fatigue)


def rule_of(entry: object) -> Rule:
    """One rule, as JSON or TOML gave it; raises Invalid."""
    return _rule(entry, "rule")


def rule_in(text: str, id: str | None = None) -> tuple[Rule, Fatigue | None]:
    """A rule in a TOML text, with or without [[rules]] above it, and the text's own fatigue, if it has one; raises
    Invalid. Without `id` it is the only one."""
    values = _toml(text)
    if "rules" in values:
        rules = list(rulebook(text).rules)
    else:
        rules = [rule_of({name: entry for name, entry in values.items() if name != "fatigue"})]
    rules = [rule for rule in rules if id in (None, rule.id)]
    if id is not None and not rules:
        raise Invalid.one("id", f"There is no rule called {id} here.")
    if len(rules) != 1:
        raise Invalid.one("rules", f"There are {len(rules)} rules here; name one.")
    return rules[0], _fatigue_in(values)


def _fatigue_in(values: dict[str, Any]) -> Fatigue | None:
    try:
        return msgspec.convert(values["fatigue"], Fatigue) if "fatigue" in values else None
    except msgspec.ValidationError as error:
        raise Invalid([_under("fatigue", error)]) from None


def _name_of(entry: object, place: int) -> str:
    """How a fault calls a rule: by its id, if it has one."""
    id = entry.get("id") if isinstance(entry, dict) else None
    known = isinstance(id, str) and re.match(ID_PATTERN, id)
    return f"rules.{id}" if known else f"rules[{place}]"


def _rule(entry: object, path: str) -> Rule:
    try:
        rule = msgspec.convert(entry, Rule)
    except msgspec.ValidationError as error:
        raise Invalid([_under(path, error)]) from None
    faults = []
    for part in ("when", "unless"):
        for place, condition in enumerate(getattr(rule, part)):
            faults += [Fault(f"{path}.{part}[{place}].{name}", said) for name, said in _wrong(condition)]
    if not rule.title.isprintable():
        faults.append(Fault(f"{path}.title", "Write one line of printable text."))
    if faults:
        raise Invalid(faults)
    return rule


def _wrong(condition: Condition) -> list[tuple[str, str]]:
    c, wrong = condition, []
    if c.older_than_days >= c.within_days:
        wrong.append(("older_than_days", "This must be less than within_days, or no time is left."))
    if c.at_least is not None and c.at_most is not None and c.at_least > c.at_most:
        wrong.append(("at_most", "This is less than at_least, so it can never hold."))
    if c.value_at_least is not None and c.value_at_most is not None and c.value_at_least > c.value_at_most:
        wrong.append(("value_at_most", "This is less than value_at_least, so it can never hold."))
    wrong += [
        (name, "Write a number that can be reached.")
        for name in ("value_at_least", "value_at_most", "sum_at_least")
        if (bound := getattr(c, name)) is not None and not math.isfinite(bound)
    ]
    if c.noun is not None and not c.noun.isprintable():
        wrong.append(("noun", "Write printable text."))
    return wrong


def _under(path: str, error: msgspec.ValidationError) -> Fault:
    fault = fault_of(str(error))
    return Fault(path if fault.field == "body" else f"{path}.{fault.field}", fault.message)


def _toml(text: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise Invalid.one("toml", f"{error}.") from None
    except RecursionError:
        raise Invalid.one("toml", "This is nested too deeply.") from None
    except ValueError:  # a number or a date that Python refuses to read
        raise Invalid.one("toml", "A number or a date in this cannot be read.") from None
