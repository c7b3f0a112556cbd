"""Walkthroughs over HTTP: one page a step, the gate in between, each step counted."""

from __future__ import annotations

import io
from typing import Any

import httpx2
import pytest
from PIL import Image

from factories import ANN, SIZE, SLACK, Server, element, mechanic, parsed, picture, words

STEPS: list[dict[str, Any]] = [
    {"image": "a.png", "title": "Open a board", "caption": "Press **Share**.", "chapter": "Start",
     "hotspots": [{"x": 10, "y": 20, "width": 25, "height": 10, "label": "Share"}]},
    {"image": "b.png", "title": "Choose", "alt": "A form with two choices",
     "hotspots": [{"x": 0, "y": 0, "width": 50, "height": 100, "label": "The long way"},
                  {"x": 50, "y": 0, "width": 50, "height": 100, "label": "The short way", "target": "end"}]},
    {"image": "c.png", "caption": "Nearly there.", "chapter": "Finish"},
    {"id": "end", "image": "d.png", "title": "Done",
     "hotspots": [{"x": 0, "y": 0, "width": 10, "height": 10, "label": "Read more", "target": "https://acme.example/x"}]},
]  # fmt: skip
NAMES = ["a.png", "b.png", "c.png", "d.png"]


def upload(server: Server, *files: tuple[str, bytes], asset: str = "tour") -> httpx2.Response:
    return server.api.post(f"/api/v1/assets/{asset}/files", files=[("file", file) for file in files])


@pytest.fixture
def tour(server: Server) -> Server:
    """The server with a walkthrough of four steps and a mechanic whose gate stands after the second."""
    body = {"title": "A tour of Acme", "kind": "walkthrough", "source": {"steps": STEPS}}
    answer = server.api.put("/api/v1/assets/tour", json=body)
    assert (answer.status_code, answer.json()["missing"]) == (200, NAMES)
    colours = ["#aa3333", "#33aa33", "#3333aa", "#888888"]
    answer = upload(server, *((name, picture(colour)) for name, colour in zip(NAMES, colours, strict=True)))
    assert (answer.status_code, answer.json()["ready"], answer.json()["missing"]) == (200, True, [])
    gate = {"mode": "at_step", "step": 2, "fields": [{"name": "name", "required": True}]}
    server.api.put("/api/v1/mechanics/stepped", json=mechanic(title="Stepped", gate=gate)).raise_for_status()
    return server


def next_link(html: str) -> str | None:
    found = [a.get("href") for a in parsed(html).iter("a") if a.get("rel") == "next"]
    return found[0] if found else None


def seen(server: Server) -> list[str]:
    """What happened, in order: `step 2` for a step."""
    wanted = [e for e in server.events() if e["kind"] in ("view", "step", "lead")]
    return [f"step {e['step']}" if e["step"] else e["kind"] for e in wanted]


def test_from_the_first_step_to_the_last_through_the_gate(tour: Server) -> None:
    path = tour.share("tour", "stepped")
    first = tour.viewer.get(path)
    assert first.headers["passalong-event"] == "view, step"
    assert "Step 1 of 4" in words(first.text)
    assert next_link(first.text) == f"{path}/2"
    here = {"referer": f"{tour.address}{path}"}
    second = tour.viewer.get(f"{path}/2", headers=here)
    assert second.headers["passalong-event"] == "step"
    third = tour.viewer.get(f"{path}/3", headers=here)
    assert third.headers["passalong-event"] == "none; reason=gate"
    assert "Nearly there" not in third.text
    assert element(third.text, "email") is not None
    passed = gate(tour, path, third.text)
    assert passed.status_code == 303
    assert passed.headers["location"].startswith(f"{path}/3?pass=")
    after = tour.viewer.get(passed.headers["location"], headers=here, follow_redirects=True)
    assert after.url.path == f"{path}/3"
    assert "Nearly there" in words(after.text)
    last = tour.viewer.get(f"{path}/4", headers=here)
    assert next_link(last.text) is None
    assert "Start a free account" in words(last.text)
    assert seen(tour) == ["view", "step 1", "step 2", "lead", "step 3", "step 4"]


