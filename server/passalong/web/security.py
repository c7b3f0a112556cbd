"""Headers and cookies: what a browser is told that these pages may do."""

from __future__ import annotations

from urllib.parse import urlsplit

from litestar.datastructures import Cookie
from litestar.types import Message, Send

Headers = list[tuple[bytes, bytes]]

_COMMON: Headers = [
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), geolocation=(), microphone=(), payment=(), usb=()"),
    (b"cross-origin-opener-policy", b"same-origin"),
]


_HSTS = (b"strict-transport-security", b"max-age=31536000")
_CORP = b"cross-origin-resource-policy"
FOR_ALL = (_CORP, b"cross-origin")
"""Other sites may show this, and frames whose origin is nobody's."""
_NO_FRAMES = (b"x-frame-options", b"DENY")
"""For browsers that do not read `frame-ancestors` of a policy."""
_DATA: Headers = [
    (b"cache-control", b"no-store"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
    _NO_FRAMES,
]
"""Of what programs read: kept nowhere, and nothing if a browser shows it all the same."""
_FOR_PROGRAMS, _FOR_CUSTOMERS = ("/api/", "/hooks/"), "/portal"


class Armour:
    """What every answer says about itself, whichever door it leaves by, unless that door has said it already."""

    def __init__(self, *, secure: bool) -> None:
        self.common = [*_COMMON, *([_HSTS] if secure else [])]
        """What is the same everywhere, for answers that have said all else themselves."""
        self._open = {name: (name, value) for name, value in [*self.common, FOR_ALL]}
        self._own = self._open | {_CORP: (_CORP, b"same-origin")}
        self._data = self._own | {name: (name, value) for name, value in _DATA}

    def over(self, send: Send, path: str) -> Send:
        """The same way out, past which nothing goes without its headers."""
        wanted = self._wanted(path)

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = list(message["headers"])
                said = {name.lower() for name, _ in headers}
                message["headers"] = headers + [header for name, header in wanted.items() if name not in said]
            await send(message)

        return sending

    def _wanted(self, path: str) -> dict[bytes, tuple[bytes, bytes]]:
        if path.startswith(_FOR_PROGRAMS):
            return self._data
        return self._own if path.startswith(_FOR_CUSTOMERS) else self._open


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


def page_headers(policy: str, *, private: bool = True) -> Headers:
    """The headers of an HTML page, but for those that are the same everywhere. `private` pages are never kept by a
    cache between us and the viewer."""
    headers: Headers = [
        (b"content-type", b"text/html; charset=utf-8"),
        (b"content-security-policy", policy.encode()),
        (b"cache-control", b"private, no-store" if private else b"no-cache"),
    ]
    if "frame-ancestors 'none'" in policy:
        headers += [(_CORP, b"same-origin"), _NO_FRAMES]
    else:
        headers.append(FOR_ALL)
    return headers


class _Crumb(Cookie):
    """A cookie whose value needs no quoting: `http.cookies` takes longer to write two than all else of a form takes."""

    def to_encoded_header(self) -> tuple[bytes, bytes]:
        secure = "; Secure" if self.secure else ""
        crumb = f"{self.key}={self.value}; HttpOnly; Max-Age={self.max_age}; Path={self.path}; SameSite=lax{secure}"
        return b"set-cookie", crumb.encode("latin-1")


def cookie(name: str, value: str, *, path: str, max_age_s: int, secure: bool) -> Cookie:
    """First-party, unreadable to scripts, sent along when a link is followed. The value is a token of ours; without one
    the cookie is forgotten at once."""
    return _Crumb(
        key=name,
        value=value,
        path=path,
        max_age=max_age_s if value else 0,
        httponly=True,
        samesite="lax",
        secure=secure,
    )
