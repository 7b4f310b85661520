"""Keys of other roles than the administrator's, for tests."""

import secrets
from datetime import UTC, datetime

from dispatch.model import UnitId
from dispatch.store import access
from dispatch.store.db import connection, open_pool


async def a_key(database_url: str, role: str, *, unit: str | None = None, name: str | None = None) -> str:
    """The secret of a new key; `unit`: the one that a crew's or a device's is of."""
    secret = secrets.token_urlsafe(16)
    pool = await open_pool(database_url, size=1)
    try:
        async with connection(pool) as db:
            await access.add_key(
                db,
                secret=secret,
                name=name or f"{role}-{secret[:6]}",
                role=role,
                at=datetime.now(UTC),
                unit_id=UnitId(unit) if unit else None,
            )
    finally:
        await pool.close()
    return secret
