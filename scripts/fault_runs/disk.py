"""A disk that can be filled: a tmpfs of some hundred megabytes, if this user may mount one."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

SIZE_MB = 320
CHUNK = bytes(1 << 20)


class NoDisk(Exception):
    """Why there can be none."""


class Disk:
    def __init__(self, place: Path) -> None:
        self.place = place
        self._ballast = place / "ballast"

    def fill(self) -> None:
        """Fill it completely."""
        with self._ballast.open("ab", buffering=0) as file, suppress(OSError):
            while file.write(CHUNK):
                pass

    def free(self) -> None:
        self._ballast.unlink(missing_ok=True)


@contextmanager
def mounted(place: Path) -> Iterator[Disk]:
    """Mounted on the empty folder `place`. Raises NoDisk if that isn't permitted."""
    if os.geteuid() != 0:
        raise NoDisk("only root may mount a small file system")
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={SIZE_MB}m,mode=0711", "tmpfs", str(place)],
        capture_output=True,
        text=True,
        check=False,
    )
    if mounted.returncode:
        raise NoDisk(f"a small file system can't be mounted here: {mounted.stderr.strip()}")
    try:
        yield Disk(place)
    finally:
        subprocess.run(["umount", "--lazy", str(place)], check=True)
