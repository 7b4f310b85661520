"""How the OpenAPI document says who may call an operation."""

from typing import Any

from dispatch.api.access import COOKIE, Role

KEY, SESSION, DEVICE_PASSWORD, DEVICE_ID = "key", "session", "device_password", "device_id"

SCHEMES: dict[str, dict[str, str]] = {
    KEY: {
        "type": "http",
        "scheme": "bearer",
        "description": "A key of a role that the operation names, made by `dispatch keys add NAME --role ROLE`.",
    },
    SESSION: {
        "type": "apiKey",
        "in": "cookie",
        "name": COOKIE,
        "description": "The cookie of a session, set by `POST /v1/session`. For pages of the service's own origin.",
    },
    DEVICE_PASSWORD: {
        "type": "http",
        "scheme": "basic",
        "description": "A device's key as the password, with any user name (OwnTracks).",
    },
    DEVICE_ID: {
        "type": "apiKey",
        "in": "query",
        "name": "id",
        "description": "A device's key as its identifier, in the address or in the form (Traccar Client, OsmAnd).",
    },
}


def security_of(*roles: Role, or_without: bool = False) -> dict[str, Any]:
    """For an operation that these roles may call, each by its key or, apart from devices, by a session. OpenAPI 3.1
    names the roles in the list of each scheme. `or_without`: there is a way without a key, too."""
    names = [str(role) for role in roles]
    ways: list[dict[str, list[str]]] = [{KEY: names}]
    if Role.DEVICE in roles:
        ways += [{DEVICE_PASSWORD: names}, {DEVICE_ID: names}]
    elif names:
        ways.append({SESSION: names})
    return {"security": [*ways, {}] if or_without else ways}
