"""The parts of the monthly review, in words and tables: one function a section."""

from __future__ import annotations

from collections.abc import Sequence

from passalong.domain.attribution import Evidence
from passalong.domain.decision import DecisionKind
from passalong.domain.lead import Motion
from passalong.domain.money import Amounts
from passalong.domain.monthly import MONTHS, Monthly, SourceLine
from passalong.domain.text import counted, number, percent
from passalong.report import wording
from passalong.report.outline import Bar, Points, Section, Table
from passalong.report.wording import change, money, name

_STAGES = {
    "visit": "Visits",
    "lead": "Leads",
    "click": "Clicks",
    "signup": "Sign-ups",
    "trial": "Trials",
    "opportunity": "Opportunities",
    "won": "Won",
}
_DECIDED = {
    DecisionKind.LAUNCH: "launched",
    DecisionKind.CHANGE: "changed",
    DecisionKind.KEEP: "kept",
    DecisionKind.REVISE: "found to need a change",
    DecisionKind.PAUSE: "paused",
    DecisionKind.RESUME: "resumed",
    DecisionKind.KILL: "killed",
    DecisionKind.REVIVE: "revived",
}
_MOTIONS = {Motion.NEW_LOGO: "new logos", Motion.EXPANSION: "expansion"}
_MOST_SAID = 12
"""How many decisions, and how many causes, are told one by one."""


def sources(monthly: Monthly) -> Section:
    section = Section(id="sources", heading="Pipeline by source")
    if not monthly.sources:
        section.blocks.append("No opportunity is known of this month.")
        return section
    bars, measured = _bars(monthly.sources)
    section.blocks.append(
        Table(
            title="Pipeline by source",
            columns=("Source", ">Opportunities", ">Pipeline"),
            rows=[
                (
                    f"{name(line.title)}\n{_MOTIONS[line.motion]}" if line.motion else name(line.title),
                    number(line.opportunities),
                    _lines(line.pipeline),
                )
                for line in monthly.sources
            ],
            bars=bars,
        )
    )
    section.notes.append(measured)
    return section


def _bars(lines: Sequence[SourceLine]) -> tuple[list[Bar], str]:
    """Sizes of bars, and what they measure: money where all of it compares, else opportunities."""
    sizes: list[float] = []
    currencies = {amount.currency for line in lines for amount in line.pipeline.by_currency}
    to = next((line.pipeline.converted for line in lines if line.pipeline.converted), None)
    left_out = any(line.pipeline.converted and line.pipeline.converted.left_out for line in lines)
    if to is not None and currencies and not left_out:
        sizes = [line.pipeline.converted.amount.amount_minor if line.pipeline.converted else 0 for line in lines]
        measured = f"Bars measure pipeline in {to.amount.currency}."
    elif len(currencies) == 1:
        sizes = [sum(amount.amount_minor for amount in line.pipeline.by_currency) for line in lines]
        measured = f"Bars measure pipeline in {min(currencies)}."
    if not any(sizes):
        sizes = [line.opportunities for line in lines]
        why = ", since amounts in several currencies do not compare" if len(currencies) > 1 else ""
        measured = f"Bars measure opportunities{why}."
    most = max(sizes) or 1
    return [Bar(size / most, not line.attributed) for size, line in zip(sizes, lines, strict=True)], measured


def evidence(monthly: Monthly) -> Section:
    section = Section(id="evidence", heading="How sure we are")
    total = monthly.now.attributed
    if not total:
        section.blocks.append("No opportunity of this month carries a customer’s name yet.")
        return section
    meant = {
        Evidence.OBSERVED: "observed: their buyers followed a link or filled a gate",
        Evidence.DECLARED: "declared: the buyer said who showed it to them, or an admin decided",
        Evidence.INFERRED: "inferred: somebody at the same company had filled a gate",
    }
    found = {grade: n for grade, n in monthly.evidence.items() if n}
    if len(found) == 1:
        [grade] = found
        all_of = "The only opportunity" if total == 1 else f"All {number(total)} opportunities"
        said = f"{all_of} with a customer’s name {'is' if total == 1 else 'are'} {meant[grade]}."
    else:
        parts = [
            f"{number(n)} ({percent(min(n / total, 1))}) {'is' if n == 1 else 'are'} {meant[grade]}"
            for grade, n in found.items()
        ]
        said = f"Of the {number(total)} opportunities with a customer’s name, {'; '.join(parts)}."
    section.blocks.append(said)
    return section