def gate(server: Server, path: str, html: str, **more: str) -> httpx2.Response:
    """Sends the form on a step's page, with every hidden field it carries."""
    hidden = {e.get("name"): e.get("value", "") for e in parsed(html).iter("input") if e.get("type") == "hidden"}
    return server.viewer.post(f"{path}/gate", data={**hidden, "website": "", **ANN, **more})


def test_a_deep_link_counts_as_a_visit_and_going_on_from_it_does_not(tour: Server) -> None:
    path = tour.share("tour", "open")
    assert tour.viewer.get(f"{path}/3").headers["passalong-event"] == "view, step"
    onward = tour.viewer.get(f"{path}/4", headers={"referer": f"{tour.address}{path}/3"})
    assert onward.headers["passalong-event"] == "step"
    elsewhere = tour.viewer.get(f"{path}/2", headers={"referer": "https://news.example/"})
    assert elsewhere.headers["passalong-event"] == "view, step"
    counts = tour.counts("open")
    assert (counts["views"], counts["visits"]) == (2, 1)


@pytest.mark.parametrize("tail", ["0", "5", "999", "1000", "01x", "-1", "1/", "1/2", "٣"])
def test_there_is_no_other_step(tour: Server, tail: str) -> None:
    path = tour.share("tour", "open")
    assert tour.viewer.get(f"{path}/{tail}").status_code == 404
    assert seen(tour) == []


def test_a_step_of_what_has_no_steps(tour: Server) -> None:
    path = tour.share("report", "open")
    assert tour.viewer.get(f"{path}/1").status_code == 404


def test_places_to_press_lead_on_to_a_step_or_out(tour: Server) -> None:
    path = tour.share("tour", "open")

    def spots(number: int) -> list[tuple[str | None, str | None, float]]:
        page = parsed(tour.viewer.get(f"{path}/{number}").text)
        links = [a for a in page.iter() if str(a.tag).endswith("a") and len(a) and str(a[0].tag).endswith("rect")]
        return [(a.get("href"), a.get("aria-label"), float(a[0].get("x", "-1"))) for a in links]

    assert spots(1) == [(f"{path}/2", "Share", 160.0)]
    assert spots(2) == [(f"{path}/3", "The long way", 0.0), (f"{path}/4", "The short way", 800.0)]
    assert spots(4) == [("https://acme.example/x", "Read more", 0.0)]
    second = tour.viewer.get(f"{path}/2").text
    assert [a.text for a in parsed(second).iter("a") if a.get("href") == f"{path}/4"][:1] != []
    assert "The short way" in words(second), "a branch is there for those who see no picture, too"


def test_pictures_are_made_anew_in_several_sizes_and_kept_for_ever(tour: Server) -> None:
    path = tour.share("tour", "open")
    html = tour.viewer.get(path).text
    images = [i for i in parsed(html).iter("img") if "/media/" in i.get("src", "")]
    image = images[0]
    assert (image.get("width"), image.get("height")) == ("1600", "1000")
    widths = {}
    for source in image.get("srcset", "").split(", "):
        address, width = source.split(" ")
        answer = tour.viewer.get(address)
        assert answer.headers["content-type"] == "image/webp"
        assert "immutable" in answer.headers["cache-control"]
        with Image.open(io.BytesIO(answer.content)) as shown:
            widths[width] = shown.size
    assert widths == {"480w": (480, 300), "800w": (800, 500), "1200w": (1200, 750), "1600w": SIZE}
    preloads = [e for e in parsed(html).iter("link") if e.get("rel") == "preload"]
    assert [e.get("as") for e in preloads] == ["image"]


def test_nothing_from_behind_the_gate_is_fetched_ahead(tour: Server) -> None:
    path = tour.share("tour", "stepped")
    assert 'rel="preload"' in tour.viewer.get(path).text
    assert 'rel="preload"' not in tour.viewer.get(f"{path}/2").text


