"""GET /openapi.json: what a client may send, and what it gets."""

from collections.abc import Mapping
from typing import Any

Schema = Mapping[str, Any]

TEXT: Schema = {"type": "string"}
TEXTS: Schema = {"type": "array", "items": TEXT}
REFUSED = {
    "400": "The body is not what is asked for: `error` names the row and the fault.",
    "401": "The request carries no valid token.",
    "408": "The body did not come.",
    "413": "The body is too large.",
    "415": "The body is not JSON.",
    "503": "The service cannot answer now: `error` says why.",
}


def document(name: str, version: str, outcome: str, bodies: Mapping[str, Schema]) -> dict[str, Any]:
    """The description of a service.

    Args:
        outcome: what a row is called from a probability on.
        bodies: path that answers POST to the JSON schema of its body.
    """
    paths: dict[str, Any] = {
        path: {"post": posted(path, body, predictions(outcome))} for path, body in bodies.items()
    }
    paths["/schema"] = {"get": got("What to send, and who answers.", "application/json")}
    paths["/openapi.json"] = {"get": got("This description.", "application/json")}
    paths["/metrics"] = {"get": got("Numbers for Prometheus.", "text/plain")}
    paths["/readyz"] = {"get": {**got("Whether it can answer.", "text/plain"), "security": []}}
    paths["/livez"] = {"get": {**got("Whether it runs.", "text/plain"), "security": []}}
    return {
        "openapi": "3.1.0",
        "info": {"title": name, "version": version},
        "security": [{"token": []}],
        "paths": paths,
        "components": {
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
            "schemas": {"Refusal": record({"error": TEXT, "next": TEXT}, ["error", "next"])},
        },
    }


def posted(path: str, body: Schema, reply: Schema) -> dict[str, Any]:
    """An operation that answers rows."""
    refused = {"application/json": {"schema": {"$ref": "#/components/schemas/Refusal"}}}
    return {
        "operationId": path.strip("/").replace("/", "_"),
        "requestBody": {"required": True, "content": {"application/json": {"schema": body}}},
        "responses": {
            "200": {"description": "Answered.", "content": {"application/json": {"schema": reply}}},
            **{
                status: {"description": meaning, "content": refused}
                for status, meaning in REFUSED.items()
            },
        },
    }


def got(meaning: str, kind: str) -> dict[str, Any]:
    """An operation that only tells."""
    refused = {"application/json": {"schema": {"$ref": "#/components/schemas/Refusal"}}}
    return {
        "summary": meaning,
        "responses": {
            "200": {"description": meaning, "content": {kind: {}}},
            "401": {"description": REFUSED["401"], "content": refused},
            "503": {"description": REFUSED["503"]},
        },
    }


def predictions(outcome: str) -> Schema:
    """What a request for predictions gets."""
    row = record(
        {
            "probability": {"type": "number", "minimum": 0, "maximum": 1},
            outcome: {"type": "boolean"},
            "hours_ahead": {"type": "number"},
            "stale": TEXTS,
            "missing": TEXTS,
        },
        ["probability", outcome],
    )
    counts = {"type": "object", "additionalProperties": {"type": "integer"}}
    return record(
        {
            "request_id": TEXT,
            "model": TEXT,
            "registered": {"type": ["string", "null"]},
            f"{outcome}_from_probability": {"type": "number"},
            "predictions": {"type": "array", "items": row},
            "unknown_values": {"type": "object", "additionalProperties": counts},
        },
        ["request_id", "model", "predictions", "unknown_values"],
    )


def record(properties: Mapping[str, Schema], required: list[str]) -> Schema:
    """An object with these properties and no others."""
    return {
        "type": "object",
        "properties": dict(properties),
        "required": required,
        "additionalProperties": False,
    }
