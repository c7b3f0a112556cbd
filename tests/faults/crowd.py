"""Many viewers at once, each with a share of its own, who remember what the server acknowledged to them."""

from __future__ import annotations

import asyncio
import itertools
import random
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from http.cookiejar import CookieJar, DefaultCookiePolicy

import httpx2

from factories import form_token
from faults.running import BROWSER, Kinds, mint_share

# Nothing of such a request can have reached the server, so nothing of it can be stored.
_NEVER_SENT = (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout)


class Crowd:
    """Viewers who open pages, follow the CTA and submit the form until they are told to stop.

    `acknowledged` counts what the answers said, by share and kind; `cut` the requests that were sent and
    never answered: those may have been stored, or not.
    """

    def __init__(self, url: str, size: int) -> None:
        self.url = url
        self.acknowledged: Kinds = Counter()
        self.cut: Kinds = Counter()
        self.emails: set[str] = set()
        self.odd: Counter[str] = Counter()
        self._shares = [mint_share() for _ in range(size)]
        self._stop = asyncio.Event()
        self._numbers = itertools.count(1)

    @asynccontextmanager
    async def at_work(self) -> AsyncIterator[None]:
        """The crowd comes in; at the end everyone finishes the request at hand and leaves."""
        limits = httpx2.Limits(max_connections=len(self._shares), max_keepalive_connections=len(self._shares))
        # One client for all: nobody may keep a cookie, or all of them would be one person.
        nobody = CookieJar(policy=DefaultCookiePolicy(allowed_domains=[]))
        async with (
            httpx2.AsyncClient(
                base_url=self.url, limits=limits, timeout=15, cookies=nobody, headers={"user-agent": BROWSER}
            ) as client,
            asyncio.TaskGroup() as group,
        ):
            for share, path in self._shares:
                group.create_task(self._view(client, share, path))
            try:
                yield
            finally:
                self._stop.set()

    async def _view(self, client: httpx2.AsyncClient, share: str, path: str) -> None:
        page = ""
        while not self._stop.is_set():
            match random.choice(("view", "view", "click", "lead")):
                case "view":
                    answer = await self._ask(client, share, "view", "GET", path)
                    page = answer.text if answer and answer.status_code == 200 else page
                case "click":
                    await self._ask(client, share, "click", "GET", f"{path}/go")
                case "lead" if page:
                    email = f"viewer.{next(self._numbers)}@firm.example"
                    typed = {"csrf_token": form_token(page), "website": "", "email": email, "name": "Ann Viewer"}
                    answer = await self._ask(client, share, "lead", "POST", f"{path}/gate", typed)
                    if answer and answer.status_code == 303:
                        self.emails.add(email)

    async def _ask(
        self,
        client: httpx2.AsyncClient,
        share: str,
        kind: str,
        method: str,
        path: str,
        typed: dict[str, str] | None = None,
    ) -> httpx2.Response | None:
        try:
            answer = await client.request(method, path, data=typed)
        except _NEVER_SENT:
            await asyncio.sleep(random.uniform(0.02, 0.1))
            return None
        except httpx2.TransportError:
            self.cut[share, kind] += 1
            return None
        if answer.headers.get("passalong-event") == kind:
            self.acknowledged[share, kind] += 1
        else:
            self.odd[f"{kind}: {answer.status_code} {answer.headers.get('passalong-event')}"] += 1
        return answer

    def lost(self, stored: Kinds) -> Kinds:
        """Acknowledged, and not in the ledger: there must be none."""
        return self.acknowledged - stored

    def invented(self, stored: Kinds) -> Kinds:
        """In the ledger, and neither acknowledged nor cut off: there must be none."""
        ours = Counter({key: n for key, n in stored.items() if key[0] in dict(self._shares) and key[1] != "share"})
        return ours - self.acknowledged - self.cut

    def account(self, stored: Kinds) -> str:
        """Acknowledged against stored, in a line a kind."""
        lines = []
        for kind in ("view", "click", "lead"):
            said, kept, cut = (
                sum(n for key, n in counts.items() if key[1] == kind)
                for counts in (self.acknowledged, stored, self.cut)
            )
            lines.append(f"{kind:>5}: {said:6} acknowledged, {kept:6} stored, {cut:4} cut off")
        return "\n".join([*lines, *(f"  odd: {n} × {what}" for what, n in self.odd.items())])
