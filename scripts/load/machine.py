"""The machine and software of the measurement, without names or paths."""

import platform
import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from dispatch.store.embedded.programs import client_programs

SECRETS = {"--key"}


def machine() -> str:
    """Processor, cores, Python, PostgreSQL."""
    cpu, cores = platform.machine(), 0
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        cores = sum(line.startswith("processor") for line in lines)
        cpu = next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), cpu)
    except OSError:
        pass
    return f"{cpu}, {cores} cores, Python {platform.python_version()}, {_postgres()}"


def _postgres() -> str:
    said = subprocess.run(
        [client_programs() / "postgres", "--version"], capture_output=True, text=True, check=True
    ).stdout
    found = re.search(r"\d+(\.\d+)*", said)
    return f"PostgreSQL {found.group() if found else '?'}"


def command(arguments: Sequence[str] | None = None) -> str:
    """As typed, without secrets and without the project's path."""
    shown, hide = ["scripts/load_test"], False
    for argument in sys.argv[1:] if arguments is None else arguments:
        name, equals, value = argument.partition("=")
        if hide or (equals and name in SECRETS):
            shown.append("…" if hide else f"{name}=…")
            hide = False
            continue
        hide = argument in SECRETS
        shown.append(f"{name}={_bare(value)}" if equals and name.startswith("--") else _bare(argument))
    return " ".join(shown)


def _bare(text: str) -> str:
    return Path(text).name if Path(text).is_absolute() else text
