"""Looks through files for what must not be there any more, in every form in which it may still stand."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote, quote_plus


class Trace(NamedTuple):
    """`form` of `secret` stands in `file`."""

    file: str
    secret: str
    form: str


def forms(secret: str) -> dict[str, list[bytes]]:
    """A text as files may hold it, each form by its name. All but base64 are looked for in any letter case."""
    plain = secret.encode()
    said = [secret, secret.upper(), secret.lower(), secret.casefold()]
    return {
        "plain": [text.encode() for text in said],
        "utf-16-le": [text.encode("utf-16-le") for text in said],
        "utf-16-be": [text.encode("utf-16-be") for text in said],
        "percent": [code.encode() for text in said for code in (quote(text, safe=""), quote_plus(text), quote(text))],
        "json": ["".join(c if c.isascii() else f"\\u{ord(c):04x}" for c in text).encode() for text in said],
        "hex": [text.encode().hex().encode() for text in said],
        "base64": [piece for text in (plain, *(t.encode() for t in said)) for piece in _base64(text)],
    }


def _base64(content: bytes) -> Iterator[bytes]:
    """What stands in the code of any text that holds this, wherever in a group of three it begins: the characters
    that depend on it alone; in both alphabets."""
    for before in range(3):
        code = base64.b64encode(b"\0" * before + content)
        first = -(-before * 8 // 6)
        last = (before + len(content)) * 8 // 6
        yield code[first:last]
        yield base64.urlsafe_b64encode(b"\0" * before + content)[first:last]


def traces(files: Iterable[Path], secrets: Iterable[str]) -> list[Trace]:
    """Every form of every secret that stands in any of the files."""
    looked_for = {secret: forms(secret) for secret in secrets}
    found = []
    for file in files:
        exact = file.read_bytes()
        folded = exact.lower()
        for secret, each in looked_for.items():
            for form, codes in each.items():
                if form == "base64":
                    there = any(code in exact for code in codes)
                else:
                    there = any(code.lower() in folded for code in codes)
                if there:
                    found.append(Trace(file.name, secret, form))
    return found
