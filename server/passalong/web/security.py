"""Headers and cookies: what a browser is told that these pages may do."""

from __future__ import annotations

from urllib.parse import urlsplit

from litestar.datastructures import Cookie

Headers = list[tuple[bytes, bytes]]

_COMMON: Headers = [
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), geolocation=(), microphone=(), payment=(), usb=()"),
    (b"cross-origin-opener-policy", b"same-origin"),
]


def csp(*, frame_ancestors: str = "'none'", frame_src: str | None = None, form_action: str = "'self'") -> str:
    """The content security policy of a page: styles, pictures and media of our own, no script, no other host."""
    parts = [
        "default-src 'none'",
        "style-src 'self'",
        "img-src 'self'",
        "media-src 'self'",
        f"form-action {form_action}",
        "base-uri 'none'",
        f"frame-ancestors {frame_ancestors}",
    ]
    if frame_src:
        parts.append(f"frame-src {frame_src}")
    return "; ".join(parts)


def origin_of(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def page_headers(policy: str, *, secure: bool, private: bool = True) -> Headers:
    """The headers of an HTML page. `private` pages are never kept by a cache between us and the viewer."""
    headers: Headers = [
        (b"content-type", b"text/html; charset=utf-8"),
        (b"content-security-policy", policy.encode()),
        (b"cache-control", b"private, no-store" if private else b"no-cache"),
        *_COMMON,
    ]
    if secure:
        headers.append((b"strict-transport-security", b"max-age=31536000"))
    return headers


def cookie(name: str, value: str, *, path: str, max_age_s: int, secure: bool) -> Cookie:
    """First-party, unreadable to scripts, sent along when a link is followed. No value: forgotten at once."""
    return Cookie(
        key=name,
        value=value,
        path=path,
        max_age=max_age_s if value else 0,
        httponly=True,
        samesite="lax",
        secure=secure,
    )
