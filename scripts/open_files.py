"""How many files and connections this process, and each child it starts, may have open."""

import resource
from contextlib import suppress

# The usual soft limit is 1,024: a few hundred screens, each with an end here and another in the service, are more.
ENOUGH = 65_536


def allow_open_files(needed: int = ENOUGH) -> int:
    """Raises the soft limit to `needed`, or as near as this user may; the hard one too, where that is permitted.
    Returns what is allowed now."""
    soft, hard = (_number(limit) for limit in resource.getrlimit(resource.RLIMIT_NOFILE))
    if soft >= needed:
        return soft
    if hard < needed:
        with suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (needed, needed))
            return needed
    with suppress(ValueError, OSError):  # macOS: less than it says
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(needed, hard), resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
    return _number(resource.getrlimit(resource.RLIMIT_NOFILE)[0])


def _number(limit: int) -> int:
    return 2**62 if limit == resource.RLIM_INFINITY else limit
