"""Numbers, times and the house's words, as people read them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime

from passalong.domain.instant import MONTH_NAMES
from passalong.domain.money import Money, decimals, written

NOTHING = "–"
READING, NOT_READ = "Reading…", "Not read yet."


class Zone:
    """In which zone times are told, the machine's own or UTC on demand, and by which clock they are counted. A process
    shows one console."""

    utc = False
    clock: Callable[[], datetime] = staticmethod(lambda: datetime.now(UTC))


class Server:
    """Whether the server is away: then nobody is reading what was not read yet."""

    away = False


def now() -> datetime:
    return Zone.clock()


def unread() -> str:
    """What stands where nothing is known yet."""
    return NOT_READ if Server.away else READING


KINDS = {
    "referral_loop": "Referral loop",
    "expansion": "Expansion",
    "shared_asset": "Shared asset",
    "advocacy": "Advocacy",
    "community": "Community",
}
MOTIONS = {"new_logo": "new logo", "expansion": "expansion"}
EVENTS = {
    "share": "share made",
    "view": "view",
    "step": "step",
    "visit": "visit",
    "lead": "lead",
    "click": "CTA click",
    "signup": "sign-up",
    "trial": "trial",
    "opportunity": "opportunity",
    "won": "won",
    "lost": "lost",
    "afterlife": "view after the kill",
    "prompt": "prompt shown",
}
SHARE_STATES = {"open": "● open", "revoked": "✕ revoked", "expired": "✕ expired"}
EVIDENCE = {"observed": "observed", "declared": "declared", "inferred": "inferred"}
VIAS = {
    "click": "followed the call to action",
    "contact": "contact of the deal",
    "domain": "colleague at its company",
    "heard_from": "said where they heard",
}
"""By which trace a touchpoint was found."""
ACTORS = {"human": "a person", "bot": "a bot", "unfurler": "a link preview", "system": "the product or CRM"}
BRIEFLY = {"human": "person", "bot": "bot", "unfurler": "preview", "system": "system"}
"""The same where there is little room."""
DECISIONS = {
    "launch": "Launched",
    "change": "Changed",
    "keep": "Kept",
    "revise": "To be changed",
    "pause": "Paused",
    "resume": "Resumed",
    "kill": "Killed",
    "revive": "Revived",
}
VERDICTS = {"collecting": "… too early", "keep": "✓ keep", "review": "? review", "kill": "✗ kill"}
"""A symbol and a word, so that no colour is needed."""
TONES = {"collecting": "quiet", "keep": "success", "review": "warning", "kill": "error"}
"""The colour of a verdict, by its name in the themes."""
CHOICES = {"keep": "✓ keep", "change": "~ change", "kill": "✗ kill"}
ROLES = {
    "product": "Product",
    "marketing": "Marketing",
    "customer_success": "Customer success",
    "sales": "Sales",
}
MODELS = {
    "origin": "origin",
    "first": "first touch",
    "last": "last touch",
    "linear": "linear",
    "position": "position",
    "time_decay": "time decay",
}
"""The rules by which several touchpoints share a credit."""
RANKINGS = tuple(model for model in MODELS if model != "first")
"""Those that make a ranking of their own, in the order in which they are tried: `first` is another name of `origin`."""
MOMENTS = {
    "share": "first share",
    "play": "play made",
    "play_done": "play done",
    "play_dismissed": "play dismissed",
    "play_expired": "play expired",
    "piece": "advocacy",
    "piece_withdrawn": "withdrawn",
    "prompts": "prompts shown",
    "invitations": "invited",
    "signals": "signal",
}
"""What a timeline tells beside events."""
PIECES = {
    "linked": "● linked",
    "unvisited": "○ not visited",
    "untracked": "! untracked",
    "unknown": "? not readable",
    "unchecked": "… not read yet",
    "withdrawn": "✕ withdrawn",
}
"""Whether a piece of advocacy leads to its tracked link."""
PLAY_STATES = {"open": "● open", "done": "✓ done", "dismissed": "✕ dismissed", "expired": "… expired"}
WAYS = {
    "hubspot": "HubSpot",
    "webhook": "Webhooks",
    "mail": "Mail",
    "pages": "Pages",
    "pipeline": "Attribution",
    "plays": "Rules",
}
"""Where jobs go; the last two stay here."""
JOB_STATES = {
    "pending": "… pending",
    "sending": "→ sending",
    "sent": "✓ sent",
    "failed": "✗ failed",
    "skipped": "✕ skipped",
}
JOB_TONES = {"failed": "error", "sent": "success"}
CHECKS = {
    "failed_and_alive": "mechanics that failed and live on",
    "activity_without_pipeline": "activity without pipeline",
    "low_coverage": "low coverage",
    "closed_before_touch": "opportunities older than their first touch",
    "staff_shares": "shares by your own people",
    "untracked_advocacy": "advocacy without a tracked link",
    "unvisited_advocacy": "advocacy that nobody follows",
    "advocacy_alone": "nothing but advocacy",
    "satisfaction_without_opportunity": "satisfaction without opportunity",
    "several_launches": "several launches at once",
    "no_review": "no review",
}
"""What the theater looks for."""
FALLBACKS = {
    "asset_only": "the asset stays, without gate and call to action",
    "redirect": "links lead elsewhere",
    "gone": "links say goodbye",
}


def said(words: dict[str, str], name: str | None) -> str:
    """The word for a name on the wire; the name itself, readable, where a newer server knows one more."""
    return words.get(name, name.replace("_", " ")) if name else NOTHING


def number(n: float) -> str:
    """`1,204`; one decimal where a model has divided what it counts."""
    return f"{n:,}" if isinstance(n, int) else f"{n:,.1f}"


def counted(n: float, one: str, many: str | None = None) -> str:
    """`1 link`, `214 links`."""
    return f"{number(n)} {one if n == 1 else many or one + 's'}"


def percent(part: float, whole: float) -> str:
    """`64 %`, one digit more below ten; a dash where there is no whole."""
    if not whole:
        return NOTHING
    ratio = 100 * part / whole
    return f"{ratio:.1f} %" if 0 < ratio < 9.95 else f"{ratio:,.0f} %"


def chance(probability: float | None) -> str:
    """A probability in [0, 1] as `74 %`; never all or nothing, which it never is. A dash where there is none."""
    if probability is None:
        return NOTHING
    return "over 99 %" if probability >= 0.995 else percent(probability, 1) if probability >= 0.001 else "under 0.1 %"


def month_name(month: str) -> str:
    """`November 2026` of 2026-11."""
    return f"{MONTH_NAMES[int(month[5:7]) - 1]} {month[:4]}"


def month_in_short(month: str) -> str:
    """`Nov 2026` of 2026-11."""
    return f"{MONTH_NAMES[int(month[5:7]) - 1][:3]} {month[:4]}"


def month_beside(month: str, by: int) -> str:
    """The month so many months later (2026-12 after 2026-11)."""
    n = int(month[:4]) * 12 + int(month[5:7]) - 1 + by
    return f"{n // 12:04d}-{n % 12 + 1:02d}"


def money(amounts: Sequence[Money]) -> str:
    """Amounts in the currencies they came in: never added up across them."""
    return " + ".join(written(m.amount_minor, m.currency) for m in amounts) or NOTHING


def money_in(amounts: Sequence[Money], width: int) -> str:
    """The same within so many cells: never a cut number, but the largest amount and how many more there are."""
    whole = money(amounts)
    if len(whole) <= width or not amounts:
        return whole
    rest = f" +{len(amounts) - 1}" if len(amounts) > 1 else ""
    return f"{money(amounts[:1])}{rest}"


def money_header(label: str) -> list[str]:
    """The two columns of money in a file."""
    return [f"{label} amount", f"{label} currency"]


def money_told(amounts: Sequence[Money]) -> tuple[str, str]:
    """For programs, `12000.00` and `EUR`: nothing for none, several in the same order with `;` between them."""
    return ";".join(map(_bare, amounts)), ";".join(m.currency for m in amounts)


def _bare(amount: Money) -> str:
    digits = decimals(amount.currency)
    whole, fraction = divmod(amount.amount_minor, 10**digits)
    return f"{whole}.{fraction:0{digits}d}" if digits else str(whole)


def month_label(month: str) -> str:
    """`Nov` of 2026-11."""
    return MONTH_NAMES[int(month[5:7]) - 1][:3]


def here(moment: datetime) -> datetime:
    """The same moment in the zone that times are told in."""
    return moment.astimezone(UTC if Zone.utc else None)


def today() -> date:
    return here(now()).date()


def clock(moment: datetime) -> str:
    """The time of day; it says so where it is UTC."""
    return f"{here(moment):%H:%M}{' UTC' if Zone.utc else ''}"


def second(moment: datetime) -> str:
    """The time of day to the second, as 14:05:09, of another day than today its day, as 21 Nov 14:05."""
    local, mark = here(moment), "Z" if Zone.utc else ""
    if local.date() == today():
        return f"{local:%H:%M:%S}{mark}"
    return f"{local.day} {MONTH_NAMES[local.month - 1][:3]} {local:%H:%M}{mark}"


def day(moment: datetime) -> str:
    """The day, as 3 Nov 2026."""
    local = here(moment)
    return f"{local.day} {MONTH_NAMES[local.month - 1][:3]} {local.year}"


def stamp(moment: datetime) -> str:
    """Day and time, as 3 Nov 2026 14:05."""
    return f"{day(moment)} {clock(moment)}"


def stamp_in(moment: datetime, width: int) -> str:
    """The same where there is room for it, else the day."""
    whole = stamp(moment)
    return whole if len(whole) <= width else day(moment)


def ago(moment: datetime) -> str:
    """`just now`, `2 min ago`, `3 h ago`, then the day."""
    seconds = (now() - moment).total_seconds()
    if seconds < -60:
        return day(moment)
    if seconds < 45:
        return "just now"
    if seconds < 3600:
        return f"{max(round(seconds / 60), 1)} min ago"
    if seconds < 86_400:
        return f"{round(seconds / 3600)} h ago"
    return day(moment)


def soon(moment: datetime) -> str:
    """`now`, `in 4 min`, `in 3 h`, then the day: of what is still to come."""
    seconds = (moment - now()).total_seconds()
    if seconds < 45:
        return "now"
    if seconds < 3600:
        return f"in {max(round(seconds / 60), 1)} min"
    return f"in {round(seconds / 3600)} h" if seconds < 86_400 else day(moment)
