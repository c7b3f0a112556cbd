"""The few addresses that belong to no share and no person: robots, Global Privacy Control, health, numbers."""

from __future__ import annotations

import asyncio
import hmac
import time
from typing import Any

from litestar import HttpMethod, Request, Response, get, route
from litestar.datastructures import State

from passalong.domain import probe
from passalong.errors import NotFound, Sentence, Unauthenticated, Unavailable, Unusable
from passalong.meters import CONTENT_TYPE
from passalong.web.services import FromServices

HONOURED_SINCE = "2026-11-22"
_METHODS = [HttpMethod.GET, HttpMethod.HEAD]
LATE_S = 10.0
"""The catalog is asked for twenty times a second; after so long something has come loose."""


@route("/robots.txt", http_method=_METHODS, include_in_schema=False)
async def robots() -> Response[str]:
    """Pages say `noindex` themselves, which a crawler can only read if it may fetch them."""
    return Response("User-agent: *\nDisallow: /api/\nDisallow: /hooks/\nAllow: /\n", media_type="text/plain")


@route("/.well-known/gpc.json", http_method=_METHODS, include_in_schema=False)
async def privacy_control() -> Response[dict[str, bool | str]]:
    """That Global Privacy Control is honoured, and since when it means here what `/privacy` says.
    https://w3c.github.io/gpc/#gpc-support-resource"""
    return Response({"gpc": True, "lastUpdate": HONOURED_SINCE})


@route("/healthz", http_method=_METHODS, include_in_schema=False)
async def alive(request: Request[Any, Any, State], services: FromServices) -> Response[Any]:
    """The process answers. To a question of `passalong doctor` it says how the request looked on arrival."""
    token = request.query_params.get("probe", "")
    if not token or not probe.asked(services.keyring, token, services.clock()):
        return Response("ok\n", media_type="text/plain")
    peer = request.client.host if request.client else ""
    forwarded = ",".join(request.headers.getall("x-forwarded-for", []))
    proxies = services.visitors.proxies
    seen = probe.Seen(
        peer=peer,
        client=proxies.client(peer, forwarded.encode("latin-1", "replace")),
        trusted=proxies.trusts(peer),
        forwarded_for=forwarded,
        forwarded_proto=request.headers.get("x-forwarded-proto", ""),
    )
    return Response(seen, media_type="application/json", headers={"cache-control": "no-store"})


@route("/readyz", http_method=_METHODS, include_in_schema=False)
async def ready(services: FromServices) -> Response[str]:
    """The database is migrated and takes writes, and what other processes change arrives; else 503, and what is amiss,
    a line a part."""
    amiss = []
    try:
        await services.db.probe()
    except (Unavailable, Unusable) as error:
        amiss.append(f"database: {error}")
    if (late_s := time.monotonic() - services.catalog.loaded_s) > LATE_S:
        amiss.append(f"catalog: for {late_s:.0f} seconds, what was changed elsewhere has not arrived here.")
    if amiss:
        headers = {"retry-after": "5", "cache-control": "no-store"}
        return Response("\n".join(["not ready", *amiss, ""]), status_code=503, media_type="text/plain", headers=headers)
    return Response("ready\n", media_type="text/plain")


@get("/metrics", include_in_schema=False)
async def metrics(request: Request[Any, Any, State], services: FromServices) -> Response[bytes]:
    """For Prometheus, with the key of the settings; nothing is here for anybody without one."""
    key, meters = services.settings.metrics.key, services.meters
    if meters is None or not key:
        raise NotFound(Sentence("There is nothing at this address."))
    given = request.headers.get("authorization", "").partition(" ")[2].strip()
    if not hmac.compare_digest(given.encode(), key.encode()):
        raise Unauthenticated("The key of /metrics is metrics.key of the settings.")
    told = await asyncio.to_thread(meters.told)
    return Response(told, headers={"cache-control": "no-store", "content-type": CONTENT_TYPE})
