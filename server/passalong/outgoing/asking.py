"""One request to an address that the guard lets pass, and to the very number that it looked at."""

from __future__ import annotations

import ssl
from functools import cache
from http.cookiejar import DefaultCookiePolicy

import httpx2

from passalong.outgoing.guard import Target, Unsafe


@cache
def trust() -> ssl.SSLContext:
    """Which certificates are believed. Reading them takes 30 ms, so all clients of a process share one."""
    return httpx2.create_ssl_context()


def client() -> httpx2.AsyncClient:
    """Requests go where the guard has looked, so no proxy of the environment comes between; and what one server sets
    is no other's cookie."""
    http = httpx2.AsyncClient(verify=trust(), trust_env=False)
    http.cookies.jar.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    return http


async def ask(
    http: httpx2.AsyncClient,
    method: str,
    target: Target,
    *,
    headers: dict[str, str],
    timeout_s: float,
    content: bytes | None = None,
) -> httpx2.Response:
    """The answer of the first address of the name that takes a connection; its body is not read yet, and a redirect
    not followed. Whoever asks closes it. Raises what httpx2 raises, and Unsafe for a name without addresses."""
    if not target.urls:
        raise Unsafe(f"{target.name} has no address.")
    last = target.urls[-1]
    for numbered in target.urls:
        request = http.build_request(
            method,
            numbered,
            content=content,
            headers={
                "host": target.host,
                "accept-encoding": "identity",  # a few bytes of a packed answer may be a gigabyte
                # A connection belongs to the name that its certificate was checked for, and is pooled by number.
                "connection": "close",
                **headers,
            },
            extensions={"sni_hostname": target.name},
            timeout=timeout_s,
        )
        try:
            return await http.send(request, stream=True, follow_redirects=False)
        except httpx2.ConnectError:
            if numbered == last:
                raise
    raise AssertionError("the last address has answered or raised")
