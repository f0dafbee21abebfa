//! The service's own OpenAPI document, as its authors would have written it.

use super::SERVICE_NAME;
use serde_json::{Value, json};

/// OpenAPI 3.1; the server is wherever the document is served.
pub(super) fn document(pool: &str) -> Value {
    json!({
        "openapi": "3.1.0",
        "info": {"title": SERVICE_NAME, "version": "1.0.0", "description": "Takes payments through a pool of bank connections."},
        "servers": [{"url": "/"}],
        "paths": {
            "/health": {"get": {
                "operationId": "checkHealth",
                "summary": "Is the service able to take payments?",
                "responses": {"200": {"description": "Healthy"}, "503": {"description": "Failing; `error` says why"}},
            }},
            "/pool": {"get": {
                "operationId": "checkPool",
                "summary": "Slots of the connection pool: held, free, refused",
                "responses": {"200": {"description": "The numbers now"}},
            }},
            "/pool/restart": {"post": {
                "operationId": "restartPool",
                "summary": "Restart the connection pool",
                "description": "Cuts every request off that holds a slot; each of them is answered with 503. New requests find the pool free.",
                "requestBody": {"required": true, "content": {"application/json": {
                    "schema": {"$ref": "#/components/schemas/RestartOrder"},
                }}},
                "responses": {"200": {"description": "Restarted"}, "404": {"description": "No such pool"}},
            }},
            "/checkout": {"post": {
                "operationId": "checkout",
                "summary": "Take a payment",
                "parameters": [{"name": "hold_ms", "in": "query", "description": "Milliseconds the bank takes",
                    "schema": {"type": "integer", "minimum": 0, "maximum": super::MAX_HOLD_MS, "default": 0}}],
                "responses": {"200": {"description": "Paid"}, "503": {"description": "No connection is free"}},
            }},
        },
        "components": {"schemas": {"RestartOrder": {
            "type": "object",
            "required": ["pool", "reason"],
            "properties": {
                "pool": {"type": "string", "description": "Which pool", "enum": [pool]},
                "reason": {"type": "string", "description": "Why, for the service's log",
                    "pattern": "^[^\\n\\r]{3,200}$", "default": "restart asked for by the runbook"},
            },
        }}},
    })
}
