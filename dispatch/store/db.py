"""Access to the database: a pool, transactions, and the only place where database errors become domain errors."""

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from typing import TYPE_CHECKING, Literal

import asyncpg

from dispatch.errors import Conflict, Invalid, NotFound, SchemaChanged, Unavailable
from dispatch.store.servers import Servers
from dispatch.telemetry.meters import POOL_SECONDS, POOL_WAITING

if TYPE_CHECKING:
    from collections.abc import Iterator

    Connection = asyncpg.Connection[asyncpg.Record] | asyncpg.pool.PoolConnectionProxy[asyncpg.Record]
    Pool = asyncpg.Pool[asyncpg.Record]
else:
    Connection = asyncpg.Connection
    Pool = asyncpg.Pool

Isolation = Literal["read_committed", "repeatable_read", "serializable"]

# The meaning of each constraint of the schema.
CONFLICTS = {
    "assignment_one_incident_per_unit": "the unit is already on an incident",
    "unit_pkey": "a unit with this id already exists",
    "api_key_name_key": "a key with this name already exists",
    "report_once": "a report with this id is being stored at the same moment",
    "call_pkey": "a call with this id is being stored at the same moment",
}
# How long a statement may take before its caller gets an error and may try again.
COMMAND_S = 10.0
# How long to wait for a connection while all are in use.
ACQUIRE_S = 10.0


class WithinTransaction:
    """Stands for a pool where many acts, one after another, are to be one transaction, which is open on `db` already.
    `failed`: one of them did, perhaps half done: then all must be rolled back."""

    def __init__(self, db: Connection) -> None:
        self.db = db
        self.failed = False

    async def expire_connections(self) -> None:
        """There is but this one."""

    @asynccontextmanager
    async def act(self) -> AsyncIterator[None]:
        try:
            yield
        except BaseException:
            self.failed = True
            raise


async def open_pool(at: str | Servers, *, size: int, command_s: float = COMMAND_S) -> Pool:
    """For a database's URL, which may name several servers, or for these servers."""
    servers = at if isinstance(at, Servers) else Servers(at)
    with domain_errors():
        return await asyncpg.create_pool(
            servers.url,
            min_size=min(2, size),
            max_size=size,
            connect=servers.connect,
            command_timeout=command_s,
            reset=_no_reset,
        )


async def _no_reset(_: Connection) -> None:
    """Nothing here changes a session, so nothing must be reset: asyncpg's own reset would be a round trip for each
    use."""


@asynccontextmanager
async def connection(pool: Pool | WithinTransaction) -> AsyncIterator[Connection]:
    with domain_errors():
        async with _acquired(pool) as db:
            try:
                yield db
            except TimeoutError:
                # A connection that doesn't answer a statement won't answer a rollback either.
                db.terminate()
                raise
            except asyncpg.ReadOnlySQLTransactionError:
                # This server is no longer the primary; new connections will be made to the one that is.
                await pool.expire_connections()
                raise


@asynccontextmanager
async def _acquired(pool: Pool | WithinTransaction) -> AsyncIterator[Connection]:
    if isinstance(pool, WithinTransaction):
        yield pool.db
        return
    with POOL_WAITING.track_inprogress(), POOL_SECONDS.time():
        db = await pool.acquire(timeout=ACQUIRE_S)
    try:
        yield db
    finally:
        await pool.release(db)


@asynccontextmanager
async def transaction(
    pool: Pool | WithinTransaction, *, isolation: Isolation | None = None, lock: int | None = None
) -> AsyncIterator[Connection]:
    """`lock`: the number of an advisory lock, taken with the begin of the transaction and held to its end."""
    async with connection(pool) as db, _begun(pool, db, isolation, lock):
        try:
            yield db
        except TimeoutError:
            # No rollback: a connection that doesn't answer a statement won't answer that either.
            db.terminate()
            raise


async def may_take_long(db: Connection, *, idle_s: float) -> None:
    """This transaction isn't ended for its length, and only when nothing comes for so long: the bounds of
    `dispatch.store.servers` are those of acts that others wait for. (Not every PostgreSQL has both.)"""
    await db.execute(
        """select set_config(name, case name when 'transaction_timeout' then '0' else $1 end, true) from pg_settings
           where name in ('transaction_timeout', 'idle_in_transaction_session_timeout')""",
        f"{idle_s:.0f}s",
    )


def _begun(
    pool: Pool | WithinTransaction, db: Connection, isolation: Isolation | None, lock: int | None
) -> AbstractAsyncContextManager[object]:
    if isinstance(pool, WithinTransaction):
        return pool.act()
    return _locked(db, lock) if lock is not None else db.transaction(isolation=isolation)


@asynccontextmanager
async def _locked(db: Connection, lock: int) -> AsyncIterator[None]:
    """One round trip; asyncpg's own transaction and a lock would be two."""
    await db.execute(f"begin; select pg_advisory_xact_lock({lock})")
    try:
        yield
    except BaseException:
        if not db.is_closed():
            await db.execute("rollback")
        raise
    await db.execute("commit")


@contextmanager
def _values_left_out() -> "Iterator[None]":
    """PostgreSQL's details repeat the row that failed: personal data would get into the log with a traceback."""
    try:
        yield
    except asyncpg.PostgresError as error:
        error.detail = None
        raise


@contextmanager
def domain_errors() -> "Iterator[None]":
    try:
        with _values_left_out():
            yield
    except asyncpg.UniqueViolationError as error:
        detail = CONFLICTS.get(error.constraint_name or "", "something with this name already exists")
        raise Conflict(detail) from error
    except asyncpg.ForeignKeyViolationError as error:
        raise NotFound("the request names something that doesn't exist") from error
    except asyncpg.DataError as error:
        raise Invalid("the request contains something that can't be stored, such as a NUL character") from error
    except (asyncpg.SerializationError, asyncpg.DeadlockDetectedError) as error:
        raise Conflict("the same data was changed by another request at the same moment") from error
    except (asyncpg.InvalidCachedStatementError, asyncpg.OutdatedSchemaCacheError) as error:
        raise SchemaChanged("a newer node is migrating the database at this moment") from error
    except (
        asyncpg.PostgresConnectionError,
        asyncpg.CannotConnectNowError,
        asyncpg.InterfaceError,
        # asyncpg's error for a connection that broke between two statements.
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