def test_metadata_does_not_survive(tour: Server) -> None:
    packed = io.BytesIO()
    exif = Image.Exif()
    exif[0x0112] = 6  # turned by a quarter
    exif[0x010E] = "taken at home"
    Image.new("RGB", (400, 200), "#123456").save(packed, "JPEG", exif=exif)
    upload(tour, ("a.png", packed.getvalue())).raise_for_status()
    html = tour.viewer.get(tour.share("tour", "open")).text
    [image] = [i for i in parsed(html).iter("img") if "/media/" in i.get("src", "")]
    content = tour.viewer.get(image.get("src", "")).content
    assert b"taken at home" not in content
    with Image.open(io.BytesIO(content)) as shown:
        assert shown.size == (200, 400), "upright"


def test_everything_on_one_page_up_to_the_gate(tour: Server) -> None:
    path = tour.share("tour", "stepped")
    before = tour.viewer.get(f"{path}/all")
    assert [h.text for h in parsed(before.text).iter("h3")] == ["1. Open a board", "2. Choose"]
    assert "2 more steps stand behind the form" in words(before.text)
    gate(tour, path, tour.viewer.get(f"{path}/3").text)
    after = tour.viewer.get(f"{path}/all")
    assert len(list(parsed(after.text).iter("h3"))) == 4
    assert seen(tour) == ["view", "view", "lead", "view"], "a look at all of them is no step"
    assert tour.counts("stepped")["visits"] == 1
    assert (
        tour.viewer.get(f"{path}/3", headers={"referer": f"{tour.address}{path}/all"}).headers["passalong-event"]
        == "step"
    )


@pytest.mark.parametrize(
    ("mode", "free"), [({"mode": "hard"}, 0), ({"mode": "soft"}, 4), ({"mode": "at_step", "step": 9}, 4), ({}, 4)]
)
def test_other_gates(tour: Server, mode: dict[str, Any], free: int) -> None:
    tour.api.put("/api/v1/mechanics/other", json=mechanic(gate=mode)).raise_for_status()
    path = tour.share("tour", "other")
    asked = ["Tell Acme who you are" in words(tour.viewer.get(f"{path}/{n}").text) for n in range(1, 5)]
    assert asked == [n > free for n in range(1, 5)]
    invited = 'name="email"' in tour.viewer.get(f"{path}/4").text
    assert invited == (mode != {}), "the last step invites where the mechanic has a form"


def test_a_form_that_is_refused_keeps_its_place(tour: Server) -> None:
    path = tour.share("tour", "stepped")
    answer = gate(tour, path, tour.viewer.get(f"{path}/4").text, email="nobody")
    assert answer.status_code == 422
    assert element(answer.text, "email").get("value") == "nobody"
    again = gate(tour, path, answer.text)
    assert again.headers["location"].startswith(f"{path}/4?pass=")


@pytest.mark.parametrize("step", ["0", "5", "-1", "٣", "x", "99999999999999999999", ""])
def test_a_form_with_a_step_that_is_none_leads_to_the_first(tour: Server, step: str) -> None:
    path = tour.share("tour", "stepped")
    answer = gate(tour, path, tour.viewer.get(f"{path}/3").text, step=step)
    assert answer.headers["location"].startswith(f"{path}/1?pass=")


def test_bots_walk_uncounted_as_people(tour: Server) -> None:
    path = tour.share("tour", "open")
    tour.viewer.get(path, headers={"user-agent": SLACK})
    assert {e["actor"] for e in tour.events() if e["kind"] in ("view", "step")} == {"unfurler"}
    assert tour.counts("open")["visits"] == 0
    assert tour.counts("open")["bots"] == 1
    assert tour.viewer.head(f"{path}/2").headers["passalong-event"] == "none; reason=prefetch"


