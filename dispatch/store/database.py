"""One database and the two roles that use it: the application's, and the owner's, which migrates and grants."""

from dataclasses import dataclass

import asyncpg

from dispatch.store.db import COMMAND_S, Connection, domain_errors
from dispatch.store.migrate import MigrationError, migrate
from dispatch.store.rights import grant
from dispatch.store.servers import Servers


@dataclass(frozen=True, slots=True)
class Database:
    """`url`: the application's role. `given_owner_url` None: no other was given, and this one does all."""

    url: str
    given_owner_url: str | None = None

    @property
    def owner_url(self) -> str:
        """For migrations, backups and restoring."""
        return self.given_owner_url or self.url

    def __repr__(self) -> str:
        return "Database()"  # a URL holds a password


async def prepare(database: Database) -> list[str]:
    """Bring the database to the newest schema, and give the application's role its rights; returns the names of the
    migrations applied. Raises MigrationError, Unavailable."""
    with domain_errors():
        owner = await Servers(database.owner_url).connect(name="owner", command_timeout=COMMAND_S)
        try:
            applied = await migrate(owner)
            if database.given_owner_url:
                await grant(owner, role=await _role_of(database.url))
        except asyncpg.InsufficientPrivilegeError as error:
            raise MigrationError(await _advice(owner, error.args[0])) from error
        finally:
            await owner.close()
        return applied


async def _role_of(url: str) -> str:
    db = await Servers(url).connect(name="role", command_timeout=COMMAND_S)
    try:
        role: str = await db.fetchval("select current_user")
        return role
    finally:
        await db.close()


async def _advice(db: Connection, said: str) -> str:
    role = await db.fetchval("select current_user")
    return (
        f"the database role {role} can't migrate this database or grant rights in it ({said}): give the role that owns "
        "its tables as DISPATCH_DATABASE_OWNER_URL, to this node or to `dispatch migrate` before it starts"
    )
