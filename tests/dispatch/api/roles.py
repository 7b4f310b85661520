"""One key of each role, and a session of each that may have one, for tests that try them all."""

from dataclasses import dataclass

from tests.keys import a_key
from tests.service import Service

ROLES = ("nobody", "intake", "gateway", "crew", "fleet", "device", "dispatcher", "admin")
# A device's key opens no session.
SESSIONS = tuple(role for role in ROLES if role not in {"nobody", "device"})
OWN_UNIT, OTHER_UNIT = "P030", "P031"


@dataclass(frozen=True, slots=True)
class Identity:
    """What a client shows: `headers` with a key, or with the cookie of a session (`by_cookie`), or nothing."""

    role: str
    by_cookie: bool
    headers: dict[str, str]

    def __str__(self) -> str:
        return f"{self.role}, by session" if self.by_cookie else self.role


async def identities_of(service: Service, database_url: str) -> list[Identity]:
    """Of every role, by key and by session. The crew's and the device's keys are of OWN_UNIT."""
    made = []
    for role in ROLES:
        if role == "nobody":
            made.append(Identity(role, False, {}))
            continue
        key = service.key if role == "admin" else await a_key(database_url, role, unit=_unit(role))
        made.append(Identity(role, False, {"Authorization": f"Bearer {key}"}))
        if role in SESSIONS:
            made.append(Identity(role, True, await session_of(service, key)))
    return made


async def session_of(service: Service, key: str) -> dict[str, str]:
    """Headers of a page of this service that signed in with the key."""
    async with service.client(key=None) as http:
        answer = await http.post("/v1/session", json={"key": key})
        assert answer.status_code == 200, answer.text
        return {"Cookie": f"dispatch_session={http.cookies['dispatch_session']}", "Origin": service.url}


def _unit(role: str) -> str | None:
    return OWN_UNIT if role in {"crew", "device"} else None
