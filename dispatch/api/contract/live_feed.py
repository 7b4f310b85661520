"""The AsyncAPI document: the WebSocket of the live feed, its messages and its close codes."""

import inspect
from functools import cache
from typing import Any, get_args, get_type_hints

from dispatch.api.contract.examples import examples
from dispatch.api.contract.schemas import REF, components
from dispatch.api.figures import VERSION
from dispatch.api.live import ENDED, LIVE, MOVE, RESYNC, SCREEN_ROLES
from dispatch.api.security import KEY, SCHEMES, SESSION
from dispatch.live.frames import Events, Move, Positions, Pulse, Resync, Snapshot

MESSAGES = (Snapshot, Events, Positions, Pulse, Resync, Move)
SUMMARIES: dict[type, str] = {
    Snapshot: "The first message of a screen that asks without `since`, or with one that is too long ago",
    Events: "What happened, in order",
    Positions: "Where units are now",
    Pulse: "A sign of life",
    Resync: "The last message before close code 4000",
    Move: "The last message before close code 1012",
}
CLOSE_CODES = {
    RESYNC: "After `resync`: events were missed. Connect again without `since`.",
    ENDED: "The key was revoked, or the session ended. Don't connect again with it.",
    MOVE: "After `move`: this node is about to end. Connect again with `since`.",
}
LISTED_ROLES = " or ".join(f"`{role}`" for role in SCREEN_ROLES)
ABOUT = f"""\
What a screen is told, as text messages of JSON. The service reads nothing of what a screen sends.

Connect with a key of {LISTED_ROLES} in the Authorization header, or with the cookie of a session; never in the
address. Who may not connect gets a problem document (RFC 9457) instead of the WebSocket: 401, 403, 422 for a bad query,
429, 503.

A screen starts with a `snapshot`, then applies `events` in the order of `seq`, which has no gaps. One that was away
connects with `since`, the last `seq` it knows, and gets the events after it, if there are not too many; else a new
snapshot. Nothing for 15 seconds, not even a `pulse`, means that the connection is lost.

Take no account of a `type` of message, a `kind` of event or a field that you don't know: newer versions add some.
"""
SINCE = {
    "type": "integer",
    "minimum": 0,
    "maximum": 2**63 - 1,
    "description": "`seq` of the last event that the screen knows. Without it: a snapshot.",
}


@cache
def document() -> dict[str, Any]:
    """All but `servers`, which depends on where it was asked for."""
    names = {name_of(message): message for message in MESSAGES}
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Quito dispatch: live feed",
            "version": VERSION,
            "description": ABOUT,
            "license": {"name": "Apache-2.0", "url": "https://www.apache.org/licenses/LICENSE-2.0"},
            "tags": [{"name": "live", "description": "The live feed of a dispatcher's screen."}],
        },
        "defaultContentType": "application/json",
        "channels": {
            "live": {
                "address": LIVE,
                "title": "Live feed",
                "description": "One WebSocket for each screen.",
                "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in names},
                "bindings": {
                    "ws": {
                        "method": "GET",
                        "query": {"type": "object", "properties": {"since": SINCE}, "additionalProperties": False},
                        "bindingVersion": "0.1.0",
                    }
                },
                "x-close-codes": [{"code": code, "meaning": meaning} for code, meaning in CLOSE_CODES.items()],
            }
        },
        "operations": {
            "follow_live_feed": {
                "action": "send",
                "channel": {"$ref": "#/channels/live"},
                "summary": "What the service sends to a screen",
                "messages": [{"$ref": f"#/channels/live/messages/{name}"} for name in names],
            }
        },
        "components": {
            "messages": {name: _message(name, kind) for name, kind in names.items()},
            "schemas": _draft_7(components(MESSAGES, mode="serialization")),
            "securitySchemes": {
                KEY: SCHEMES[KEY] | {"description": f"A key of {LISTED_ROLES}."},
                SESSION: SCHEMES[SESSION] | {"type": "httpApiKey"},
            },
        },
    }


def servers(host: str, *, is_secure: bool) -> dict[str, Any]:
    schemes = [{"$ref": f"#/components/securitySchemes/{name}"} for name in (KEY, SESSION)]
    return {
        "service": {
            "host": host,
            "protocol": "wss" if is_secure else "ws",
            "description": "The service that this document comes from.",
            "security": schemes,
        }
    }


def name_of(message: type) -> str:
    """What stands in the `type` of such a message."""
    [name] = get_args(get_type_hints(message)["type"])
    return str(name)


def _message(name: str, kind: type) -> dict[str, Any]:
    return {
        "name": name,
        "title": kind.__name__,
        "summary": SUMMARIES[kind],
        "description": inspect.cleandoc(kind.__doc__ or ""),
        "payload": {"$ref": f"{REF}{kind.__name__}"},
        "examples": [{"payload": example}] if (example := examples()["messages"].get(name)) else [],
    }


def _draft_7(node: Any) -> Any:
    """AsyncAPI's schemas are of JSON Schema draft 7, in which the items of a tuple are listed in `items`."""
    if isinstance(node, list):
        return [_draft_7(item) for item in node]
    if not isinstance(node, dict):
        return node
    made = {name: _draft_7(value) for name, value in node.items() if name != "prefixItems"}
    if "prefixItems" in node:
        made["items"], made["additionalItems"] = _draft_7(node["prefixItems"]), False
    return made
