"""First access: the administrator's key of a service, and sign-in links to the console."""

import secrets
from datetime import UTC, datetime, timedelta

import structlog

from dispatch.errors import Invalid
from dispatch.model.secret import weakness
from dispatch.settings import Settings
from dispatch.store import access, sign_in_links
from dispatch.store.db import Pool, transaction

log = structlog.get_logger()


def refuse_weak(settings: Settings) -> None:
    """Raises Invalid for an administrator's key that is easy to guess. The message doesn't contain the key."""
    if settings.bootstrap_key and (fault := weakness(settings.bootstrap_key)) is not None:
        raise Invalid(
            f"DISPATCH_BOOTSTRAP_KEY is refused: {fault}. Make one with `openssl rand -base64 32`, or unset it and "
            "create keys with `dispatch keys add NAME --role admin`"
        )


async def put_bootstrap(pool: Pool, secret: str, *, given: bool) -> None:
    """`given`: the key was set by a person, so it replaces another one; a key that a service generated never does. A
    revoked key stays revoked."""
    async with transaction(pool) as db:
        taken = await access.put_bootstrap(db, secret=secret, at=datetime.now(UTC), replace=given)
    if not taken:
        why = "it was revoked" if given else "it was revoked, or this database has another one"
        log.warning("bootstrap_key_not_taken", why=why, help="dispatch keys add NAME --role admin")


async def make_link(pool: Pool, *, minutes: float, key: bytes | None = None) -> tuple[str, datetime]:
    """The code of a link that signs in at the console once, and its expiry. `key`: digest of the key that asks."""
    code, now = secrets.token_urlsafe(24), datetime.now(UTC)
    expires_at = now + timedelta(minutes=minutes)
    async with transaction(pool) as db:
        await sign_in_links.add(db, code=code, key=key, at=now, expires_at=expires_at)
    return code, expires_at


async def first_link(pool: Pool, settings: Settings) -> str:
    """The code of the link of this start: the one in the settings, or a new one."""
    if not settings.sign_in_code:
        return (await make_link(pool, minutes=settings.sign_in_link_minutes))[0]
    now = datetime.now(UTC)
    expires_at = now + timedelta(minutes=settings.sign_in_link_minutes)
    async with transaction(pool) as db:
        await sign_in_links.add(
            db, code=settings.sign_in_code, key=None, at=now, expires_at=expires_at, of_setting=True
        )
    return settings.sign_in_code


async def demo_key(pool: Pool, name: str) -> str:
    """The key of the simulated city that runs with the service, valid for this run."""
    secret = secrets.token_urlsafe(32)
    async with transaction(pool) as db:
        await access.put_demo(db, secret=secret, name=name, at=datetime.now(UTC))
    return secret


async def end_demo_key(pool: Pool, name: str) -> None:
    async with transaction(pool) as db:
        await access.revoke_key(db, name=name, at=datetime.now(UTC))
