"""The way to the database: a pool, one transaction at a time, and its errors turned into ours here and nowhere else."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, contextmanager
from typing import TYPE_CHECKING, Literal

import asyncpg

from dispatch.errors import Conflict, Invalid, NotFound, SchemaChanged, Unavailable
from dispatch.meters import POOL_SECONDS, POOL_WAITING
from dispatch.store.servers import Servers

if TYPE_CHECKING:
    from collections.abc import Iterator

    Connection = asyncpg.Connection[asyncpg.Record] | asyncpg.pool.PoolConnectionProxy[asyncpg.Record]
    Pool = asyncpg.Pool[asyncpg.Record]
else:
    Connection = asyncpg.Connection
    Pool = asyncpg.Pool

Isolation = Literal["read_committed", "repeatable_read", "serializable"]

# What each constraint of the schema means to a person.
CONFLICTS = {
    "assignment_one_incident_per_unit": "that unit is already on an incident",
    "unit_pkey": "a unit of that id exists already",
    "api_key_name_key": "a key of that name exists already",
    "report_once": "a report of that id was being taken at the same moment",
    "call_pkey": "a call of that id was being taken at the same moment",
}
# How long a statement may take before who waits for it is told to try again.
COMMAND_S = 10.0
# How long one waits for a connection while all are in use.
ACQUIRE_S = 10.0


async def open_pool(at: str | Servers, *, size: int, command_s: float = COMMAND_S) -> Pool:
    """At a database's URL, which may name several servers, or at these."""
    servers = at if isinstance(at, Servers) else Servers(at)
    with domain_errors():
        return await asyncpg.create_pool(
            servers.url,
            min_size=min(2, size),
            max_size=size,
            connect=servers.connect,
            command_timeout=command_s,
        )


@asynccontextmanager
async def connection(pool: Pool) -> AsyncIterator[Connection]:
    with domain_errors():
        async with _acquired(pool) as db:
            try:
                yield db
            except TimeoutError:
                # Who doesn't answer a statement won't answer a rollback either.
                db.terminate()
                raise
            except asyncpg.ReadOnlySQLTransactionError:
                # This server is no longer the primary: the next connections are to be made to the one that is.
                await pool.expire_connections()
                raise


@asynccontextmanager
async def _acquired(pool: Pool) -> AsyncIterator[Connection]:
    with POOL_WAITING.track_inprogress(), POOL_SECONDS.time():
        db = await pool.acquire(timeout=ACQUIRE_S)
    try:
        yield db
    finally:
        await pool.release(db)


@asynccontextmanager
async def transaction(pool: Pool, *, isolation: Isolation | None = None) -> AsyncIterator[Connection]:
    async with connection(pool) as db, db.transaction(isolation=isolation):
        try:
            yield db
        except TimeoutError:
            db.terminate()
            raise


@contextmanager
def domain_errors() -> "Iterator[None]":
    try:
        yield
    except asyncpg.UniqueViolationError as error:
        detail = CONFLICTS.get(error.constraint_name or "", "something of that name exists already")
        raise Conflict(detail) from error
    except asyncpg.ForeignKeyViolationError as error:
        raise NotFound("the request names something that doesn't exist") from error
    except asyncpg.DataError as error:
        raise Invalid("the request holds something that can't be stored, such as a NUL character") from error
    except (asyncpg.SerializationError, asyncpg.DeadlockDetectedError) as error:
        raise Conflict("somebody else changed the same thing at the same moment") from error
    except (asyncpg.InvalidCachedStatementError, asyncpg.OutdatedSchemaCacheError) as error:
        raise SchemaChanged("the database is being changed by a newer node at this moment") from error
    except (
        asyncpg.PostgresConnectionError,
        asyncpg.CannotConnectNowError,
        asyncpg.InterfaceError,
        # asyncpg's word for a connection that broke between two statements.
        asyncpg.InternalClientError,
        asyncpg.IdleInTransactionSessionTimeoutError,
        asyncpg.TransactionTimeoutError,
        asyncpg.InsufficientResourcesError,
        asyncpg.OperatorInterventionError,
        asyncpg.ReadOnlySQLTransactionError,
        asyncpg.TargetServerAttributeNotMatched,
        OSError,
        TimeoutError,
    ) as error:
        raise Unavailable("the database is not reachable at the moment") from error
