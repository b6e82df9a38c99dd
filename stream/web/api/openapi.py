"""The OpenAPI 3.1 document (spec.openapis.org/oas/v3.1.0), made of the table of routes and of their types. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

import msgspec

from stream.messages import FRAMES_MAX
from stream.web.api.answering import Trouble
from stream.web.api.route import JSON, Route

REFUSALS = {
    "400": "what was asked does not fit; the text says what",
    "401": "the token or a login is needed",
    "403": "not with these rights, or from another site",
    "404": "there is none of that name",
    "405": "not by this method",
    "408": "the body did not come in time",
    "409": "the line refuses; the text says why",
    "413": "the body is too large",
    "415": "the body is of another Content-Type",
    "429": "too many wrong words; wait",
    "503": "the log, the recorder or the supervisor does not answer",
}
IN_PATH: dict[str, dict[str, Any]] = {
    "camera": {"type": "string", "pattern": "^[A-Za-z0-9_-]{1,32}$"},
    "run": {"type": "integer", "minimum": 0, "maximum": 2**63 - 1},
    "seq": {"type": "integer", "minimum": 0, "maximum": FRAMES_MAX},
    "file": {"type": "string", "pattern": "^[A-Za-z0-9_.-]{1,80}$"},
}
ABOUT = (
    'Everything that the page can do. Errors are JSON, {"error": "…"}. Times are UTC, as nanoseconds since 1970 and '
    "as text. A frame is named by camera, run and seq. Lists come newest first; `next` is the `after` of the next page."
)
PLACE = re.compile(r"\{(\w+)(?::[^{}]*(?:\{[^{}]*\}[^{}]*)*)?\}")  # a place in a path, with or without its pattern
REF = "#/components/schemas/{name}"
Schema = dict[str, Any]


def document(routes: Iterable[Route]) -> Schema:
    """The document of these calls."""
    routes = tuple(routes)
    kinds = [kind for route in routes for kind in (route.query, route.body, route.answer) if _typed(kind)]
    schemas, components = msgspec.json.schema_components([*kinds, Trouble], ref_template=REF)
    named = dict(zip([*kinds, Trouble], schemas, strict=True))
    paths: dict[str, Schema] = {}
    for route in routes:
        paths.setdefault(PLACE.sub(r"{\1}", route.path), {})[route.method.lower()] = _call(route, named, components)
    for query in {route.query for route in routes if route.query is not None}:
        components.pop(_name(named[query]), None)  # it stands as parameters
    return plain(
        {
            "openapi": "3.1.0",
            "info": {"title": "Linewatch", "version": "1", "description": ABOUT},
            "servers": [{"url": "/"}],
            "paths": paths,
            "components": {"schemas": components, "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}}},
            "security": [{}, {"token": []}],
        }
    )


def plain(schema: Any) -> Any:
    """The same with patterns as JSON Schema writes them (ECMA-262): it knows no `\\A` and no `\\Z`."""
    if isinstance(schema, dict):
        return {name: _anchored(kept) if name == "pattern" else plain(kept) for name, kept in schema.items()}
    return [plain(kept) for kept in schema] if isinstance(schema, list | tuple) else schema


def _anchored(pattern: Any) -> Any:
    return pattern.replace(r"\A", "^").replace(r"\Z", "$") if isinstance(pattern, str) else plain(pattern)


def _call(route: Route, named: dict[Any, Schema], components: dict[str, Schema]) -> Schema:
    words = re.findall(r"[A-Za-z0-9]+", PLACE.sub(r"\1", route.path))
    call: Schema = {
        "operationId": "_".join((route.method.lower(), *words)),
        "summary": route.summary,
        "description": f"For: {route.role or 'anybody'}.",
        "parameters": [*_places(route), *_words(route, named, components)],
        "responses": {"200": _answer(route, named), **{code: _refused(text) for code, text in REFUSALS.items()}},
    }
    if route.body is not None:
        call["requestBody"] = {"required": True, "content": {JSON: {"schema": named[route.body]}}}
    return call


def _places(route: Route) -> list[Schema]:
    return [
        {"name": name, "in": "path", "required": True, "schema": IN_PATH[name]} for name in PLACE.findall(route.path)
    ]


def _words(route: Route, named: dict[Any, Schema], components: dict[str, Schema]) -> list[Schema]:
    """What stands behind the `?`."""
    if route.query is None:
        return []
    whole = components[_name(named[route.query])]
    required = whole.get("required", ())
    return [
        {"name": name, "in": "query", "required": name in required, "schema": _given(schema)}
        for name, schema in whole["properties"].items()
    ]


def _name(ref: Schema) -> str:
    return str(ref["$ref"].rpartition("/")[2])


def _given(schema: Schema) -> Schema:
    """A word that is empty says as much as none."""
    return {name: value for name, value in schema.items() if name != "default" or value not in (None, "")}


def _answer(route: Route, named: dict[Any, Schema]) -> Schema:
    schema = {"schema": named[route.answer]} if _typed(route.answer) else {}
    return {"description": "done", "content": {media: schema for media in route.media.split(", ")}}


def _refused(text: str) -> Schema:
    return {"description": text, "content": {JSON: {"schema": {"$ref": REF.format(name=Trouble.__name__)}}}}


def _typed(kind: Any) -> bool:
    return kind is not None and not isinstance(kind, str)
