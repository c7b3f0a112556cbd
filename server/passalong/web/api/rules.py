"""Rules: which are live and what they have made, and what another would have made."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from litestar import get, post
from litestar.params import JSONBody
from msgspec import Meta, Struct

from passalong.domain.instant import at
from passalong.domain.play import Reason
from passalong.domain.rule import Fatigue, Rule, rule_in, rule_of
from passalong.errors import Invalid, NotFound
from passalong.store.play_reports import PlayCounts
from passalong.store.rehearsal import DryRun
from passalong.web.api.refusals import REFUSALS
from passalong.web.services import FromServices, Services


class RuleAnswer(Struct, kw_only=True):
    """A rule that is live, in the words of the file, with the owner of its plays and what became of them."""

    rule: Rule
    owner: str
    counts: PlayCounts


class RulesAnswer(Struct, kw_only=True):
    """Rules in the order of their weight, and how often a customer may be approached."""

    fatigue: Fatigue
    items: list[RuleAnswer]


class DryRunBody(Struct, forbid_unknown_fields=True):
    """One of three: the `id` of a live rule, a `rule` as JSON, or a rule's text in `toml`, whose own `[fatigue]` counts
    where it has one."""

    id: Annotated[str, Meta(max_length=64)] | None = None
    rule: dict[str, Any] | None = None
    toml: Annotated[str, Meta(max_length=20_000)] | None = None
    days: Annotated[int, Meta(ge=1, le=1100)] = 365


class ExampleAnswer(Struct, kw_only=True):
    customer: str
    customer_name: str | None
    at: datetime
    why: str


class DryRunAnswer(Struct, kw_only=True):
    """What the rule would have made between `since` and `until`: plays by month, for how many customers of all, and in
    `kept_back` the occasions that fatigue would have left unused. `examples` are the newest, one a customer."""

    rule: Rule
    days: int
    since: datetime
    until: datetime
    plays: int
    customers: int
    of_customers: int
    months: dict[str, int]
    kept_back: dict[Reason, int]
    examples: list[ExampleAnswer]
    signals: int
    took_ms: int


@get("/rules", tags=["Plays"], summary="The rules that are live, and what they made", responses=REFUSALS)
async def list_rules(services: FromServices) -> RulesAnswer:
    return await live_rules(services)


@post("/rules/dry-run", tags=["Plays"], summary="Run a rule against history", status_code=200, responses=REFUSALS)
async def dry_run_rule(services: FromServices, data: JSONBody[DryRunBody]) -> DryRunAnswer:
    """Which plays it would have made; none is made. Plays that other rules have made count for fatigue."""
    rule, fatigue = asked(services, data)
    return dry_run_answer(services, await services.rehearsals.dry_run(rule, data.days, fatigue=fatigue))


async def live_rules(services: Services) -> RulesAnswer:
    report = await services.play_reports.report()
    book = services.plays.book
    return RulesAnswer(
        fatigue=book.fatigue,
        items=[
            RuleAnswer(
                rule=rule,
                owner=rule.then.owner or services.settings.plays.owner,
                counts=report.rules.get(rule.id) or services.play_reports.nothing(),
            )
            for rule in book.rules
        ],
    )


def asked(services: Services, body: DryRunBody) -> tuple[Rule, Fatigue | None]:
    """The rule that a dry run is about, and the fatigue that came with it; raises Invalid or NotFound."""
    given = [name for name in ("id", "rule", "toml") if getattr(body, name) is not None]
    if len(given) != 1:
        raise Invalid.one(given[1] if given else "rule", "Give one of id, rule and toml.")
    if body.rule is not None:
        return rule_of(body.rule), None
    if body.toml is not None:
        return rule_in(body.toml)
    found = services.plays.book.find(str(body.id))
    if found is None:
        raise NotFound(f"There is no rule called {body.id}.")
    return found, None


def dry_run_answer(services: Services, found: DryRun) -> DryRunAnswer:
    names = services.catalog.customers
    same = {name: getattr(found, name) for name in DryRunAnswer.__struct_fields__ if name in DryRun.__struct_fields__}
    examples = [
        ExampleAnswer(
            customer=example.customer,
            customer_name=names[example.customer].name if example.customer in names else None,
            at=at(example.at_ms),
            why=example.why,
        )
        for example in found.examples
    ]
    return DryRunAnswer(**{**same, "since": at(found.first_ms), "until": at(found.last_ms), "examples": examples})
