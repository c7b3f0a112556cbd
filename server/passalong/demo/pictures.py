"""The sample's own files, drawn here: logos and a board with Pillow, a report as a small PDF."""

from __future__ import annotations

import base64
import io
import math
import random

from PIL import Image, ImageDraw, ImageFont

_INK, _SOFT, _LINE, _PAPER = "#14161a", "#6b7280", "#e5e7eb", "#ffffff"


def logo(shape: str, colour: str) -> str:
    """A simple mark as a `data:` URI of a PNG, 128×128."""
    image = Image.new("RGBA", (512, 512), (0, 0, 0, 0))
    draw = ImageDraw.Draw(image)
    draw.rounded_rectangle((0, 0, 511, 511), 120, fill=colour)
    match shape:
        case "anchor":
            draw.ellipse((216, 84, 296, 164), outline=_PAPER, width=28)
            draw.line((256, 164, 256, 420), fill=_PAPER, width=32)
            draw.line((176, 224, 336, 224), fill=_PAPER, width=30)
            draw.arc((112, 180, 400, 424), 20, 160, fill=_PAPER, width=34)
        case "cross":
            draw.rounded_rectangle((212, 112, 300, 400), 20, fill=_PAPER)
            draw.rounded_rectangle((112, 212, 400, 300), 20, fill=_PAPER)
        case "leaf":
            draw.chord((120, 120, 392, 392), 135, 315, fill=_PAPER)
            draw.chord((120, 120, 392, 392), -45, 135, fill=_PAPER)
            draw.line((150, 362, 350, 162), fill=colour, width=22)
        case _:
            draw.ellipse((176, 176, 336, 336), fill=_PAPER)
            for step in range(8):
                angle = step * math.pi / 4
                inner, outer = 112, 160
                draw.line(
                    (
                        256 + inner * math.cos(angle), 256 + inner * math.sin(angle),
                        256 + outer * math.cos(angle), 256 + outer * math.sin(angle),
                    ),
                    fill=_PAPER,
                    width=30,
                )  # fmt: skip
    packed = io.BytesIO()
    image.resize((128, 128), Image.Resampling.LANCZOS).save(packed, "PNG", optimize=True)
    return "data:image/png;base64," + base64.b64encode(packed.getvalue()).decode()


def board() -> bytes:
    """A dashboard as a PNG, 1600×900: nine clinics, thirty weeks, minutes of waiting."""
    dice = random.Random(9)  # noqa: S311 - a picture, not a secret
    image = Image.new("RGB", (1600, 900), _PAPER)
    draw = ImageDraw.Draw(image)
    draw.text((64, 48), "Waiting times, minutes", font=_font(40), fill=_INK)
    draw.text((64, 104), "Median a week, by clinic. The line is the promise of 20 minutes.", font=_font(24), fill=_SOFT)
    names = ["Ashby", "Birch Lane", "Crown St", "Dalton", "Eastgate", "Fairview", "Glen", "Harbour", "Ivy Rd"]
    for n, name in enumerate(names):
        left, top = 64 + n % 3 * 500, 176 + n // 3 * 232
        draw.text((left, top), name, font=_font(24), fill=_INK)
        points, level = [], dice.uniform(22, 38)
        for week in range(30):
            level += dice.uniform(-2.4, 1.7)
            level = max(9.0, min(44.0, level))
            points.append((left + week * 15, top + 180 - level * 3))
        promise = top + 180 - 60
        draw.line((left, promise, left + 440, promise), fill="#9ca3af", width=2)
        draw.line((left, top + 180, left + 440, top + 180), fill=_LINE, width=2)
        late = level > 20
        draw.line(points, fill="#be123c" if late else "#0f766e", width=5, joint="curve")
        draw.text((left + 448, points[-1][1] - 14), f"{level:.0f}", font=_font(24), fill=_INK)
    packed = io.BytesIO()
    image.save(packed, "PNG", optimize=True)
    return packed.getvalue()


