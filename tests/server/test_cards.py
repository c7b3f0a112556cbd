"""What a link shows where it is pasted: a card with the right words on it, whatever the words and pictures are."""

from __future__ import annotations

import asyncio
import io
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from msgspec.structs import replace
from PIL import Image, ImageChops

from passalong import paths
from passalong.domain.brand import AA_TEXT, contrast
from passalong.errors import TooMany, Unavailable
from passalong.web.unfurl import drawing, lettering
from passalong.web.unfurl.cards import Cards
from passalong.web.unfurl.drawing import MARGIN, MAX_BYTES, Card, draw

CARD = Card(
    title="Where the Baltic waits",
    fallback="A report shared by Initech",
    kicker="Shared by Initech",
    maker="Made with Acme",
    brand="Acme",
    customer="Initech",
    accent="#0b5fff",
)
TITLE = (MARGIN, 150, 1200 - MARGIN, 510)
TOP_ROW = (MARGIN, 60, 1200 - MARGIN, 124)

TITLES = [
    "Q3",
    "Waiting times in nine clinics",
    "How we cut onboarding from six weeks to nine days, and what we would do differently",
    "The complete and unabridged history of our migration from a heap of spreadsheets to something that a new "
    "colleague can understand within one morning, told by those who did it, in three parts with an appendix about "
    "everything that went wrong on the way, and how it was mended in the end",
    "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft",
    "https://reports.initech.example/2026/q3/baltic/waiting-times-of-all-vessels-over-ten-thousand-tons.pdf",
    "W" * 10_000,
    "word " * 2_000,
    "Éléphants où ça ? Übergrößenträger, żółć, những ngày đầu tiên",
    "Квартальный отчёт о задержках в портах Балтики",
    "Τριμηνιαία έκθεση για τους χρόνους αναμονής",
    "דוח רבעוני Acme 2026: זמני ההמתנה בנמלים",
    "التقرير السنوي للشركة 2026 عن أوقات الانتظار في الموانئ",
    "التقرير السنوي للشركة عن أوقات الانتظار في الموانئ " * 8,
    "בְּרֵאשִׁית בָּרָא אֱלֹהִים אֵת הַשָּׁמַיִם וְאֵת הָאָרֶץ",
    "Z" + "\u0335\u0321\u0322\u031b" * 40 + "algo" + "\u0300" * 400,
    "f j Å Ệ Ǻ — ﷽ ﷺ",
    "<script>alert('x')</script> & ]]> &lt; <![CDATA[ %s {{ 7 * 7 }}",
    "\x00\x1b[31m\u202edesrever\u202c\ud800\ufffe\t\nend",
    "!?",
    "",
]


def opened(png: bytes) -> Image.Image:
    with Image.open(io.BytesIO(png)) as image:
        assert image.format == "PNG"
        return image.convert("RGB")


def ink(image: Image.Image, box: tuple[int, int, int, int]) -> tuple[int, int, int, int] | None:
    """Where in the box something is drawn, in the card's coordinates."""
    part = image.crop(box)
    found = ImageChops.difference(part, Image.new("RGB", part.size, image.getpixel((2, 2)))).getbbox()
    return (found[0] + box[0], found[1] + box[1], found[2] + box[0], found[3] + box[1]) if found else None


def drawn_alike(one: Card, other: Card) -> bool:
    return ImageChops.difference(opened(draw(one)), opened(draw(other))).getbbox() is None


def picture(path: Path, size: tuple[int, int], *, noise: bool = False, colour: str = "#c02040") -> str:
    if noise:
        image = Image.frombytes("RGB", size, random.Random(7).randbytes(size[0] * size[1] * 3))
    else:
        image = Image.new("RGB", size, colour)
    image.save(path)
    return str(path)


@pytest.mark.parametrize("title", TITLES, ids=lambda title: title[:12].encode("unicode_escape").decode())
def test_any_title_is_drawn_within_its_margins(title: str) -> None:
    png = draw(replace(CARD, title=title))
    image = opened(png)
    assert image.size == (1200, 630)
    assert len(png) <= MAX_BYTES
    for name, box in {
        "left": (0, 0, MARGIN - 3, 630),
        "right": (1200 - MARGIN + 3, 0, 1200, 630),
        "top": (0, 0, 1200, 60),
        "under the kicker": (0, 124, 1200, 146),
        "over the maker": (0, 512, 1200, 526),
        "bottom": (0, 574, 1200, 630),
    }.items():
        assert ink(image, box) is None, name
    assert ink(image, TITLE)


