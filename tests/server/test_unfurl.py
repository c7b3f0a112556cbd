"""What networks and other sites read of a share: tags, card, QR code, badge, oEmbed; never from behind a gate."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode
from xml.etree import ElementTree

import pytest
from PIL import Image

from factories import SLACK, Server, eventually, parsed, picture, rfc3339
from passalong.demo import pictures
from passalong.settings import Unfurl


def tags(html: str) -> dict[str, str]:
    return {
        e.get("property") or e.get("name") or "": e.get("content", "")
        for e in parsed(html).iter("meta")
        if e.get("content")
    }


def oembed(server: Server, path: str, **params: Any) -> Any:
    return server.viewer.get("/oembed", params={"url": server.config.base_url + path, **params})


def card(server: Server, path: str) -> Image.Image:
    answer = server.viewer.get(f"{path}/card.png")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "image/png")
    assert len(answer.content) < 300_000
    return Image.open(io.BytesIO(answer.content))


@pytest.mark.parametrize("asset", ["report", "page", "embed", "link"])
@pytest.mark.parametrize("mechanic", ["hard", "soft", "open", "plain"])
def test_the_tags_stand_before_any_gate(server: Server, asset: str, mechanic: str) -> None:
    path = server.share(asset, mechanic)
    answer = server.viewer.get(path, headers={"user-agent": SLACK})
    found = tags(answer.text)
    assert found["og:title"] == found["twitter:title"]
    assert found["og:site_name"] == "Acme"
    assert found["og:url"] == server.config.base_url + path
    assert found["og:image"] == found["twitter:image"] == f"{server.config.base_url}{path}/card.png"
    assert (found["og:image:width"], found["og:image:height"]) == ("1200", "630")
    assert found["og:image:alt"]
    assert found["twitter:card"] == "summary_large_image"
    [discovery] = [e for e in parsed(answer.text).iter("link") if e.get("type") == "application/json+oembed"]
    found_at = discovery.get("href", "").removeprefix(server.config.base_url)
    assert server.viewer.get(found_at).json()["title"] == found["og:title"]


def test_preview_bots_are_counted_as_bots(server: Server) -> None:
    path = server.share(mechanic="open")
    for agent in (SLACK, "Twitterbot/1.0", "LinkedInBot/1.0", "facebookexternalhit/1.1", "WhatsApp/2.23"):
        server.viewer.get(path, headers={"user-agent": agent})
        server.viewer.get(f"{path}/card.png", headers={"user-agent": agent})
    counts = server.counts("open")
    assert (counts["views"], counts["visits"], counts["bots"]) == (0, 0, 5)


def test_the_card_has_the_size_that_networks_ask_for(server: Server) -> None:
    with card(server, server.share()) as drawn:
        assert drawn.size == (1200, 630)
    head = server.viewer.head(f"{server.share()}/card.png")
    assert int(head.headers["content-length"]) > 1000
    assert head.content == b""


def test_what_is_behind_a_gate_is_not_on_the_card(server: Server) -> None:
    server.api.put("/api/v1/assets/photo", json={"title": "Photo", "kind": "file"}).raise_for_status()
    green = picture("#00ff00")
    server.api.post("/api/v1/assets/photo/files", files={"file": ("p.png", green)}).raise_for_status()

    def green_part(mechanic: str) -> float:
        with card(server, server.share("photo", mechanic)) as drawn:
            pixels = list(drawn.convert("RGB").resize((60, 30)).get_flattened_data())
        return sum(g > 200 and r < 90 and b < 90 for r, g, b in pixels) / len(pixels)

    assert green_part("open") > 0.1
    assert green_part("hard") == 0


def _expired(server: Server, clock: Any) -> str:
    path = server.share(mechanic="open", expires_at=rfc3339(clock() + 1000))
    clock.ms += 3_600_000
    return path


def _revoked(server: Server, clock: Any) -> str:
    path = server.share(mechanic="open")
    server.viewer.get(path)
    server.api.post(f"/api/v1/shares/{server.events()[-1]['share']}/revoke").raise_for_status()
    return path


def _killed(server: Server, clock: Any) -> str:
    path = server.share(mechanic="open")
    kill = {"reason": "Over", "by": "Mara", "fallback": "asset_only"}
    server.api.post("/api/v1/mechanics/open/kill", json=kill).raise_for_status()
    return path


@pytest.mark.parametrize("end", [_expired, _revoked, _killed])
def test_what_is_over_unfurls_to_nothing(server: Server, clock: Any, end: Callable[[Server, Any], str]) -> None:
    live = server.share(mechanic="soft")
    before = server.viewer.get(f"{live}/card.png").content
    path = end(server, clock)
    assert oembed(server, path).status_code == 401
    neutral = server.viewer.get(f"{path}/card.png")
    assert neutral.status_code == 200
    assert neutral.content != before
    other = server.share("page", "strict")
    server.viewer.get(other)
    server.api.post(f"/api/v1/shares/{server.events()[-1]['share']}/revoke").raise_for_status()
    assert server.viewer.get(f"{other}/card.png").content == neutral.content, (
        "whatever it was, it shows the brand alone"
    )


def test_pictures_of_links_that_are_none(server: Server) -> None:
    for name in ("card.png", "qr.svg", "qr.png", "badge.svg"):
        assert server.viewer.get(f"/s/nothing/{name}").status_code == 404


def frameable(server: Server) -> None:
    brand = {"name": "Acme", "accent": "#0b5fff", "home_url": "https://acme.example", "embed_hosts": ["*.acme.example"]}
    server.api.put("/api/v1/brands/acme", json=brand).raise_for_status()


def test_oembed_is_a_link_where_nobody_may_frame_it(server: Server) -> None:
    answer = oembed(server, server.share()).json()
    assert (answer["type"], answer["title"], "html" in answer) == ("link", "Quarterly report", False)
    assert answer["thumbnail_url"].endswith("/card.png")


def test_oembed_answers_with_a_frame(server: Server) -> None:
    frameable(server)
    path = server.share()
    answer = oembed(server, path).json()
    assert (answer["version"], answer["type"], answer["provider_name"]) == ("1.0", "rich", "Acme")
    assert (answer["title"], answer["author_name"]) == ("Quarterly report", "Initech")
    frame = re.search(r'src="([^"]+)" title="([^"]+)" width="(\d+)" height="(\d+)"', answer["html"])
    assert frame
    assert frame[1] == f"{server.config.base_url}/e/{path.removeprefix('/s/')}"
    assert (int(frame[3]), int(frame[4])) == (answer["width"], answer["height"])
    assert answer["thumbnail_url"].endswith("/card.png")
    assert answer["thumbnail_width"] == 1200


@pytest.mark.parametrize(
    "limits",
    [{"maxwidth": 320}, {"maxheight": 200}, {"maxwidth": 500, "maxheight": 100}, {"maxwidth": 1, "maxheight": 1}],
)
def test_oembed_keeps_to_the_room_there_is(server: Server, limits: dict[str, int]) -> None:
    frameable(server)
    answer = oembed(server, server.share("embed"), **limits).json()
    assert "thumbnail_url" not in answer
    assert 1 <= answer["width"] <= limits.get("maxwidth", 10_000)
    assert 1 <= answer["height"] <= limits.get("maxheight", 10_000)


def test_oembed_says_no_as_the_standard_has_it(server: Server) -> None:
    path = server.share()
    assert oembed(server, path, format="xml").status_code == 501
    assert server.viewer.get("/oembed").status_code == 404
    for url in (
        f"https://elsewhere.example{path}",
        f"{server.config.base_url}/privacy",
        f"{server.config.base_url}/s/x",
    ):
        assert server.viewer.get(f"/oembed?{urlencode({'url': url})}").status_code == 404


def test_oembed_knows_every_address_of_a_share(server: Server) -> None:
    path = server.share(slug="spring-report")
    for address in (path, path.replace("/s/", "/e/"), f"{path}/3", "/go/spring-report"):
        assert oembed(server, address).json()["title"] == "Quarterly report"


def test_a_title_cannot_break_out_of_the_frame(server: Server) -> None:
    server.api.put(
        "/api/v1/assets/odd", json={"title": '"><script>x</script>', "kind": "page", "source": {"markdown": "x"}}
    ).raise_for_status()
    frameable(server)
    path = server.share("odd", "open")
    assert "<script" not in oembed(server, path).json()["html"]
    assert "<script" not in server.viewer.get(f"{path}/badge.svg").text
    assert "<script" not in server.viewer.get(path).text


def test_the_badge_is_a_picture_with_words(server: Server) -> None:
    answer = server.viewer.get(f"{server.share()}/badge.svg")
    assert answer.headers["content-type"] == "image/svg+xml"
    root = ElementTree.fromstring(answer.text)
    assert root.get("role") == "img"
    assert "Quarterly report" in root.get("aria-label", "")
    assert root.findtext("{http://www.w3.org/2000/svg}title") == "Quarterly report. Made with Acme"
    assert "prefers-color-scheme:dark" in answer.text


def test_the_qr_code_says_where_the_page_is(server: Server) -> None:
    path = server.share()
    svg = server.viewer.get(f"{path}/qr.svg")
    ElementTree.fromstring(svg.text)
    png = server.viewer.get(f"{path}/qr.png")
    with Image.open(io.BytesIO(png.content)) as code:
        assert code.width == code.height > 200


@pytest.mark.settings(unfurl=Unfurl(draw_ahead=True))
def test_the_card_of_a_new_share_is_drawn_before_anybody_asks(server: Server) -> None:
    server.share()
    eventually(lambda: list((server.config.files / "cards").glob("*.png")), within_s=20)


def test_the_first_page_of_an_open_document_is_on_its_card(server: Server) -> None:
    path = server.share(mechanic="open")
    plain = server.viewer.get(f"{path}/card.png").content
    files = {"file": ("r.pdf", pictures.report())}
    server.api.post("/api/v1/assets/report/files", files=files).raise_for_status()
    assert server.viewer.get(f"{path}/card.png").content != plain