def report() -> bytes:
    """A report of two pages as a PDF with real text and vector bars."""
    ports = [("Gdansk", 31, 19), ("Klaipeda", 27, 14), ("Riga", 24, 21), ("Tallinn", 18, 12), ("Turku", 15, 11),
             ("Gothenburg", 22, 13), ("Malmo", 12, 9), ("Rostock", 20, 12)]  # fmt: skip
    cover = [
        _text(72, 730, 11, "HALVORSEN SHIPPING  |  QUARTERLY NOTE", soft=True),
        _text(72, 680, 30, "Where the Baltic waits"),
        _text(72, 652, 15, "Port delays in the third quarter", soft=True),
        _text(72, 606, 11, "Median hours between arrival and berth. Pale: July. Dark: September."),
    ]
    for n, (port, july, september) in enumerate(ports):
        y = 560 - n * 46
        cover += [
            _text(72, y + 5, 11, port),
            f"0.8 0.87 0.86 rg 160 {y + 8} {july * 10} 11 re f",
            f"0.06 0.46 0.43 rg 160 {y - 6} {september * 10} 11 re f",
            _text(168 + july * 10, y + 9, 9, str(july), soft=True),
            _text(168 + september * 10, y - 5, 9, str(september)),
        ]
    cover.append(_text(72, 150, 11, "Eight of fourteen ports are shown; the others changed by less than an hour."))
    notes = [_text(72, 720, 20, "What caused it, and what ended it")]
    lines = [
        "Two cranes in Gdansk were out from 3 July to 11 August. Ships that could",
        "went to Klaipeda, which filled up eight days later.",
        "",
        "Riga is the exception: its delay is a matter of rail, not of berths, and",
        "it will stay until the second track to the terminal opens in spring.",
        "",
        "If you plan calls for November, plan Riga with a day in hand, and the",
        "rest as you would have planned them last year.",
    ]
    notes += [_text(72, 670 - n * 20, 12, line) for n, line in enumerate(lines) if line]
    notes.append(_text(72, 90, 9, "Made with Tidewater. Sample data for demonstration.", soft=True))
    return _pdf([cover, notes])


def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size)


def _text(x: float, y: float, size: int, text: str, *, soft: bool = False) -> str:
    escaped = text.replace("\\", "\\\\").replace("(", "\\(").replace(")", "\\)")
    grey = "0.42" if soft else "0.08"
    return f"{grey} g BT /F1 {size} Tf {x} {y} Td ({escaped}) Tj ET"


def _pdf(pages: list[list[str]]) -> bytes:
    """A PDF 1.4 of A4 pages, each a list of content operators, in Helvetica (ISO 32000-1, 7.5)."""
    kids = " ".join(f"{4 + 2 * n} 0 R" for n in range(len(pages)))
    objects = [
        "<< /Type /Catalog /Pages 2 0 R >>",
        f"<< /Type /Pages /Kids [{kids}] /Count {len(pages)} >>",
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
    ]
    for n, operators in enumerate(pages):
        content = "\n".join(operators)
        objects.append(
            "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Resources << /Font << /F1 3 0 R >> >> "
            f"/Contents {5 + 2 * n} 0 R >>"
        )
        objects.append(f"<< /Length {len(content.encode('cp1252'))} >>\nstream\n{content}\nendstream")
    packed, offsets = io.BytesIO(), []
    packed.write(b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n")
    for number, text in enumerate(objects, 1):
        offsets.append(packed.tell())
        packed.write(f"{number} 0 obj\n{text}\nendobj\n".encode("cp1252"))
    start = packed.tell()
    packed.write(f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n".encode())
    packed.writelines(f"{offset:010d} 00000 n \n".encode() for offset in offsets)
    packed.write(f"trailer\n<< /Size {len(objects) + 1} /Root 1 0 R >>\nstartxref\n{start}\n%%EOF\n".encode())
    return packed.getvalue()