def test_how_far_people_came(tour: Server, browser: Any) -> None:
    path = tour.share("tour", "open")
    for far in (4, 2, 2, 1):
        someone = browser(agent=f"Mozilla/5.0 (X11) Firefox/14{far}.0 {len(seen(tour))}")
        for number in range(1, far + 1):
            someone.get(f"{path}/{number}", headers={"referer": f"{tour.address}{path}"})
        someone.get(f"{path}/1", headers={"referer": f"{tour.address}{path}"})  # back to the first: still one person
    answer = tour.api.get("/api/v1/assets/tour/steps").json()
    assert [(s["number"], s["title"], s["visits"]) for s in answer["steps"]] == [
        (1, "Open a board", 4), (2, "Choose", 3), (3, "Step 3", 1), (4, "Done", 1),
    ]  # fmt: skip
    assert [s["reached"] for s in answer["steps"]] == [1.0, 0.75, 0.25, 0.25]
    for n in range(6):
        browser(agent=f"Mozilla/5.0 (X11) Firefox/15{n}.0").get(f"{path}/3")  # from a deep link in the middle
    assert max(s["reached"] for s in tour.api.get("/api/v1/assets/tour/steps").json()["steps"]) == 1.0
    assert tour.api.get("/api/v1/assets/tour/steps?mechanic=hard").json()["steps"][0]["visits"] == 0
    assert tour.api.get("/api/v1/assets/report/steps").status_code == 409
    assert tour.api.get("/api/v1/assets/nothing/steps").status_code == 404


def test_every_fault_is_named(server: Server) -> None:
    steps = [
        {"image": "a.png", "id": "one", "hotspots": [{"x": 90, "y": 0, "width": 20, "height": 5, "label": "Over"}]},
        {"image": "b.png", "id": "one", "next": "nowhere"},
        {"image": "c.png", "hotspots": [{"x": 0, "y": 0, "width": 0, "height": 5, "label": "x", "target": "http://x.example"}]},
    ]  # fmt: skip
    answer = server.api.put(
        "/api/v1/assets/tour", json={"title": "T", "kind": "walkthrough", "source": {"steps": steps}}
    )
    assert answer.status_code == 422
    assert {f["field"] for f in answer.json()["faults"]} == {
        "source.steps[0].hotspots[0]",
        "source.steps[1].id",
        "source.steps[1].next",
        "source.steps[2].hotspots[0]",
        "source.steps[2].hotspots[0].target",
    }


def test_pictures_come_all_or_none(tour: Server) -> None:
    before = tour.viewer.get(tour.share("tour", "open")).text
    answer = upload(
        tour, ("a.png", picture("#ffffff")), ("b.png", b"\x89PNG\r\n\x1a\nnot"), ("z.png", picture("#000000"))
    )
    assert answer.status_code == 422
    assert {f["field"] for f in answer.json()["faults"]} == {"b.png", "z.png"}
    images = [i.get("src") for i in parsed(before).iter("img")]
    assert [i.get("src") for i in parsed(tour.viewer.get(tour.share("tour", "open")).text).iter("img")] == images


def test_a_walkthrough_whose_pictures_have_not_come_asks_nobody(server: Server) -> None:
    body = {"title": "A tour of Acme", "kind": "walkthrough", "source": {"steps": STEPS}}
    server.api.put("/api/v1/assets/tour", json=body).raise_for_status()
    path = server.share("tour", "hard")
    page = server.viewer.get(path)
    assert page.status_code == 200
    assert "not been uploaded yet" in words(page.text)
    assert 'name="email"' not in page.text


def test_killed_it_stays_open_and_counts_nothing(tour: Server) -> None:
    path = tour.share("tour", "stepped")
    kill = {"reason": "Over", "by": "Mara", "fallback": "asset_only"}
    tour.api.post("/api/v1/mechanics/stepped/kill", json=kill).raise_for_status()
    answer = tour.viewer.get(f"{path}/4")
    assert answer.headers["passalong-event"] == "afterlife"
    assert "Start a free account" not in answer.text
    assert "pass-along" not in answer.text
