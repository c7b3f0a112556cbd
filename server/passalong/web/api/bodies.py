"""JSON bodies, read as strictly as they are described."""

from __future__ import annotations

from typing import Any

import msgspec
from litestar import Request
from litestar.datastructures import State
from litestar.exceptions import SerializationException, ValidationException

_EXACT = 2**53
"""Below it every whole number is a float of its own."""


class BodyRequest(Request[Any, Any, State]):
    """A request whose JSON has the types that its route asks for. Litestar reads addresses and bodies alike, and takes
    `"1"` for a number and 0 for no: right for an address, which is text, and wrong for JSON."""

    async def json(self) -> Any:
        """The body as the route's `data`; raises SerializationException and ValidationException."""
        try:
            sent = _JSON.decode(await self.body())
        except (msgspec.DecodeError, RecursionError) as error:
            raise SerializationException(str(error)) from error
        wanted = self.route_handler.parsed_data_field
        if wanted is None:
            return sent
        try:
            return msgspec.convert(sent, wanted.annotation)
        except msgspec.ValidationError as error:
            raise ValidationException(extra=[{"message": str(error), "key": "data"}]) from error


def _number(text: str) -> int | float:
    """58.0 is the integer 58, as JSON Schema has it (6.3 of its core)."""
    value = float(text)
    if value in (float("inf"), float("-inf")):
        raise msgspec.DecodeError("A number is out of range.")
    return int(value) if value.is_integer() and abs(value) < _EXACT else value


_JSON = msgspec.json.Decoder(float_hook=_number)
