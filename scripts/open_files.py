"""The limit of open files and connections of this process and its children."""

import resource
from contextlib import suppress

# The usual soft limit of 1,024 is too low for a few hundred screens, each with one end here and one in the service.
ENOUGH = 65_536


def allow_open_files(needed: int = ENOUGH) -> int:
    """Raises the soft limit to `needed`, or as near as this user may; the hard one too, if that is permitted. Returns
    the new limit."""
    soft, hard = (_number(limit) for limit in resource.getrlimit(resource.RLIMIT_NOFILE))
    if soft >= needed:
        return soft
    if hard < needed:
        with suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (needed, needed))
            return needed
    with suppress(ValueError, OSError):  # macOS: the real maximum is lower than the reported one
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(needed, hard), resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
    return _number(resource.getrlimit(resource.RLIMIT_NOFILE)[0])


def _number(limit: int) -> int:
    return 2**62 if limit == resource.RLIM_INFINITY else limit
