"""Pictures for a card. Whatever was uploaded is decoded by Pillow, within its limits, and encoded anew."""

from __future__ import annotations

import base64
import io
import warnings

from PIL import Image, ImageColor, ImageDraw, ImageFilter, ImageOps

RADIUS, SHADOW = 14, 64
"""Of a raised picture: its corners, and how far its shadow may reach, in pixels."""

_TOO_SMALL = 2.0
"""A picture that would have to be enlarged by more looks worse than none."""


def data_uri(image: Image.Image) -> str:
    packed = io.BytesIO()
    image.save(packed, "PNG", compress_level=1)
    return "data:image/png;base64," + base64.b64encode(packed.getvalue()).decode()


def opened(path: str, enough: int) -> Image.Image | None:
    """A stored PNG, JPEG or WebP upright and in RGBA, no smaller than `enough` pixels if it was not; None if it
    cannot be read."""
    with warnings.catch_warnings():
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        try:
            with Image.open(path, formats=("PNG", "JPEG", "WEBP")) as image:
                image.draft("RGB", (enough, enough))  # a JPEG need not be decoded at full size
                factor = max(1, min(image.size) // enough)
                small = image.reduce(factor) if image.mode in ("L", "RGB", "RGBA") else image.copy()
                return ImageOps.exif_transpose(small).convert("RGBA")
        except Exception:  # a damaged picture makes a decoder raise anything; the card is drawn without it
            return None


def filled(image: Image.Image, width: int, height: int, *, scale: float, across: float) -> Image.Image | None:
    """The top of the picture at this scale in a box of this size; `across` says which part of what is too wide:
    0 its left, 1 its right. None if the picture is too small."""
    if scale > _TOO_SMALL:
        return None
    wide, high = min(width / scale, image.width), min(height / scale, image.height)
    left = (image.width - wide) * across
    box = (left, 0.0, left + wide, high)
    return image.resize((width, height), Image.Resampling.LANCZOS, box=box, reducing_gap=2.0)


def raised(picture: Image.Image, paper: str, ink: str) -> Image.Image:
    """The picture with round corners on its shadow on the paper, SHADOW larger on each side. (resvg would need
    150 ms more for clip and blur.)"""
    corners = Image.new("L", (picture.width * 2, picture.height * 2))
    ImageDraw.Draw(corners).rounded_rectangle((0, 0, corners.width - 1, corners.height - 1), RADIUS * 2, fill=255)
    corners = corners.reduce(2)
    ground = Image.new("RGB", (picture.width + 2 * SHADOW, picture.height + 2 * SHADOW), paper)
    shadow = Image.new("L", ground.size)
    shadow.paste(corners.point([level // 6 for level in range(256)]), (SHADOW, SHADOW + 12))
    ground.paste(ImageColor.getrgb(ink), mask=shadow.filter(ImageFilter.GaussianBlur(20)))
    white = Image.new("RGBA", picture.size, "#ffffff")
    ground.paste(Image.alpha_composite(white, picture), (SHADOW, SHADOW), corners)
    return ground


def logo(path: str, size: int, paper: str, ink: str) -> Image.Image | None:
    """A logo as high as `size` and at most three times as wide, without its empty rim; one made for dark ground is
    put on dark ground."""
    image = opened(path, 4 * size)
    rim = image.getchannel("A").getbbox() if image else None
    if image is None or rim is None:
        return None
    image = image.crop(rim)
    scale = min(size / image.height, 3 * size / image.width, _TOO_SMALL)
    new = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
    image = image.resize(new, Image.Resampling.LANCZOS, reducing_gap=2.0)
    darkest = Image.alpha_composite(Image.new("RGBA", image.size, paper), image).convert("L").histogram()
    if any(darkest[:200]):
        return image
    inner = ImageOps.contain(image, (3 * size, size * 3 // 5))
    ground = Image.new("RGBA", (inner.width + size * 2 // 5, size), ink)
    ground.alpha_composite(inner, (size // 5, (size - inner.height) // 2))
    return ground


def smaller(png: bytes, picture: tuple[int, int, int, int] | None, paper: str, max_bytes: int) -> bytes:
    """The card in as many colours as fit: a photograph costs up to a byte a pixel at 256.

    Picture (its box, within the card) and the rest get their own shares of the palette, or the picture would leave
    too few colours for words and shadow.
    """
    image = Image.open(io.BytesIO(png)).convert("RGB")
    rest = image.copy()
    if picture:
        rest.paste(ImageColor.getrgb(paper), picture)
    palette = list(ImageColor.getrgb(paper)) + _colours(rest, 63)
    packed = io.BytesIO()
    for count in (192, 96, 48, 24, 8):
        chosen = Image.new("P", (1, 1))
        chosen.putpalette(palette + _colours(image.crop(picture), count))
        packed = io.BytesIO()
        image.quantize(palette=chosen, dither=Image.Dither.FLOYDSTEINBERG).save(packed, "PNG", optimize=True)
        if packed.tell() <= max_bytes:
            break
    return packed.getvalue()


def _colours(image: Image.Image, count: int) -> list[int]:
    return (image.quantize(count, Image.Quantize.MEDIANCUT).getpalette() or [])[: 3 * count]
