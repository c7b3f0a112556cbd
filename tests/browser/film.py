"""Takes the pictures of the demonstration's walkthrough anew: `make walkthrough`.

A demonstration is served from a temporary folder; its pages are photographed in Chromium with JavaScript off, its
console by Textual itself; and `walkthrough.toml` is written with the places to press where the pictures show them.
"""

from __future__ import annotations

import asyncio
import io
import json
import re
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import httpx2
from PIL import Image
from playwright.sync_api import Browser, Locator, Page, sync_playwright

sys.path.insert(0, str(Path(__file__).parent))

import chromium

from passalong.app import create_app, system_clock
from passalong.commands.demo import free_port, serving
from passalong.demo import journey, setup
from passalong.demo.setup import WALKTHROUGH
from passalong.store.folders import FILE_NAME
from passalong_tui.answers.mechanics import Mechanic
from passalong_tui.app import Console
from passalong_tui.client import Client
from passalong_tui.widgets.listing import Listing

PIXELS = (1280, 800)
SCALE = 1.5
CELLS = (140, 38)
# How Rich draws a terminal as SVG: the size of a cell, and where the first one is.
CELL, ORIGIN = (12.2, 24.4), (9.0, 41.0)
QUALITY = 88
MOST = 1920
PERSON = {"name": "Robin Ashworth", "company": "Ashworth & Sons", "heard_from": "A colleague"}

Box = tuple[float, float, float, float]
"""x, y, width and height in percent of the picture."""


class Shot(NamedTuple):
    picture: bytes
    spot: Box | None = None


class Screen(NamedTuple):
    """The console as SVG, and the region to press in cells: x, y, width, height."""

    svg: str
    region: tuple[int, int, int, int]


class Scene(NamedTuple):
    """One step as it is written down; `label` names its place to press."""

    name: str
    title: str
    caption: str
    alt: str
    label: str = ""
    chapter: str = ""


SCENES = [
    Scene(
        "gate",
        "Halvorsen shares a report",
        "A customer of Tidewater sends a link. The page carries the customer’s mark, says who made it possible, and "
        "tells what one gets before it asks for anything. There is **no script** on it.",
        "A page titled “Where the Baltic waits”, with a form that asks for an e-mail address and a name.",
        "Fill in the form",
        "What a viewer sees",
    ),
    Scene(
        "mistake",
        "A slip of the finger loses nothing",
        "The message stands beside its field, and everything else is still there. The address is looked at on the "
        "server, so it works in *any* browser, even in a terminal.",
        "The same form with a message under the e-mail field; the other answers are kept.",
        "Send it again",
    ),
    Scene(
        "report",
        "The report opens at once",
        "No confirmation mail, no second form. One thing on the page is in the brand’s colour: the next step, which "
        "carries a signed click id to the vendor’s own site.",
        "The first page of the report, with a button that reads “Make a report like this”.",
        "Make a report like this",
    ),
    Scene(
        "along",
        "Robin passes it along",
        "A link of one’s own to the same page, to copy, to post or to scan. Whatever comes of it is credited to "
        "Halvorsen, and it is known that it came by way of Robin.",
        "A page with a link to copy, a text for messages, buttons for networks and a QR code.",
        "A link of one’s own",
    ),
    Scene(
        "overview",
        "The one number",
        "In the terminal: how many opportunities of this month carry a customer’s name, the months before, where the "
        "pipeline comes from, and what is happening right now.",
        "The console’s overview: a large number, bars for twelve months, a funnel and a live tail.",
        "What happens right now",
        "What the team sees",
    ),
    Scene(
        "customer",
        "Who produced it, and why",
        "Each opportunity names the customer it is credited to, the evidence, and a sentence that a salesperson can "
        "argue with.",
        "The console’s page of one customer with its shares and opportunities.",
        "The customer’s shares",
    ),
    Scene(
        "kill",
        "Killing what brings nothing",
        "The dialog says beforehand what will happen to how many links of how many customers, and asks for a reason. "
        "It can be undone.",
        "A dialog over the list of mechanics that asks for a reason and for what the links shall do.",
        "What happens to the links",
    ),
    Scene(
        "after",
        "The link still opens",
        "A customer’s link must never break: the report stays, and the form and the button are gone, on every "
        "server, within a second.",
        "The report’s page without form and without button.",
    ),
]


