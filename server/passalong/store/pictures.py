"""Pictures made anew: upright, without metadata, in several sizes. Blocking; call it from a thread."""

from __future__ import annotations

import io
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING

from passalong.domain.walkthrough import Picture, Variant
from passalong.errors import Invalid

if TYPE_CHECKING:
    from PIL.Image import Image

    from passalong.store.files import FileStore

FORMATS = ("PNG", "JPEG", "WEBP", "AVIF")
WIDTHS = (480, 800, 1200, 1800, 2400)
MAX_PIXELS = 60_000_000
MAX_SIDE = 16_000
_QUALITY = 84
_DECODING = threading.Lock()
"""One picture at a time: a hundred kilobytes can unpack to hundreds of megabytes."""


def _too_many(most: int) -> str:
    return (
        f"The picture has too many pixels; at most {most // 1_000_000} million are taken, and {MAX_SIDE:,} on a side."
    )


@contextmanager
def opened(
    source: IO[bytes], field: str, formats: tuple[str, ...] = FORMATS, max_pixels: int = MAX_PIXELS
) -> Iterator[Image]:
    """A picture decoded whole and turned upright, one at a time. Raises Invalid for what is damaged, too large, or
    none: nothing is decoded before its size is known."""
    from PIL import Image, ImageOps, UnidentifiedImageError

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # our own limit is stricter
            image = Image.open(source, formats=formats)
    except Image.DecompressionBombError:
        raise Invalid.one(field, _too_many(max_pixels)) from None
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError):
        raise Invalid.one(field, "This is no picture that can be read. Send a PNG, JPEG, WebP or AVIF.") from None
    with image, _DECODING:
        width, height = image.size
        if width * height > max_pixels or max(width, height) > MAX_SIDE:
            raise Invalid.one(field, _too_many(max_pixels))
        try:
            image.load()
            upright = ImageOps.exif_transpose(image)
        except Exception:  # decoders of damaged data raise whatever they come across
            raise Invalid.one(field, "The picture is damaged: it ends too early or cannot be decoded.") from None
        yield upright


def prepare(files: FileStore, source: IO[bytes], field: str) -> Picture:
    """Stores a picture in every width up to its own; raises Invalid, Unavailable."""
    with opened(source, field) as image:
        picture = image.convert("RGBA" if image.has_transparency_data else "RGB")
    widths = [width for width in WIDTHS if width < picture.width]
    if picture.width <= WIDTHS[-1]:
        widths.append(picture.width)
    return Picture(tuple(_variant(files, picture, width) for width in widths))


def _variant(files: FileStore, image: Image, width: int) -> Variant:
    from PIL.Image import Resampling

    height = max(1, round(image.height * width / image.width))
    sized = image if width == image.width else image.resize((width, height), Resampling.LANCZOS)
    packed = io.BytesIO()
    sized.save(packed, "WEBP", quality=_QUALITY, method=4)
    stored = files.keep(io.BytesIO(packed.getvalue()), "picture", max_bytes=packed.tell())
    return Variant(stored.sha256, sized.width, sized.height)
