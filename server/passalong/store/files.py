"""Uploaded files, kept beside the database under the SHA-256 of their content.

What a file is, its first bytes say; the name and type that a sender claims are not believed.
"""

from __future__ import annotations

import hashlib
import io
import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import IO

from msgspec.structs import replace

from passalong.domain.asset import Preview, StoredFile
from passalong.domain.text import tidy
from passalong.errors import Invalid, Unavailable
from passalong.store import pictures, previews

_CHUNK = 1 << 20
_HEAD = 4096

PICTURES = ("image/png", "image/jpeg", "image/webp")
"""What a logo may be."""


_PILLOW = {
    "image/png": "PNG", "image/jpeg": "JPEG", "image/webp": "WEBP", "image/gif": "GIF", "image/avif": "AVIF",
}  # fmt: skip


def _text(head: bytes) -> bool:
    if any(byte < 32 and byte not in b"\t\n\r\f" for byte in head):
        return False
    try:
        head.decode("utf-8")
    except UnicodeDecodeError as error:
        return error.start > len(head) - 4 and len(head) == _HEAD  # cut in the middle of a character
    return head.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] != b"<"  # markup is never served as the reader's text


_SNIFF: list[tuple[str, str, Callable[[bytes], bool]]] = [
    ("application/pdf", ".pdf", lambda head: head.startswith(b"%PDF-")),
    ("image/png", ".png", lambda head: head.startswith(b"\x89PNG\r\n\x1a\n")),
    ("image/jpeg", ".jpg", lambda head: head.startswith(b"\xff\xd8\xff")),
    ("image/gif", ".gif", lambda head: head.startswith((b"GIF87a", b"GIF89a"))),
    ("image/webp", ".webp", lambda head: head[:4] == b"RIFF" and head[8:12] == b"WEBP"),
    ("image/avif", ".avif", lambda head: head[4:12] in (b"ftypavif", b"ftypavis")),
    ("video/mp4", ".mp4", lambda head: head[4:8] == b"ftyp" and head[8:11] in (b"iso", b"mp4", b"M4V", b"avc")),
    ("video/webm", ".webm", lambda head: head.startswith(b"\x1a\x45\xdf\xa3")),
    (
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        ".xlsx",
        lambda head: head.startswith(b"PK\x03\x04") and b"[Content_Types].xml" in head and b"xl/" in head,
    ),
    (
        "application/vnd.openxmlformats-officedocument.presentationml.presentation",
        ".pptx",
        lambda head: head.startswith(b"PK\x03\x04") and b"[Content_Types].xml" in head and b"ppt/" in head,
    ),
    (
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        ".docx",
        lambda head: head.startswith(b"PK\x03\x04") and b"[Content_Types].xml" in head and b"word/" in head,
    ),
    ("text/plain", ".txt", _text),
]
"""The allow-list: media type, extension, and how its first bytes look. The first match counts."""

_TEXTUAL = {".csv": "text/csv", ".md": "text/markdown", ".txt": "text/plain"}


def sniff(head: bytes, name: str) -> tuple[str, str] | None:
    """Media type and extension of a file by its first bytes; None if it is not of an allowed kind."""
    for media_type, extension, looks_like in _SNIFF:
        if head and looks_like(head):
            if media_type == "text/plain":
                extension = Path(name).suffix.lower() if Path(name).suffix.lower() in _TEXTUAL else ".txt"
                return _TEXTUAL[extension], extension
            return media_type, extension
    return None


class FileStore:
    """A folder of files named by their content. Blocking: call it from a thread."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def path(self, sha256: str) -> Path:
        return self.folder / sha256[:2] / sha256

    def keep(self, source: IO[bytes], name: str, *, max_bytes: int, field: str = "file") -> StoredFile:
        """Stores a file, whole or not at all; raises Invalid in words, Unavailable when the disk refuses."""
        head = source.read(_HEAD)
        kind = sniff(head, name)
        if not head:
            raise Invalid.one(field, "The file is empty.")
        if kind is None:
            raise Invalid.one(
                field,
                "Only PDF, PNG, JPEG, GIF, WebP, AVIF, MP4, WebM, Word, Excel, PowerPoint, text, CSV and "
                "Markdown are taken, and this looks like none of them.",
            )
        media_type, extension = kind
        width = height = None
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            with tempfile.NamedTemporaryFile(dir=self.folder, delete=False) as draft:
                try:
                    size, sha256 = _copy(head, source, draft, max_bytes, field)
                    draft.flush()
                    os.fsync(draft.fileno())
                    if media_type in _PILLOW:
                        draft.seek(0)
                        with pictures.opened(draft, field, (_PILLOW[media_type],)) as picture:
                            width, height = picture.size  # a viewer's browser would choke on what does not open here
                    final = self.path(sha256)
                    final.parent.mkdir(exist_ok=True)
                    Path(draft.name).replace(final)
                except BaseException:
                    Path(draft.name).unlink(missing_ok=True)
                    raise
        except OSError as error:
            raise Unavailable(f"The file could not be stored: {error.strerror}.", retry_after_s=30) from error
        shown = Path(tidy(name).replace("/", "_").replace("\\", "_")).stem[:100] or "file"
        stored = StoredFile(
            sha256=sha256, name=shown + extension, media_type=media_type, size=size, width=width, height=height
        )
        return replace(stored, preview=self._preview(sha256)) if media_type == "application/pdf" else stored

    def _preview(self, sha256: str) -> Preview | None:
        drawn = previews.first_page(self.path(sha256))
        if drawn is None:
            return None
        picture, width, height, pages = drawn
        kept = self.keep(io.BytesIO(picture), "preview", max_bytes=len(picture))
        return Preview(sha256=kept.sha256, width=width, height=height, pages=pages)


def _spoken(size: int) -> str:
    return f"{size // 1_000_000} MB" if size >= 1_000_000 else f"{size // 1000} kB"


def _copy(head: bytes, source: IO[bytes], target: IO[bytes], max_bytes: int, field: str) -> tuple[int, str]:
    hashed, size, chunk = hashlib.sha256(), 0, head
    while chunk:
        size += len(chunk)
        if size > max_bytes:
            raise Invalid.one(field, f"The file is larger than {_spoken(max_bytes)}.")
        hashed.update(chunk)
        target.write(chunk)
        chunk = source.read(_CHUNK)
    return size, hashed.hexdigest()
