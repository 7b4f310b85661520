"""The rights of the application's role in the database; the owner's role grants them after migrating."""

from collections.abc import Collection
from typing import NamedTuple

from dispatch.store.db import Connection
from dispatch.store.migrate import one_at_a_time

# On every table that isn't named below, and therefore also on those of later migrations.
USUAL = frozenset({"SELECT", "INSERT", "UPDATE", "DELETE"})
READ_AND_ADD = frozenset({"SELECT", "INSERT"})
WITHOUT_DELETE = READ_AND_ADD | {"UPDATE"}
RIGHTS = {
    "schema_migration": frozenset({"SELECT"}),
    "journal": READ_AND_ADD,
    "journal_head": frozenset({"SELECT", "UPDATE"}),
    # Its partitions are created and dropped by functions of the owner, and need no rights.
    "unit_position": READ_AND_ADD,
    "report": WITHOUT_DELETE,
    "call": WITHOUT_DELETE,
    "incident": WITHOUT_DELETE,
    "assignment": WITHOUT_DELETE,
    "unit": WITHOUT_DELETE,
}
ALL = USUAL | {"TRUNCATE", "REFERENCES", "TRIGGER"}
# Only the owner may do this; a role that may is not separated from the owner.
NEVER_ON_JOURNAL = ("UPDATE", "DELETE", "TRUNCATE")


class Table(NamedTuple):
    name: str
    held: Collection[str]

    @property
    def due(self) -> frozenset[str]:
        return RIGHTS.get(self.name, USUAL)


async def grant(db: Connection, *, role: str) -> bool:
    """Give `role` these rights on everything in the schema, and revoke others that it was given; returns whether there
    was anything to do. `db` is connected as the owner. A superuser, or the owner, is left alone.

    If everything is correct nothing is written, so a start costs three queries."""
    if await db.fetchval(
        "select rolsuper or oid = (select relowner from pg_class where oid = 'journal'::regclass) "
        "from pg_roles where rolname = $1",
        role,
    ):
        return False
    if not await _statements(db, role):
        return False
    async with one_at_a_time(db), db.transaction():
        for statement in await _statements(db, role):
            await db.execute(statement)
    return True


async def excess(db: Connection) -> list[str]:
    """Rights of the connected role that the application never needs; empty if the roles are separated."""
    row = await db.fetchrow(
        """select rolsuper as "is a superuser", pg_has_role(relowner, 'MEMBER') as "owns the tables",
               has_table_privilege('journal', $1) as "may change the journal"
           from pg_roles, pg_class where rolname = current_user and pg_class.oid = 'journal'::regclass""",
        ",".join(NEVER_ON_JOURNAL),
    )
    return [what for what, holds in row.items() if holds] if row else []


async def _statements(db: Connection, role: str) -> list[str]:
    """Missing and excess rights, as SQL."""
    quoted: str = await db.fetchval("select quote_ident($1)", role)
    tables = await db.fetch(
        """select quote_ident(relname) as quoted, relname as name,
               array(select p from unnest($2::text[]) p where has_table_privilege($1, oid, p)) as held
           from pg_class
           where relnamespace = 'public'::regnamespace and relkind in ('r', 'p') and not relispartition""",
        role,
        sorted(ALL),
    )
    statements = []
    for row in tables:
        table = Table(row["name"], row["held"])
        if table.due != set(table.held):
            statements.append(f"revoke all on table public.{row['quoted']} from {quoted}")
            statements.append(f"grant {', '.join(sorted(table.due))} on table public.{row['quoted']} to {quoted}")
    others = await db.fetch(
        """select format('grant usage on schema public to %1$s', $2::text) as statement
           where not has_schema_privilege($1, 'public', 'USAGE')
           union all
           select format('grant usage, select on sequence %s to %s', oid::regclass, $2::text)
           from pg_class where relnamespace = 'public'::regnamespace and relkind = 'S'
               and not (has_sequence_privilege($1, oid, 'USAGE') and has_sequence_privilege($1, oid, 'SELECT'))
           union all
           select format('grant execute on function %s to %s', oid::regprocedure, $2::text)
           from pg_proc where pronamespace = 'public'::regnamespace and prosecdef
               and not has_function_privilege($1, oid, 'EXECUTE')
           union all
           -- A backup holds no rights: what is restored may be called by everybody until this.
           select format('grant execute on function %1$s to %2$s; revoke execute on function %1$s from public',
                         oid::regprocedure, $2::text)
           from pg_proc where pronamespace = 'public'::regnamespace and prosecdef
               and has_function_privilege('public', oid, 'EXECUTE')""",
        role,
        quoted,
    )
    return statements + [row["statement"] for row in others]
