"""A walkthrough: ordered steps, each a screenshot with a caption and places to press."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import Annotated

from msgspec import Meta, Struct

from passalong.domain.address import web_url
from passalong.domain.share import Id
from passalong.errors import Fault

MAX_STEPS = 200
NEXT = "next"

Percent = Annotated[float, Meta(ge=0, le=100)]
PictureName = Annotated[str, Meta(min_length=1, max_length=120, pattern=r"^[^/\\\x00-\x1f]+$(?!\n)")]


class Hotspot(Struct, frozen=True, forbid_unknown_fields=True):
    """A rectangle over the picture, in percent of its width and height from the upper left, that leads on.

    `target` is `next`, the id of a step, or a full https:// address.
    """

    x: Percent
    y: Percent
    width: Percent
    height: Percent
    label: Annotated[str, Meta(min_length=1, max_length=120)]
    target: Annotated[str, Meta(min_length=1, max_length=1000)] = NEXT


class Step(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """One step. `image` names an uploaded picture; `caption` is Markdown; `next` the id of the step that follows,
    if it is not the one below; `chapter` starts a chapter of that name."""

    image: PictureName
    id: Id | None = None
    title: Annotated[str, Meta(min_length=1, max_length=160)] | None = None
    caption: Annotated[str, Meta(max_length=4000)] = ""
    alt: Annotated[str, Meta(max_length=400)] | None = None
    chapter: Annotated[str, Meta(min_length=1, max_length=80)] | None = None
    hotspots: Annotated[list[Hotspot], Meta(max_length=20)] = []
    next: Id | None = None


Steps = Annotated[list[Step], Meta(min_length=1, max_length=MAX_STEPS)]


class Variant(Struct, frozen=True):
    """A picture in one size, in pixels, kept as WebP under its `sha256`."""

    sha256: str
    width: int
    height: int


class Picture(Struct, frozen=True):
    """An uploaded picture, made anew without what cameras and programs had written into it. Smallest variant first."""

    variants: tuple[Variant, ...]

    @property
    def largest(self) -> Variant:
        return self.variants[-1]


def faults(steps: Sequence[Step]) -> Iterator[Fault]:
    """Everything wrong with the steps, each named like `source.steps[2].hotspots[0].target`."""
    ids = [step.id for step in steps]
    for n, step in enumerate(steps):
        where = f"source.steps[{n}]"
        if step.id is not None and step.id in ids[:n]:
            yield Fault(f"{where}.id", f"Another step is called {step.id} too.")
        if step.id == NEXT:
            yield Fault(f"{where}.id", "`next` means the step that follows, so no step can be called that.")
        if step.next is not None and step.next not in ids:
            yield Fault(f"{where}.next", f"No step is called {step.next}.")
        for m, hotspot in enumerate(step.hotspots):
            yield from _hotspot_faults(f"{where}.hotspots[{m}]", hotspot, ids)
    if steps and steps[0].chapter is None and any(step.chapter for step in steps):
        yield Fault("source.steps[0].chapter", "The first step starts a chapter if any step does.")


def _hotspot_faults(where: str, hotspot: Hotspot, ids: Sequence[str | None]) -> Iterator[Fault]:
    if hotspot.width == 0 or hotspot.height == 0:
        yield Fault(where, "A hotspot needs a width and a height.")
    if hotspot.x + hotspot.width > 100 or hotspot.y + hotspot.height > 100:
        yield Fault(where, "It reaches over the edge of the picture.")
    target = hotspot.target
    if target != NEXT and target not in ids and web_url(target, https_only=True) is None:
        yield Fault(f"{where}.target", f"{target} is neither `next`, nor the id of a step, nor an https:// address.")


class Chapter(Struct, frozen=True):
    """A chapter and the number of the step that it starts with."""

    title: str
    first: int


class Course(Struct, frozen=True, dict=True):
    """The steps as they are walked through. Numbers start with 1."""

    steps: tuple[Step, ...]
    pictures: Mapping[str, Picture]

    @cached_property
    def ready(self) -> bool:
        """Whether every picture has come."""
        return bool(self.steps) and not self.missing

    @property
    def missing(self) -> list[str]:
        """Names of pictures that have not been uploaded yet, each once."""
        return list(dict.fromkeys(step.image for step in self.steps if step.image not in self.pictures))

    @property
    def chapters(self) -> list[Chapter]:
        return [Chapter(step.chapter, n) for n, step in enumerate(self.steps, 1) if step.chapter]

    def __len__(self) -> int:
        return len(self.steps)

    def step(self, number: int) -> Step:
        return self.steps[number - 1]

    def picture(self, number: int) -> Picture:
        return self.pictures[self.step(number).image]

    def after(self, number: int) -> int | None:
        """The number of the step that follows; None at an end."""
        named = self.step(number).next
        if named is not None:
            return self._number_of(named)
        return number + 1 if number < len(self) else None

    def ends(self, number: int) -> bool:
        """Whether this is an end: the last step, even if a way leads back from it, or one with no step after it."""
        return number == len(self) or self.after(number) is None

    def leads_to(self, number: int, hotspot: Hotspot) -> int | str | None:
        """Where a hotspot of a step leads: a step's number or an address; None for `next` at an end."""
        if hotspot.target == NEXT:
            return self.after(number)
        return self._number_of(hotspot.target) or hotspot.target

    def _number_of(self, id: str) -> int | None:
        return next((n for n, step in enumerate(self.steps, 1) if step.id == id), None)