def main() -> None:
    path = chromium.find()
    if path is None:
        sys.exit(chromium.MISSING)
    with tempfile.TemporaryDirectory() as folder:
        port = free_port(8000)
        there = (WALKTHROUGH / FILE_NAME).is_file()  # the first time it cannot be in its own pictures
        config = setup.settings_in(Path(folder), f"http://localhost:{port}")
        links = asyncio.run(setup.prepare(config, lambda day: None, walkthrough=there))
        with serving(create_app(config), "127.0.0.1", port):
            journey.play(config.base_url, links["admin_key"], links["report"], system_clock, lambda *told: None)
            screens = asyncio.run(drive(config.base_url, links["admin_key"]))
            with sync_playwright() as playwright:
                browser = playwright.chromium.launch(executable_path=path, args=chromium.ARGS)
                shots = {**viewer(browser, links), **console(browser, screens)}
                shots["after"] = after_the_kill(browser, config.base_url, links)
                browser.close()
    WALKTHROUGH.mkdir(exist_ok=True)
    for name, shot in shots.items():
        with Image.open(io.BytesIO(shot.picture)) as image:
            image.thumbnail((MOST, MOST))
            image.convert("RGB").save(WALKTHROUGH / f"{name}.webp", quality=QUALITY, method=6)
    (WALKTHROUGH / FILE_NAME).write_text(written(shots), "utf-8")
    print(f"{len(shots)} pictures in {WALKTHROUGH}")


