"""A walkthrough as a folder: `walkthrough.toml` and the pictures that it names. Blocking; call it from a thread."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct
from msgspec.structs import replace

from passalong.domain import asset as assets
from passalong.domain import walkthrough
from passalong.domain.asset import Asset, AssetBody, AssetKind, Source
from passalong.domain.faults import fault_of
from passalong.domain.language import LanguageTag
from passalong.domain.share import Id
from passalong.domain.walkthrough import Step
from passalong.errors import Fault, Invalid
from passalong.store.files import FileStore
from passalong.store.pictures import opened, prepare

FILE_NAME = "walkthrough.toml"


class _Head(Struct, forbid_unknown_fields=True):
    """`walkthrough.toml` without its steps, which are looked at one by one so that every fault is found."""

    title: Annotated[str, Meta(min_length=1, max_length=160)]
    id: Id | None = None
    summary: Annotated[str, Meta(max_length=400)] | None = None
    customer: Id | None = None
    language: LanguageTag | None = None
    indexable: bool = False


def read(folder: Path) -> Asset:
    """The walkthrough in a folder, checked whole with its pictures, none stored. Raises Invalid with every fault.

    Without an `id` the folder's name is it.
    """
    try:
        values: dict[str, Any] = tomllib.loads((folder / FILE_NAME).read_text("utf-8"))
    except FileNotFoundError:
        raise Invalid.one(str(folder), f"has no {FILE_NAME}") from None
    except OSError as error:
        raise Invalid.one(FILE_NAME, f"cannot be read: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise Invalid.one(FILE_NAME, str(error)) from None
    said = values.pop("steps", [])
    head, faults = _read(values, _Head, "")
    steps: list[Step] = []
    for n, entry in enumerate(said if isinstance(said, list) else []):
        step, wrong = _read(entry, Step, f"steps[{n}].")
        faults += wrong
        if step is not None:
            steps.append(step)
    if not said or not isinstance(said, list):
        faults.append(Fault("steps", "A walkthrough needs at least one step, written as [[steps]]."))
    elif len(steps) == len(said):  # only then the places of the steps are right
        named = walkthrough.faults(steps)
        faults += [Fault(fault.field.removeprefix("source."), fault.message) for fault in named]
    faults += [fault for name in dict.fromkeys(step.image for step in steps) for fault in _picture(folder / name)]
    id = (head.id if head else None) or re.sub(r"[^a-z0-9]+", "-", folder.resolve().name.lower()).strip("-")[:64]
    if not id:
        faults.append(Fault("id", "This folder's name has no letters to make an id of; write one."))
    if faults or head is None:
        raise Invalid(faults)
    body = AssetBody(
        title=head.title,
        kind=AssetKind.WALKTHROUGH,
        customer=head.customer,
        summary=head.summary,
        source=Source(steps=steps),
        language=head.language,
        indexable=head.indexable,
    )
    return assets.build(id, assets.checked(body), before=None, embed_sources=())


def with_pictures(files: FileStore, asset: Asset, folder: Path) -> Asset:
    """The same walkthrough with its pictures stored."""
    pictures = {}
    for name in asset.course.missing:
        with (folder / name).open("rb") as source:
            pictures[name] = prepare(files, source, name)
    return replace(asset, pictures=pictures)


def _read(values: Any, kind: Any, where: str) -> tuple[Any, list[Fault]]:
    try:
        return msgspec.convert(values, kind), []
    except msgspec.ValidationError as error:
        fault = fault_of(str(error))
        return None, [Fault(where + fault.field, fault.message)]


def _picture(path: Path) -> list[Fault]:
    try:
        with path.open("rb") as source, opened(source, path.name):
            return []
    except OSError:
        return [Fault(path.name, "There is no such picture in the folder.")]
    except Invalid as refused:
        return list(refused.faults)