def months(monthly: Monthly) -> Section:
    """From the first of the twelve months of which anything is known."""
    first = next((n for n, line in enumerate(monthly.months) if line.opportunities), len(monthly.months) - 1)
    lines = monthly.months[first:]
    most = max(line.attributed for line in lines) or 1
    table = Table(
        title="Opportunities with a customer’s name, month by month",
        columns=("Month", ">Opportunities", ">Coverage", ">Pipeline"),
        rows=[
            (
                wording.month(line.month) + (" (so far)" if monthly.running and line is monthly.now else ""),
                number(line.attributed),
                percent(line.coverage) if line.coverage is not None else "–",
                _lines(line.pipeline),
            )
            for line in lines
        ],
        bars=[Bar(line.attributed / most) for line in lines],
    )
    notes = [f"Of the months before {wording.month(lines[0].month)} no opportunity is known."] if first else []
    return Section(id="months", heading="Twelve months of the one number", blocks=[table], notes=notes)


def funnel(monthly: Monthly) -> Section:
    now, before = wording.month(monthly.month, short=True), wording.month(monthly.month_before, short=True)
    so_far = " so far" if monthly.running else ""
    table = Table(
        title="From visit to deal",
        columns=("Stage", f">{now}{so_far}", f">{before}", ">Change"),
        rows=[
            (_STAGES[line.stage], number(line.now), number(line.before), change(line.now, line.before))
            for line in monthly.funnel
        ],
        compact=True,
    )
    notes = ["Visits are people a day, without bots. From sign-ups on, only what carries a customer’s name is counted."]
    return Section(id="funnel", heading="From visit to deal", blocks=[table], notes=notes)


def customers(monthly: Monthly) -> Section:
    section = Section(id="customers", heading="Customers who brought most")
    if not monthly.customers:
        section.blocks.append("No customer is credited with an opportunity of this month yet.")
        return section
    section.blocks.append(
        Table(
            title="Customers who brought most",
            columns=("Customer", ">Opportunities", ">Pipeline", ">Leads"),
            rows=[
                (name(line.name), number(line.opportunities), _lines(line.pipeline), number(line.leads))
                for line in monthly.customers
            ],
        )
    )
    several = len({amount.currency for line in monthly.customers for amount in line.pipeline.by_currency}) > 1
    if monthly.customers_by == "opportunities" and several:
        section.notes.append("In order of opportunities, since amounts in several currencies do not compare.")
    return section


def trees(monthly: Monthly) -> Section:
    section = Section(id="links", heading="Links that brought most")
    if not monthly.trees:
        section.blocks.append("No link brought a lead or an opportunity this month.")
        return section
    section.blocks.append(
        Table(
            title="Links that brought most",
            columns=("Link", ">Visits", ">Leads", ">Opportunities", ">Passed along"),
            rows=[
                (
                    f"{name(tree.title)}\n{name(tree.name, 40)}, {name(tree.channel, 32)}",
                    number(tree.visits),
                    number(tree.leads),
                    number(tree.opportunities),
                    _passed_along(tree.links, tree.hops),
                )
                for tree in monthly.trees
            ],
        )
    )
    section.notes.append(
        "A link counts with all that was passed along from it. Links that brought neither a lead nor an opportunity "
        "are not among them."
    )
    return section


def _passed_along(links: int, hops: int) -> str:
    return f"{counted(links, 'link')}, {counted(hops, 'hop')}" if hops else "no"


