"""What msgspec says of a malformed value, as a fault with the field's name."""

from __future__ import annotations

import re

from passalong.errors import Fault

_NAMED = re.compile(r"^Object (contains unknown|missing required) field `(.+?)`$")
_WHERE = re.compile(r"^(?P<said>.*?)(?: - at `\$\.?(?P<path>.*?)`)?$", re.DOTALL)


def fault_of(message: str, path: str = "") -> Fault:
    """A fault from msgspec's message; `path` is where the value stands, if the message does not say.

    >>> fault_of("Object missing required field `name` - at `$.cta`")
    Fault(field='cta.name', message='This is needed.')
    """
    found = _WHERE.match(message)
    said, path = (found["said"], found["path"] or path) if found else (message, path)
    if named := _NAMED.match(said):
        field = ".".join(filter(None, (path, named[2])))
        return Fault(field, "This is needed." if named[1].startswith("missing") else "There is no such field.")
    return Fault(path or "body", said if said.endswith(".") else f"{said}.")
