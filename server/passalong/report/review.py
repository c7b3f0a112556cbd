"""The monthly review as a document: its head, its sections in their order, and its small print."""

from __future__ import annotations

from passalong.domain.monthly import Monthly
from passalong.domain.text import counted, number, percent
from passalong.report import deciding, sections, wording
from passalong.report.outline import Outline, Points, Section
from passalong.report.wording import change, joined, money, name


def outline(monthly: Monthly) -> Outline:
    vendor = joined([name(brand.name, 40) for brand in monthly.brands]) or "Passalong"
    told = monthly.state == "told"
    return Outline(
        vendor=vendor,
        title=f"{wording.month(monthly.month)}{', so far' if monthly.running else ''}",
        dated=_dated(monthly),
        number=number(monthly.now.attributed) if told else None,
        label=_with_a_name(monthly.now.attributed),
        change=_change(monthly),
        facts=_facts(monthly) if told else [],
        pipeline=money(monthly.now.pipeline) if told else [],
        months=[
            (line.month, wording.month(line.month, short=True), line.attributed)
            for line in monthly.months
            if monthly.state != "unused"
        ],
        sections=_sections(monthly),
        notes=_notes(monthly) if told else [],
    )


def _sections(monthly: Monthly) -> list[Section]:
    if monthly.state == "unused":
        return [_unused()]
    if monthly.state == "quiet":
        quiet = Section(
            id="quiet",
            heading="Nothing was recorded",
            blocks=[
                f"Of {wording.month(monthly.month)} no visit, no lead and no opportunity is known.",
                _elsewhere(monthly),
            ],
        )
        before = [sections.months(monthly)] if any(line.opportunities for line in monthly.months) else []
        return [*_asked(monthly), quiet, *before, *_theater(monthly)]
    told = (
        sections.sources,
        sections.evidence,
        sections.months,
        sections.funnel,
        sections.customers,
        sections.trees,
        sections.spread,
        sections.secondary,
        sections.changes,
    )
    return [*_asked(monthly), *(section(monthly) for section in told), *_theater(monthly)]


def _asked(monthly: Monthly) -> list[Section]:
    """What the review opens with."""
    judged = [deciding.verdicts(monthly)] if monthly.agenda.judged else []
    return [deciding.questions(monthly), *judged, deciding.last(monthly)]


def _theater(monthly: Monthly) -> list[Section]:
    return [deciding.theater(monthly)] if monthly.agenda.recent else []


def _dated(monthly: Monthly) -> str:
    made = f"Made on {wording.day(monthly.made_at, monthly.timezone)}"
    if monthly.running:
        made += f", day {monthly.days} of {monthly.days_in_month}"
    return f"{made}. Days and months are those of {monthly.timezone}."


def _with_a_name(n: float) -> str:
    return f"{'opportunity' if n == 1 else 'opportunities'} with a customer’s name"


def _change(monthly: Monthly) -> str:
    now, before = monthly.now.attributed, monthly.before.attributed
    month = wording.month(monthly.month_before)
    whole = "all of " if monthly.running else ""
    if now == before:
        return f"As many as in {whole}{month}."
    by = change(max(now, before), min(now, before)).removeprefix("+")
    return f"{by} {'more' if now > before else 'fewer'} than in {whole}{month} ({number(before)})."


def _facts(monthly: Monthly) -> list[str]:
    facts = [_coverage(monthly)]
    if monthly.now.attributed and not monthly.now.pipeline.by_currency:
        facts.append("No amounts were reported with these opportunities.")
    return facts


def _coverage(monthly: Monthly) -> str:
    now, before = monthly.now, monthly.before
    if now.coverage is None:
        return "No opportunity is known yet, so there is no coverage to tell."
    known = counted(now.opportunities, "known opportunity", "known opportunities")
    said = f"Coverage {percent(now.coverage)}: {number(now.attributed)} of {known}"
    if before.coverage is None:
        return f"{said}; of {wording.month(monthly.month_before)} none is known."
    points = round(now.coverage * 100) - round(before.coverage * 100)
    if not points:
        return f"{said}, as in {wording.month(monthly.month_before)}."
    more = f"{counted(abs(points), 'point')} {'more' if points > 0 else 'less'}"
    return f"{said}, {more} than in {wording.month(monthly.month_before)} ({percent(before.coverage)})."


def _unused() -> Section:
    return Section(
        id="unused",
        heading="Nothing to review yet",
        blocks=[
            "This database holds no mechanic and no conversion. Three steps lead to a first number:",
            Points(
                [
                    "Say who shares what: brand, customers, mechanics and assets, over the API or with "
                    "“passalong import”.",
                    "Hand out links: “passalong mint” prints one.",
                    "Report what becomes of their viewers: POST /api/v1/conversions, or connect HubSpot.",
                ]
            ),
            "“passalong demo” shows all of it with sample data.",
        ],
    )


def _elsewhere(monthly: Monthly) -> str:
    told = [line.month for line in monthly.months if line.opportunities]
    if told:
        return f"The latest month before it with opportunities is {wording.month(told[-1])}: --month {told[-1]}."
    return (
        "Nor is any opportunity of the eleven months before it. Without --month, the present one is told; "
        "“passalong mint” prints a link to send around."
    )


def _notes(monthly: Monthly) -> list[str]:
    notes = [
        "An opportunity carries a customer’s name when a trace leads from it to something that customer shared. "
        "Each is counted once; where several customers share the credit, their parts sum to one."
    ]
    found = [line.pipeline for line in monthly.months] + [line.pipeline for line in monthly.sources]
    found += [monthly.expansion_pipeline_12, monthly.advocacy_revenue_12]
    if len({amount.currency for amounts in found for amount in amounts.by_currency}) > 1:
        notes.append("Amounts of different currencies are never added.")
    if said := wording.conversion(found):
        notes.append(said)
    return notes
