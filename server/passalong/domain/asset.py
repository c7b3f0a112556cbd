"""An asset: what a customer sends around. A walkthrough, a file, a page, an embedded frame, a link."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from functools import cached_property
from typing import Annotated, Literal
from urllib.parse import urlsplit

import msgspec
from msgspec import Meta, Struct
from msgspec.structs import replace

from passalong.domain import walkthrough
from passalong.domain.address import NEEDED, web_url
from passalong.domain.faults import fault_of
from passalong.domain.language import LanguageTag
from passalong.domain.share import Id
from passalong.domain.walkthrough import Course, Picture
from passalong.errors import Fault, Invalid


class AssetKind(StrEnum):
    WALKTHROUGH = "walkthrough"
    FILE = "file"
    PAGE = "page"
    EMBED = "embed"
    LINK = "link"


class Preview(Struct, frozen=True, kw_only=True):
    """The first page of a document as a WebP picture of `width` x `height` pixels; `pages` of the whole."""

    sha256: str
    width: int
    height: int
    pages: int


class StoredFile(Struct, frozen=True, kw_only=True):
    """A file in the store. `sha256` (hex) is its name there, `name` what its viewers see, `size` in bytes.

    A document that can be drawn has a `preview` of its first page; a picture its `width` and `height` in pixels.
    """

    sha256: str
    name: str
    media_type: str
    size: int
    preview: Preview | None = None
    width: int | None = None
    height: int | None = None


class Source(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Where an asset's content comes from: `markdown` of a page, `url` of an embed or a link, `steps` of a walkthrough.

    `aspect_ratio` shapes an embed's frame, `label` is a link's button. A file has no source: its bytes, like
    the pictures of a walkthrough, follow with `POST /api/v1/assets/{id}/files`.
    """

    markdown: Annotated[str, Meta(max_length=200_000)] | None = None
    url: Annotated[str, Meta(max_length=1000)] | None = None
    aspect_ratio: Literal["16/9", "4/3", "3/2", "1/1", "21/9", "3/4", "9/16"] | None = None
    label: Annotated[str, Meta(min_length=1, max_length=80)] | None = None
    steps: walkthrough.Steps | None = None


class AssetBody(Struct, forbid_unknown_fields=True):
    """An asset as an integrator writes it. `customer` limits it to one sharer, `language` is that of its content."""

    title: Annotated[str, Meta(min_length=1, max_length=160)]
    kind: AssetKind
    customer: Id | None = None
    summary: Annotated[str, Meta(max_length=400)] | None = None
    source: Source | None = None
    language: LanguageTag | None = None
    indexable: bool = False


class Asset(Struct, frozen=True, kw_only=True, dict=True):
    """An asset as it is kept. `file` is set for a file once its bytes have come, `pictures` likewise, by name."""

    id: Id
    title: str
    kind: AssetKind
    customer: str | None = None
    summary: str | None = None
    source: Source = Source()
    file: StoredFile | None = None
    pictures: dict[str, Picture] = {}
    language: str | None = None
    indexable: bool = False

    @property
    def ready(self) -> bool:
        if self.kind is AssetKind.WALKTHROUGH:
            return self.course.ready
        return self.kind is not AssetKind.FILE or self.file is not None

    @cached_property
    def course(self) -> Course:
        """The steps of a walkthrough; none of anything else."""
        return Course(tuple(self.source.steps or ()), self.pictures)


_FIELDS_OF = {
    AssetKind.WALKTHROUGH: (("steps",), ()),
    AssetKind.FILE: ((), ()),
    AssetKind.PAGE: (("markdown",), ()),
    AssetKind.EMBED: (("url",), ("aspect_ratio",)),
    AssetKind.LINK: (("url",), ("label",)),
}
"""Of each kind, the fields its source must have and those it may have."""


def checked(body: AssetBody) -> AssetBody:
    """The same body, held to the limits of its fields, as one that comes over the API is; raises Invalid."""
    try:
        return msgspec.convert(msgspec.to_builtins(body), AssetBody)
    except msgspec.ValidationError as error:
        raise Invalid([fault_of(str(error))]) from None


def build(id: str, body: AssetBody, *, before: Asset | None, embed_sources: Sequence[str]) -> Asset:
    """A checked asset; raises Invalid with every fault. What was uploaded `before` stays as far as it is used.

    `embed_sources` are the hosts that the vendor allows in a frame, `*.` standing for any subdomain.
    """
    source = body.source or Source()
    needed, optional = _FIELDS_OF[body.kind]
    faults = [
        Fault(f"source.{name}", f"An asset of kind {body.kind} needs it.")
        for name in needed
        if not getattr(source, name) or not str(getattr(source, name)).strip()
    ]
    faults += [
        Fault(f"source.{name}", f"An asset of kind {body.kind} has no such field.")
        for name in source.__struct_fields__
        if name not in needed + optional and getattr(source, name) is not None
    ]
    if not faults and source.url is not None:
        embed = body.kind is AssetKind.EMBED
        url = web_url(source.url, https_only=embed)
        if url is None:
            faults.append(Fault("source.url", NEEDED))
        elif embed and not host_allowed(url, embed_sources):
            host = urlsplit(url).hostname
            faults.append(Fault("source.url", f"{host} is not among the embed_sources of the settings."))
        source = replace(source, url=url)
    faults += walkthrough.faults(source.steps or ())
    if faults:
        raise Invalid(faults)
    used = {step.image for step in source.steps or ()}
    return Asset(
        id=id,
        title=body.title,
        kind=body.kind,
        customer=body.customer,
        summary=body.summary or None,
        source=source,
        file=before.file if before and body.kind is AssetKind.FILE else None,
        pictures={n: p for n, p in before.pictures.items() if n in used} if before else {},
        language=body.language,
        indexable=body.indexable,
    )


def host_allowed(url: str, hosts: Sequence[str]) -> bool:
    """Whether the URL's host is in the list, where `*.example.com` means any subdomain of example.com."""
    host = (urlsplit(url).hostname or "").lower()
    return any(host == entry or (entry.startswith("*.") and host.endswith(entry[1:])) for entry in hosts)