@pytest.mark.parametrize("title", ["Baltic", "Βαλτική", "Балтика", "בלטיק", "البلطيق", "Việt Nam"])
def test_a_title_in_every_script_that_is_promised_leaves_ink(title: str) -> None:
    """A family that resvg does not know would draw nothing and say nothing."""
    assert lettering.legible(title) == title
    image = opened(draw(replace(CARD, title=title)))
    found = ink(image, (MARGIN, 300, 1200 - MARGIN, 510))  # below the accent's bar
    assert found
    assert found[2] - found[0] > 100
    if lettering.reads_from_right(title):
        assert found[2] > 1100
    else:
        assert found[0] < 100


def test_the_small_words_leave_ink_in_every_script() -> None:
    bare = replace(CARD, customer="", brand="·")
    for words in ("Shared by Initech", "Від Initech", "Από", "הופק", "شركة"):
        image = opened(draw(replace(bare, kicker=words, maker=words)))
        for box in ((MARGIN, 60, 1124, 124), (MARGIN, 526, 1124, 574)):
            found = ink(image, box)
            assert found, words
            assert found[2] - found[0] > 40, words


def test_words_are_drawn_as_wide_as_they_were_measured() -> None:
    for title in ("Minimum wave AVATAR", "Балтика и волны", "زمني التقرير السنوي", "זמני ההמתנה"):
        lines, size = lettering.fit(title, 960, narrow=False)
        image = opened(draw(replace(CARD, title=title)))
        found = ink(image, (0, 270, 1200, 510))
        assert found
        widest = max(lettering._em(line, lettering.SERIF) * size for line in lines)
        assert found[2] - found[0] == pytest.approx(widest, rel=0.05)


def test_a_word_too_long_for_a_line_is_broken_not_clipped() -> None:
    compound = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft"
    lines, _ = lettering.fit(compound, 540, narrow=True)
    assert "".join(line.removesuffix("-") for line in lines) == compound
    assert all(line.endswith("-") for line in lines[:-1])
    address = "https://reports.initech.example/2026/q3/baltic/waiting-times-of-all-vessels.pdf"
    lines, _ = lettering.fit(address, 540, narrow=True)
    assert "".join(lines) == address, "an address is not given hyphens"
    lines, _ = lettering.fit("word " * 80, 540, narrow=True)
    assert lines[-1].endswith("word…")


def test_emoji_are_left_out_and_fancy_letters_undressed() -> None:
    assert drawn_alike(replace(CARD, title="Launch 🚀 day 🎉👩‍💻🇪🇺"), replace(CARD, title="Launch day"))
    assert drawn_alike(replace(CARD, title="𝓛𝐚𝕦𝗻𝚌𝙝 ｄａｙ"), replace(CARD, title="Launch day"))


def test_a_title_that_cannot_be_drawn_is_said_in_words() -> None:
    in_words = replace(CARD, title=CARD.fallback)
    for title in ("四半期レポート：港の遅延", "🎉🎉🎉", "分기 보고서 Q", "...", ""):
        assert drawn_alike(replace(CARD, title=title), in_words), title


def test_half_a_sentence_is_never_drawn() -> None:
    """A customer whose own name cannot be drawn is not half named."""
    asian = replace(
        CARD, title="港の遅延", fallback="A report shared by 株式会社", kicker="Shared by 株式会社", customer="株式会社"
    )
    image = opened(draw(asian))
    assert ink(image, TOP_ROW) is None
    assert drawn_alike(asian, replace(CARD, title="Acme", kicker="", customer=""))


def test_markup_is_words() -> None:
    for title in TITLES:
        words = lettering.drawable(title)
        assert not set(words) & set("\x00\x1b\u202e\u202b\u202c\ud800\ufffe")
    assert lettering.drawable("<b>&]]>") == "<b>&]]>"