@contextmanager
def tab(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(
        java_script_enabled=False,
        viewport={"width": PIXELS[0], "height": PIXELS[1]},
        device_scale_factor=SCALE,
        user_agent=f"Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/{browser.version} Safari/537.36",
    )
    yield context.new_page()
    context.close()


def viewer(browser: Browser, links: dict[str, Any]) -> dict[str, Shot]:
    with tab(browser) as page:
        page.goto(links["report"])
        shots = {"gate": shot(page, page.locator("form"))}
        page.get_by_label("Work e-mail").fill("robin@ashworth")
        page.get_by_label("Name", exact=True).fill(PERSON["name"])
        page.get_by_label("Company").fill(PERSON["company"])
        page.get_by_role("checkbox").check()
        send = page.get_by_role("button", name="Open it")
        send.click()
        page.locator(".gate").scroll_into_view_if_needed()
        shots["mistake"] = shot(page, page.get_by_role("button", name="Open it"))
        page.get_by_label("Work e-mail").fill("robin@ashworth.example")
        page.get_by_role("button", name="Open it").click()
        page.locator(".next").scroll_into_view_if_needed()
        shots["report"] = shot(page, page.locator(".next .button"))
        page.get_by_role("link", name="Pass it along").click()
        page.get_by_role("button", name="Make my link").click()
        shots["along"] = shot(page, page.locator("#url"))
    return shots


def after_the_kill(browser: Browser, base_url: str, links: dict[str, Any]) -> Shot:
    kill = {"reason": "Six months, no opportunity", "by": "Mara Lindqvist", "fallback": "asset_only"}
    headers = {"authorization": f"Bearer {links['admin_key']}"}
    httpx2.post(f"{base_url}/api/v1/mechanics/conference-badge/kill", json=kill, headers=headers).raise_for_status()
    with tab(browser) as page:
        page.goto(links["talk"])
        return shot(page, None)


def shot(page: Page, target: Locator | None) -> Shot:
    """What the window shows, and where in it the target is."""
    box = target.bounding_box() if target else None
    spot = None
    if box:
        margin = 6
        left, top = max(box["x"] - margin, 0), max(box["y"] - margin, 0)
        right = min(box["x"] + box["width"] + margin, PIXELS[0])
        bottom = min(box["y"] + box["height"] + margin, PIXELS[1])
        spot = percent((left, top, right - left, bottom - top), PIXELS)
    return Shot(page.screenshot(), spot)


def percent(box: Box, size: tuple[float, float]) -> Box:
    x, y, width, height = box
    return (
        round(x * 100 / size[0], 2), round(y * 100 / size[1], 2),
        round(width * 100 / size[0], 2), round(height * 100 / size[1], 2),
    )  # fmt: skip


def console(browser: Browser, screens: dict[str, Screen]) -> dict[str, Shot]:
    shots = {}
    with tab(browser) as page:
        for name, (svg, region) in screens.items():
            svg = re.sub(r"@font-face\s*\{.*?\}", "", svg, flags=re.DOTALL)  # it would be fetched from elsewhere
            size = tuple(float(part) for part in re.findall(r'viewBox="0 0 ([\d.]+) ([\d.]+)"', svg)[0])
            page.set_viewport_size({"width": int(size[0]), "height": int(size[1])})
            page.set_content(f"<body style='margin:0;background:#fff'>{svg}</body>")
            x, y, width, height = region
            box = (ORIGIN[0] + x * CELL[0], ORIGIN[1] + y * CELL[1], width * CELL[0], height * CELL[1])
            shots[name] = Shot(page.screenshot(), percent(box, (size[0], size[1])))
    return shots


async def drive(base_url: str, key: str) -> dict[str, Screen]:
    """The console's screens as it draws them itself."""
    drawn: dict[str, Screen] = {}
    async with Client(base_url, key) as client:
        app = Console(client, "mara")
        async with app.run_test(size=CELLS) as pilot:

            async def take(name: str, selector: str) -> None:
                await pilot.pause()
                region = app.screen.query(selector).first().region
                svg = app.export_screenshot(title="passalong console")
                drawn[name] = Screen(svg, (region.x, region.y, region.width, region.height))

            async def until(words: str) -> None:
                for _ in range(500):
                    if words in "\n".join(strip.text for strip in app.screen._compositor.render_strips(app.size)):
                        return
                    await pilot.pause(0.02)
                raise SystemExit(f"the console does not show “{words}”")

            await until("opportunities")
            await pilot.pause(0.5)
            await take("overview", "LiveTail")
            await pilot.press("3")
            await until("Halvorsen")
            await pilot.press("enter")
            await until("EUR")
            await pilot.pause(0.5)
            await take("customer", "Listing")
            await pilot.press("2")
            await until("Badge o")
            app.screen.query_one(Listing).focus_rows()
            await pilot.pause()
            for _ in range(20):
                row: Mechanic | None = app.screen.query_one(Listing).current
                if row is not None and row.key == "conference-badge":
                    break
                await pilot.press("j")
            await pilot.press("k")
            await until("Enter sends")
            await pilot.press(*"Six", "space", *"months,", "space", *"no", "space", *"opportunity")
            await take("kill", "Choices")
    return drawn


def written(shots: dict[str, Shot]) -> str:
    """The folder's `walkthrough.toml`."""

    def text(value: str) -> str:
        return json.dumps(value, ensure_ascii=False)

    lines = [
        "# Written by `make walkthrough`, together with the pictures beside it.",
        'id = "product-tour"',
        'title = "How a shared report becomes an opportunity"',
        'summary = "Eight steps through this product: what a viewer sees, what the team sees, and what a kill does."',
        'language = "en"',
    ]
    for scene in SCENES:
        spot = shots[scene.name].spot
        lines += ["", "[[steps]]", f"id = {text(scene.name)}", f"image = {text(scene.name + '.webp')}"]
        lines += [f"title = {text(scene.title)}", f"caption = {text(scene.caption)}", f"alt = {text(scene.alt)}"]
        lines += [f"chapter = {text(scene.chapter)}"] if scene.chapter else []
        if spot and scene.label:
            x, y, width, height = spot
            lines += ["", "[[steps.hotspots]]", f"x = {x}", f"y = {y}", f"width = {width}", f"height = {height}"]
            lines += [f"label = {text(scene.label)}"]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