def spread(monthly: Monthly) -> Section:
    section = Section(id="spread", heading="Passed along")
    if monthly.now.k_factor is None:
        section.blocks.append("There was no new lead this month, so nothing was passed along that could be counted.")
    else:
        leads = sum(line.leads for line in monthly.hops)
        onward = sum(line.leads for line in monthly.hops if line.hop)
        year = f" ({monthly.k_factor_12:.2f} over {MONTHS} months)" if monthly.k_factor_12 is not None else ""
        section.blocks.append(
            f"K-factor {monthly.now.k_factor:.2f}{year}: {number(onward)} of {counted(leads, 'new lead')} came by "
            "a link that somebody had passed along."
        )
    if monthly.hops:
        section.blocks.append(
            Table(
                title="By hops from the customer",
                columns=("Hops from the customer", ">New leads", ">Opportunities"),
                rows=[
                    (
                        "0 (the customer’s own link)" if line.hop == 0 else number(line.hop),
                        number(line.leads),
                        number(line.opportunities),
                    )
                    for line in monthly.hops
                ],
                compact=True,
            )
        )
    return section


def secondary(monthly: Monthly) -> Section:
    """Expansion, advocacy, and how long mechanics take."""
    section = Section(id="secondary", heading="Beside the one number")
    section.blocks.append(
        Table(
            title="Beside the one number",
            columns=("", ">This month", f">{MONTHS} months"),
            rows=[
                (
                    "Expansion pipeline\nwhere people touch the product",
                    _lines(monthly.expansion_pipeline),
                    _lines(monthly.expansion_pipeline_12),
                ),
                ("Advocacy revenue\nwon", _lines(monthly.advocacy_revenue), _lines(monthly.advocacy_revenue_12)),
            ],
        )
    )
    if monthly.first_opportunities:
        section.blocks.append(
            Table(
                title="From launch to the first opportunity",
                columns=("Mechanic", ">Launched", ">First opportunity"),
                rows=[(name(line.title), line.launched_on, _after(line.days)) for line in monthly.first_opportunities],
            )
        )
    return section


def _after(days: int | None) -> str:
    return "none yet" if days is None else f"after {counted(days, 'day')}" if days else "on the same day"


def changes(monthly: Monthly) -> Section:
    section = Section(id="changes", heading=f"What changed since {wording.month(monthly.month_before)}")
    decided = [
        f"{wording.day(said.at, monthly.timezone, year=False)}: {name(said.title)} was {_DECIDED[said.kind]} by "
        f"{name(said.by, 60)}. {_full_stop(name(said.reason, 240))}"
        for said in monthly.decisions
    ]
    section.blocks.append(
        Points(_some(decided, "decision")) if decided else "No decision about a mechanic was made this month."
    )
    if monthly.movers:
        section.blocks.append(
            Table(
                title="Who moved most",
                columns=("Moved most", f">{wording.month(monthly.month, short=True)}", *_before_and_change(monthly)),
                rows=[
                    (
                        f"{name(mover.name)}\n{mover.what}",
                        number(mover.now),
                        number(mover.before),
                        change(mover.now, mover.before),
                    )
                    for mover in monthly.movers
                ],
            )
        )
    times = sum(cause.times for cause in monthly.credited_anew)
    if times:
        section.blocks.append(f"Credits were worked out anew {counted(times, 'time')}:")
        causes = [
            f"{_full_stop(name(cause.cause, 160))} {counted(cause.times, 'time')}." for cause in monthly.credited_anew
        ]
        section.blocks.append(Points(_some(causes, "reason")))
    else:
        section.blocks.append("No credit was worked out anew.")
    return section


def _before_and_change(monthly: Monthly) -> tuple[str, str]:
    return f">{wording.month(monthly.month_before, short=True)}", ">Change"


def _some(said: list[str], of: str) -> list[str]:
    rest = len(said) - _MOST_SAID
    return [*said[:_MOST_SAID], f"And {counted(rest, f'more {of}', f'more {of}s')}."] if rest > 0 else said


def _full_stop(text: str) -> str:
    text = text[:1].upper() + text[1:]
    return text if text.endswith((".", "!", "?", "…", "”")) else f"{text}."


def _lines(amounts: Amounts) -> str:
    return "\n".join(money(amounts)) or "–"