def test_words_can_be_read_on_every_brand() -> None:
    for accent in ("#ffffff", "#ffee00", "#faf9f6", "#808080", "#000000", "#0b5fff"):
        layout = drawing._layout(replace(CARD, accent=accent))
        assert contrast(layout["brand_mark"].initial.colour, layout["brand_mark"].fill) >= AA_TEXT
        for line in (layout["kicker"], layout["maker"], *layout["title"]):
            assert contrast(line.colour, layout["paper"]) >= AA_TEXT
        image = opened(draw(replace(CARD, accent=accent)))
        x, y, wide, high = layout["bar"]
        assert ink(image, (x, y, x + wide, y + high)), "the bar is seen on the paper"


def test_a_picture_stands_beside_the_title(tmp_path: Path) -> None:
    for name, size in {
        "a.png": (900, 1200),
        "b.jpg": (1600, 900),
        "c.webp": (1000, 1000),
        "d.png": (3000, 400),
    }.items():
        shown = replace(CARD, picture=picture(tmp_path / name, size))
        image = opened(draw(shown))
        red, green, blue = image.getpixel((1000, 320))
        assert red > 180, name
        assert green < 60, name
        assert blue < 90, name
        assert ink(image, (0, 0, MARGIN - 3, 630)) is None
        mirrored = opened(draw(replace(shown, title="דוח רבעוני")))
        assert mirrored.getpixel((200, 320))[1] < 60, name
        assert ink(mirrored, (1200 - MARGIN + 3, 0, 1200, 630)) is None


