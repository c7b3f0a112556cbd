"""Money in minor units (cents, yen, fils) with its currency. Never a float."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Annotated

from msgspec import Meta, Struct

# ISO 4217 minor units that are not two digits.
_DECIMALS = dict.fromkeys(
    [
        "BIF",
        "CLP",
        "DJF",
        "GNF",
        "ISK",
        "JPY",
        "KMF",
        "KRW",
        "PYG",
        "RWF",
        "UGX",
        "UYI",
        "VND",
        "VUV",
        "XAF",
        "XOF",
        "XPF",
    ],
    0,
) | dict.fromkeys(["BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"], 3)


class Money(Struct, frozen=True, forbid_unknown_fields=True):
    """An amount, as `{"amount_minor": 120000, "currency": "EUR"}` for 1,200 euros."""

    amount_minor: Annotated[int, Meta(ge=0, le=10**15)]
    currency: Annotated[str, Meta(pattern=r"^[A-Z]{3}$(?!\n)", description="ISO 4217")]


def decimals(currency: str) -> int:
    """Digits after the point, ISO 4217."""
    return _DECIMALS.get(currency, 2)


def written(amount_minor: int, currency: str) -> str:
    """For people: `EUR 1,200` or `EUR 1,200.50`; the fraction only where there is one."""
    scale = 10 ** decimals(currency)
    whole, fraction = divmod(amount_minor, scale)
    tail = f".{fraction:0{decimals(currency)}d}" if fraction else ""
    return f"{currency} {whole:,}{tail}"


class Converted(Struct, frozen=True, kw_only=True):
    """A sum over currencies, in one of them. `left_out` names currencies that no rate is known for."""

    amount: Money
    rates: dict[str, float]
    """What one unit of each converted currency was taken to be worth."""
    left_out: list[str]


class Amounts(Struct, frozen=True, kw_only=True):
    """Money by currency, never added across them; `converted` in the currency of the settings, if they name one."""

    by_currency: list[Money]
    converted: Converted | None


def amounts(found: Iterable[Money], currency: str | None, rates: Mapping[str, float]) -> Amounts:
    """Sums by currency and, where a currency is given, beside them one sum in it."""
    known = summed(found)
    return Amounts(by_currency=known, converted=converted(known, currency, rates) if currency else None)


def summed(amounts: Iterable[Money]) -> list[Money]:
    """Sums by currency, the largest first. Amounts of different currencies are never added."""
    sums: dict[str, int] = {}
    for amount in amounts:
        sums[amount.currency] = sums.get(amount.currency, 0) + amount.amount_minor
    return [Money(minor, currency) for currency, minor in sorted(sums.items(), key=lambda pair: (-pair[1], pair[0]))]


def comparable(found: Iterable[Amounts]) -> bool:
    """Whether one order can be made of these: all of them convertible, or one currency alone."""
    known = list(found)
    if any(amounts.converted for amounts in known):
        return not any(amounts.converted and amounts.converted.left_out for amounts in known)
    return len({money.currency for amounts in known for money in amounts.by_currency}) == 1


def size(amounts: Amounts) -> int:
    """What comparable amounts are ordered by, in minor units."""
    if amounts.converted:
        return amounts.converted.amount.amount_minor
    return amounts.by_currency[0].amount_minor if amounts.by_currency else 0


def converted(amounts: Iterable[Money], currency: str, rates: Mapping[str, float]) -> Converted:
    """One sum in `currency`, each amount rounded half to even to its minor unit; what has no rate is named."""
    whole, used, left_out = 0, {}, []
    for amount in summed(amounts):
        if amount.currency == currency:
            whole += amount.amount_minor
        elif amount.currency in rates:
            used[amount.currency] = rates[amount.currency]
            exact = Decimal(amount.amount_minor).scaleb(decimals(currency) - decimals(amount.currency))
            whole += int((exact * Decimal(str(rates[amount.currency]))).quantize(Decimal(1), ROUND_HALF_EVEN))
        else:
            left_out.append(amount.currency)
    return Converted(amount=Money(whole, currency), rates=used, left_out=left_out)
