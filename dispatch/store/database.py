"""The database and the two roles that use it: the application's, and the owner's, which migrates and grants."""

import os
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from urllib.parse import parse_qs, unquote, urlsplit

import asyncpg

from dispatch.errors import Unavailable
from dispatch.store.db import COMMAND_S, Connection, domain_errors
from dispatch.store.migrate import MigrationError, migrate
from dispatch.store.rights import grant
from dispatch.store.servers import Servers


@dataclass(frozen=True, slots=True)
class Database:
    """`url`: the application's role. `given_owner_url` None: no other was given, and this one is used for
    everything."""

    url: str
    given_owner_url: str | None = None

    @property
    def owner_url(self) -> str:
        """For migrations, backup and restore."""
        return self.given_owner_url or self.url

    def __repr__(self) -> str:
        return "Database()"  # the URL contains a password


async def prepare(database: Database) -> list[str]:
    """Migrate the database and grant the application's role its rights; returns the names of the applied migrations.
    Raises MigrationError, Unavailable."""
    for url in {database.url, database.owner_url}:
        _check_authority(url)
    with domain_errors(), _explained_errors():
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


def _check_authority(url: str) -> None:
    """asyncpg's error for a missing file doesn't name it."""
    file = parse_qs(urlsplit(url).query).get("sslrootcert", [""])[-1]
    if file and not os.access(file, os.R_OK):
        raise Unavailable(f"can't read the file {file} that sslrootcert names in the database URL")


@contextmanager
def _explained_errors() -> Iterator[None]:
    """The reason why a connection fails other than an unreachable server; only at a start, for the operator."""
    try:
        yield
    except ssl.SSLCertVerificationError as error:
        raise Unavailable(f"the database's certificate is not valid: {error.verify_message}") from error
    except ssl.SSLError as error:
        raise Unavailable(f"the TLS connection to the database failed: {error.reason}") from error
    except asyncpg.ClientConfigurationError as error:
        raise Unavailable(f"the database URL is not valid: {error}") from error
    except asyncpg.InvalidAuthorizationSpecificationError as error:
        raise Unavailable(f"the database refused the sign-in: {error.args[0]}") from error


async def _role_of(url: str) -> str:
    if named := urlsplit(url).username:
        return unquote(named)  # saves a connection
    db = await Servers(url).connect(name="role", command_timeout=COMMAND_S)
    try:
        role: str = await db.fetchval("select current_user")
        return role
    finally:
        await db.close()


async def _advice(db: Connection, said: str) -> str:
    role = await db.fetchval("select current_user")
    return (
        f"the database role {role} can't migrate this database or grant rights in it ({said}); "
        "set DISPATCH_DATABASE_OWNER_URL to a URL with the role that owns its tables, for this node or for a "
        "`dispatch migrate` before it starts"
    )
