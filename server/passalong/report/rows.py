"""The monthly review in long form, a value a row: for spreadsheets, and for adding months up."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import NamedTuple

from passalong.domain.attribution import Evidence
from passalong.domain.money import Amounts, Money, decimals
from passalong.domain.monthly import Monthly
from passalong.domain.text import tidy


class Row(NamedTuple):
    """One value. An amount is in whole units of its `currency` (1200.50), everything else has none.

    `month` is the one that the value is of; a measure that ends in `_12_months` is of the twelve up to it.
    """

    section: str
    month: str
    name: str
    measure: str
    value: int | float | Decimal | str
    currency: str


def rows(monthly: Monthly) -> Iterator[Row]:
    """Every value of the document. What is not known is left out."""
    month, before = monthly.month, monthly.month_before
    for line in monthly.months:
        yield Row("metric", line.month, "", "attributed", line.attributed, "")
        yield Row("metric", line.month, "", "opportunities", line.opportunities, "")
        if line.coverage is not None:
            yield Row("metric", line.month, "", "coverage", line.coverage, "")
        if line.k_factor is not None:
            yield Row("metric", line.month, "", "k_factor", line.k_factor, "")
        yield from _money("metric", line.month, "", "pipeline", line.pipeline)
    for source in monthly.sources:
        of = source.motion.value if source.motion else "unattributed"
        yield Row("source", month, tidy(source.title), f"opportunities_{of}", source.opportunities, "")
        yield from _money("source", month, tidy(source.title), f"pipeline_{of}", source.pipeline)
    for grade in Evidence:
        yield Row("evidence", month, "", grade.value, monthly.evidence.get(grade, 0), "")
    for stage in monthly.funnel:
        yield Row("funnel", month, "", stage.stage, stage.now, "")
        yield Row("funnel", before, "", stage.stage, stage.before, "")
    for customer in monthly.customers:
        name = tidy(customer.name)
        yield Row("customer", month, name, "opportunities", customer.opportunities, "")
        yield Row("customer", month, name, "leads", customer.leads, "")
        yield from _money("customer", month, name, "pipeline", customer.pipeline)
    for tree in monthly.trees:
        name = f"{tidy(tree.title)} ({tidy(tree.name)}, {tidy(tree.channel)}, {tree.share})"
        for measure in ("visits", "leads", "opportunities", "hops", "links"):
            yield Row("link", month, name, measure, getattr(tree, measure), "")
    for line_of_hop in monthly.hops:
        yield Row("spread", month, f"hop {line_of_hop.hop}", "leads", line_of_hop.leads, "")
        yield Row("spread", month, f"hop {line_of_hop.hop}", "opportunities", line_of_hop.opportunities, "")
    if monthly.k_factor_12 is not None:
        yield Row("spread", month, "", "k_factor_12_months", monthly.k_factor_12, "")
    yield from _beside(monthly)
    yield from _changed(monthly)
    yield from _decided(monthly)


def _beside(monthly: Monthly) -> Iterator[Row]:
    month = monthly.month
    yield from _money("secondary", month, "", "expansion_pipeline", monthly.expansion_pipeline)
    yield from _money("secondary", month, "", "expansion_pipeline_12_months", monthly.expansion_pipeline_12)
    yield from _money("secondary", month, "", "advocacy_revenue", monthly.advocacy_revenue)
    yield from _money("secondary", month, "", "advocacy_revenue_12_months", monthly.advocacy_revenue_12)
    for launch in monthly.first_opportunities:
        if launch.days is not None:
            yield Row("secondary", month, tidy(launch.title), "days_to_first_opportunity", launch.days, "")


def _changed(monthly: Monthly) -> Iterator[Row]:
    for decided in monthly.decisions:
        yield Row("decision", monthly.month, tidy(decided.title), decided.kind.value, tidy(decided.reason), "")
    for mover in monthly.movers:
        yield Row("mover", monthly.month, tidy(mover.name), f"{mover.what}_opportunities", mover.now, "")
        yield Row("mover", monthly.month_before, tidy(mover.name), f"{mover.what}_opportunities", mover.before, "")
    for cause in monthly.credited_anew:
        yield Row("credited_anew", monthly.month, tidy(cause.cause), "times", cause.times, "")


def _decided(monthly: Monthly) -> Iterator[Row]:
    month = monthly.month
    for judged in monthly.agenda.judged:
        title, verdict = tidy(judged.title), judged.verdict
        yield Row("verdict", month, title, "state", verdict.state.value, "")
        yield Row("verdict", month, title, "stalled", int(verdict.stalled), "")
        yield Row("verdict", month, title, "observed", verdict.observed, "")
        for measure, value in (("expected", verdict.expected), ("probability", verdict.probability)):
            if value is not None:
                yield Row("verdict", month, title, measure, round(value, 6), "")
    for held in filter(None, (monthly.agenda.review, monthly.agenda.last)):
        for outcome in held.outcomes:
            decision, reason = outcome.decision.value, tidy(outcome.reason)
            yield Row("review", held.month, tidy(outcome.title), decision, reason, "")
    for finding in monthly.agenda.theater:
        for measure, number in finding.numbers.items():
            yield Row("theater", month, tidy(finding.title), measure, number, "")


def _money(section: str, month: str, name: str, measure: str, amounts: Amounts) -> Iterator[Row]:
    for amount in amounts.by_currency:
        yield Row(section, month, name, measure, _whole(amount), amount.currency)
    if amounts.converted is not None:
        to = amounts.converted
        yield Row(section, month, name, f"{measure}_at_settings_rates", _whole(to.amount), to.amount.currency)
        for currency in to.left_out:
            yield Row(section, month, name, f"{measure}_left_out_for_want_of_a_rate", "", currency)


def _whole(amount: Money) -> Decimal:
    return Decimal(amount.amount_minor).scaleb(-decimals(amount.currency))
