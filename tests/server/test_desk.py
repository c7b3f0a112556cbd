"""What a console's own server has: the API, at once what is asked first, and nothing that is for pages."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx2
from litestar import Litestar

from factories import ADMIN_KEY, settings_for
from passalong.app import create_app, create_desk


@asynccontextmanager
async def asking(folder: Path, key: str = ADMIN_KEY) -> AsyncIterator[httpx2.AsyncClient]:
    desk = create_desk(settings_for(folder), ADMIN_KEY)
    headers = {"authorization": f"Bearer {key}"}
    transport = httpx2.ASGITransport(app=desk)  # type: ignore[arg-type]
    async with (
        desk.lifespan(),
        httpx2.AsyncClient(transport=transport, base_url="http://desk", headers=headers) as http,
    ):
        yield http


async def test_both_halves_answer_and_refuse_as_a_server_does(tmp_path: Path) -> None:
    async with asking(tmp_path) as http:
        for path in ("metric", "mechanics", "theater", "customers", "events", "key", "leads", "plays", "reviews"):
            answer = await http.get(f"/api/v1/{path}")
            assert answer.status_code == 200, path
        made = {"name": "Initech", "domains": ["initech.example"], "consent_to_cobrand": True}
        assert (await http.put("/api/v1/customers/initech", json=made)).status_code == 200
        seen = (await http.get("/api/v1/customers")).json()["items"]
        assert [customer["id"] for customer in seen] == ["initech"], "one half knows what the other has stored"
        for path in ("metric", "leads"):
            refused = await http.get(f"/api/v1/{path}", headers={"authorization": "Bearer pak_other"})
            assert refused.status_code == 401
            assert refused.headers["content-type"] == "application/problem+json"


async def test_strangers_find_no_page_there(tmp_path: Path) -> None:
    async with asking(tmp_path) as http:
        for path in ("/s/token", "/portal", "/privacy", "/p/token", "/hooks/hubspot"):
            assert (await http.get(path)).status_code == 404


def test_it_lacks_no_route_of_the_api(tmp_path: Path) -> None:
    def routes(app: Litestar) -> set[str]:
        return {route.path for route in app.routes if route.path.startswith("/api/v1/")}

    settings = settings_for(tmp_path)
    assert routes(create_desk(settings, ADMIN_KEY).complete()) == routes(create_app(settings).litestar)


def test_it_starts_without_what_only_pages_and_the_ways_out_need(tmp_path: Path) -> None:
    script = (
        "import sys\nfrom passalong.app import create_desk\nfrom passalong.settings import Settings\n"
        f"create_desk(Settings(database={str(tmp_path / 'p.db')!r}, signing_keys=['k' * 40]), 'x' * 40)\n"
        "heavy = {'PIL', 'jinja2', 'babel', 'markdown_it', 'nh3', 'resvg_py', 'segno', 'httpx2', 'standardwebhooks',\n"
        "    'publicsuffixlist', 'passalong.hubspot', 'passalong.mail.review', 'passalong.web.portal'}\n"
        "assert not heavy & set(sys.modules), heavy & set(sys.modules)\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
