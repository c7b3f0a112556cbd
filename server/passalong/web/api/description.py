"""The API's description (OpenAPI), as exact as what it describes."""

from __future__ import annotations

from typing import Any

from litestar import Request
from litestar.openapi.plugins import JsonRenderPlugin

_SCHEMAS = "#/components/schemas/"


class Description(JsonRenderPlugin):
    """Litestar's, with what it does not know: a whole number is a number, too, and a body with a field that nobody has
    heard of is refused."""

    def render(self, request: Request[Any, Any, Any], openapi_schema: dict[str, Any]) -> bytes:
        _say_number(openapi_schema)
        schemas = openapi_schema["components"]["schemas"]
        for name in _taken(openapi_schema["paths"], schemas):
            if schemas[name].get("type") == "object":
                schemas[name]["additionalProperties"] = False
        return super().render(request, openapi_schema)


def _say_number(node: Any) -> None:
    """One of integer and number is neither, for an integer is both."""
    if isinstance(node, dict):
        kinds = [choice.get("type") for choice in node.get("oneOf", []) if isinstance(choice, dict)]
        if "integer" in kinds and "number" in kinds:
            node["oneOf"] = [choice for choice in node["oneOf"] if choice.get("type") != "integer"]
        for value in node.values():
            _say_number(value)
    elif isinstance(node, list):
        for value in node:
            _say_number(value)


def _taken(paths: dict[str, Any], schemas: dict[str, Any]) -> set[str]:
    """The schemas that bodies of requests are made of."""
    found: set[str] = set()
    waiting = [
        operation["requestBody"]
        for methods in paths.values()
        for operation in methods.values()
        if isinstance(operation, dict) and "requestBody" in operation
    ]
    while waiting:
        node = waiting.pop()
        if isinstance(node, list):
            waiting += node
        elif isinstance(node, dict):
            name = str(node.get("$ref", "")).removeprefix(_SCHEMAS)
            if name and name not in found:
                found.add(name)
                waiting.append(schemas[name])
            waiting += node.values()
    return found
