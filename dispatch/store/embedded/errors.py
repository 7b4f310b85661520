"""What can keep the embedded PostgreSQL from starting; every message says what to do about it."""


class EmbeddedPostgresError(RuntimeError):
    """The embedded PostgreSQL can't be had; the message is meant for the person who started the service."""


class StateInUse(EmbeddedPostgresError):
    """Another live process already works on this state folder."""
