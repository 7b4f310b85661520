"""Reasons why the embedded PostgreSQL can't start; every message says what to do."""


class EmbeddedPostgresError(RuntimeError):
    """The embedded PostgreSQL can't be used; the message is for the person who started the service."""


class StateInUse(EmbeddedPostgresError):
    """Another live process is using this state folder."""
