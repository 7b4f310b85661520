"""Keys, for administrators. They are made on the command line alone, where their secret is seen by nobody else."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Path, Response

from dispatch.api.access import Admin, Role
from dispatch.api.dependencies import TheIdentities, ThePool
from dispatch.api.wire import Json
from dispatch.errors import NotFound
from dispatch.model import UnitId
from dispatch.store import access
from dispatch.store.db import connection, transaction

router = APIRouter(prefix="/v1/keys", tags=["keys"])


@dataclass(frozen=True, slots=True)
class KeyView:
    """`unit_id`: the unit that a crew's or a device's key is bound to."""

    name: str
    role: Role
    unit_id: UnitId | None
    created_at: datetime
    revoked_at: datetime | None


@dataclass(frozen=True, slots=True)
class KeyPage:
    items: list[KeyView]
    next: None = None


@router.get("", response_model=KeyPage)
async def list_keys(pool: ThePool, _: Admin) -> Response:
    async with connection(pool) as db:
        return Json(KeyPage([KeyView(**row) for row in await access.keys(db)]))


@router.delete("/{name:path}", status_code=204)
async def revoke_key(
    name: Annotated[str, Path(min_length=1, max_length=200)], pool: ThePool, identities: TheIdentities, _: Admin
) -> Response:
    """Within a second nothing is open to it any more, at any node: neither requests nor the sessions that were made
    with it, nor their WebSockets."""
    async with transaction(pool) as db:
        revoked = await access.revoke_key(db, name=name, at=datetime.now(UTC))
    if not revoked:
        raise NotFound(f"no key {name!r} that is in use")
    identities.changed()
    return Response(status_code=204)
