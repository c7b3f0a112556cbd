"""The first page of a PDF as a picture, so that a shared document shows itself and not an icon."""

from __future__ import annotations

import io
from pathlib import Path

MEDIA_TYPE = "image/webp"
_WIDTH = 1200
_MAX_HEIGHT = 2400


def first_page(pdf: Path) -> tuple[bytes, int, int, int] | None:
    """WebP bytes, width and height of the first page and the number of pages; None for a PDF that does not render.

    Blocking, up to some 100 ms: call it from a thread.
    """
    import pypdfium2

    try:
        with pypdfium2.PdfDocument(pdf) as document:
            pages = len(document)
            page = document[0]
            width, height = page.get_size()
            scale = min(_WIDTH / width, _MAX_HEIGHT / height)
            picture = page.render(scale=scale).to_pil().convert("RGB")
    except (pypdfium2.PdfiumError, ValueError, ZeroDivisionError, IndexError):
        return None
    packed = io.BytesIO()
    picture.save(packed, "WEBP", quality=82, method=4)
    return packed.getvalue(), picture.width, picture.height, pages
