"""`/p/style.css`: how prompts are laid out in frames of three sizes."""

from __future__ import annotations

from litestar import HttpMethod, Response, route

from passalong.web import sheets
from passalong.web.prompt.asked import Web
from passalong.web.prompt.pages import SHEET


@route("/style.css", http_method=[HttpMethod.GET, HttpMethod.HEAD], include_in_schema=False)
async def stylesheet(request: Web) -> Response[bytes]:
    return sheets.send(request, SHEET)
