"""Money in minor units (cents, yen, fils) with its currency. Never a float."""

from __future__ import annotations

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


class Money(Struct, frozen=True):
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
