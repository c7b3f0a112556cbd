"""The API's description (OpenAPI), as exact as what it describes."""

from __future__ import annotations

from inspect import cleandoc
from typing import Any

import msgspec
from litestar import Litestar, Request
from litestar.enums import RequestEncodingType
from litestar.openapi.plugins import JsonRenderPlugin
from litestar.params import BodyKwarg
from litestar.routes import HTTPRoute
from msgspec import Struct


class Description(JsonRenderPlugin):
    """Litestar's, with what it does not know: a whole number is a number, too, and JSON bodies are described by what
    reads them, with every bound of every field, and closed."""

    def render(self, request: Request[Any, Any, Any], openapi_schema: dict[str, Any]) -> bytes:
        _say_number(openapi_schema)
        openapi_schema["components"]["schemas"] |= _bodies(request.app)
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


def _bodies(app: Litestar) -> dict[str, Any]:
    """The schemas that JSON bodies are made of, by name."""
    taken = [
        handler.parsed_data_field
        for route in app.routes
        if isinstance(route, HTTPRoute)
        for handler in route.route_handlers
        if handler.parsed_data_field is not None and handler.resolve_include_in_schema()
    ]
    bodies = [
        field.annotation
        for field in taken
        if field.is_subclass_of(Struct)
        and isinstance(field.kwarg_definition, BodyKwarg)
        and field.kwarg_definition.media_type == RequestEncodingType.JSON
    ]
    _, schemas = msgspec.json.schema_components(bodies, ref_template="#/components/schemas/{name}")
    for schema in schemas.values():
        if "description" in schema:
            schema["description"] = cleandoc(schema["description"])
    return schemas
