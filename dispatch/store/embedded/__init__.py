"""The embedded PostgreSQL: programs from a wheel, data in the state folder, one Unix socket that only its OS user can
reach."""

from dispatch.store.embedded.errors import EmbeddedPostgresError, StateInUse
from dispatch.store.embedded.server import EmbeddedPostgres, Status
from dispatch.store.embedded.state import KEY_FILE, default_state, make_state, write_secret

__all__ = [
    "KEY_FILE",
    "EmbeddedPostgres",
    "EmbeddedPostgresError",
    "StateInUse",
    "Status",
    "default_state",
    "make_state",
    "write_secret",
]