def test_a_picture_taken_sideways_stands_upright(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # turned a quarter to the left
    for name, size in {"small.jpg": (1600, 900), "large.jpg": (6400, 3600), "large.png": (6400, 3600)}.items():
        sideways = Image.new("RGB", size, "#c02040")
        sideways.save(tmp_path / name, exif=exif)
        image = opened(draw(replace(CARD, picture=str(tmp_path / name))))
        assert ink(image, (1170, 40, 1200, 60)) is None
        assert image.getpixel((1190, 320))[1] > 200, "a page does not bleed off the side"
        assert image.getpixel((1000, 625))[1] < 60, "but off the foot"


def test_a_photograph_is_kept_small(tmp_path: Path) -> None:
    for size in ((1600, 900), (1500, 1500), (1000, 1414)):
        png = draw(replace(CARD, picture=picture(tmp_path / "noise.png", size, noise=True)))
        assert len(png) <= MAX_BYTES
        image = opened(png)
        assert image.size == (1200, 630)
        assert image.getpixel((2, 2)) == image.getpixel((300, 610)) == opened(draw(CARD)).getpixel((2, 2))


def test_what_is_no_picture_is_left_out(tmp_path: Path) -> None:
    whole = Path(picture(tmp_path / "whole.png", (1200, 900), noise=True)).read_bytes()
    svg = b'<svg xmlns="http://www.w3.org/2000/svg"><image href="/etc/passwd"/></svg>'
    plain = draw(CARD)
    for name, content in {"cut.png": whole[:5000], "text.png": b"no picture", "empty.jpg": b"", "x.svg": svg}.items():
        (tmp_path / name).write_bytes(content)
        path = str(tmp_path / name)
        assert draw(replace(CARD, picture=path, customer_logo=path, brand_logo=path)) == plain, name
    assert draw(replace(CARD, picture=str(tmp_path / "none.png"))) == plain
    assert draw(replace(CARD, picture=picture(tmp_path / "tiny.png", (32, 32)))) == plain, "not blown up"
    Image.new("1", (15_000, 15_000)).save(tmp_path / "bomb.png")
    assert draw(replace(CARD, picture=str(tmp_path / "bomb.png"))) == plain


def test_logos_stand_in_their_places(tmp_path: Path) -> None:
    logo = picture(tmp_path / "logo.png", (128, 128), colour="#00a040")
    image = opened(draw(replace(CARD, customer_logo=logo, brand_logo=logo)))
    for at in ((MARGIN + 28, 92), (MARGIN + 20, 550)):
        assert image.getpixel(at) == (0, 160, 64)
    white = Image.new("RGBA", (400, 100), (0, 0, 0, 0))
    white.paste("#ffffff", (50, 20, 350, 80))
    white.save(tmp_path / "white.png")
    image = opened(draw(replace(CARD, customer_logo=str(tmp_path / "white.png"))))
    ground, letters = ("#" + bytes(image.getpixel((x, 92))).hex() for x in (MARGIN + 3, MARGIN + 80))
    assert contrast(ground, letters) > AA_TEXT


def test_the_licence_travels_with_the_fonts() -> None:
    fonts = paths.widget_templates() / "fonts"
    licence = (fonts / "OFL.txt").read_text("utf-8")
    assert "SIL OPEN FONT LICENSE" in licence
    for font in fonts.glob("*.ttf"):
        assert font.name in licence
    assert {Path(file).name for file in lettering.font_files()} == {font.name for font in fonts.glob("*.ttf")}


@pytest.fixture
async def cards(tmp_path: Path) -> AsyncIterator[Cards]:
    made = Cards(tmp_path / "cards", max_files=3, max_waiting=4)
    yield made
    await made.close()


@pytest.mark.anyio
async def test_a_card_is_drawn_once(cards: Cards, tmp_path: Path) -> None:
    paths_of_many = await asyncio.gather(*(cards.png(CARD) for _ in range(50)))
    assert len(set(paths_of_many)) == 1
    path = paths_of_many[0]
    assert path.read_bytes() == draw(CARD), "the worker draws the same"
    before = path.stat()
    assert await cards.png(CARD) == path
    assert (path.stat().st_mtime_ns, path.stat().st_ino) == (before.st_mtime_ns, before.st_ino)
    assert [file.name for file in (tmp_path / "cards").iterdir()] == [path.name]
    for changed in (replace(CARD, accent="#0b5ffe"), replace(CARD, brand_logo=str(tmp_path / "new"))):
        assert await cards.png(changed) != path

    worker = next(iter(cards._pool._processes))  # type: ignore[union-attr]
    os.kill(worker, signal.SIGKILL)
    assert (await cards.png(replace(CARD, title="After the storm"))).is_file()

    for n in range(3):
        last = await cards.png(replace(CARD, title=f"Card {n}"))
    left = list((tmp_path / "cards").iterdir())
    assert len(left) == 3
    assert last in left
    assert path not in left, "the oldest goes first"

    waiting = [asyncio.create_task(cards.png(replace(CARD, title=f"Wait {n}"))) for n in range(5)]
    answers = await asyncio.gather(*waiting, return_exceptions=True)
    assert [type(answer) for answer in answers].count(TooMany) == 1
    assert sum(isinstance(answer, Path) for answer in answers) == 4


@pytest.mark.anyio
async def test_who_leaves_takes_nobody_along(cards: Cards) -> None:
    first, second = asyncio.create_task(cards.png(CARD)), asyncio.create_task(cards.png(CARD))
    await asyncio.sleep(0)
    first.cancel()
    assert (await second).is_file()


@pytest.mark.anyio
async def test_a_disk_that_refuses_is_said(tmp_path: Path) -> None:
    (tmp_path / "cards").write_text("a file where the folder should be")
    cards = Cards(tmp_path / "cards")
    with pytest.raises(Unavailable, match="could not be stored"):
        await cards.png(CARD)
    await cards.close()


def test_a_killed_server_leaves_no_worker_behind(tmp_path: Path) -> None:
    script = tmp_path / "server.py"
    script.write_text(
        "import asyncio, sys\n"
        "from pathlib import Path\n"
        "from passalong.web.unfurl.cards import Cards\n"
        "from passalong.web.unfurl.drawing import Card\n"
        "async def main():\n"
        "    cards = Cards(Path(sys.argv[1]))\n"
        "    words = dict.fromkeys(('title', 'fallback', 'kicker', 'maker', 'brand'), 'Words')\n"
        "    await cards.png(Card(**words, accent='#000000'))\n"
        "    print(*cards._pool._processes, flush=True)\n"
        "    await asyncio.sleep(60)\n"
        "if __name__ == '__main__':\n"
        "    asyncio.run(main())\n"
    )
    with subprocess.Popen(
        [sys.executable, str(script), str(tmp_path / "cards")], stdout=subprocess.PIPE, text=True
    ) as server:
        assert server.stdout
        worker = int(server.stdout.readline())
        assert alive(worker)
        server.kill()
    deadline = time.monotonic() + 10
    while alive(worker):
        assert time.monotonic() < deadline
        time.sleep(0.02)


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False
