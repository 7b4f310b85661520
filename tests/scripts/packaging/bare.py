"""What a newcomer has: a clone of the project, and a Python with nothing but the packages of requirements.lock."""

import re
import shutil
import subprocess
import sys
import venv
from hashlib import sha256
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from dispatch.settings import PROJECT, Settings

PACKAGE_LINE = re.compile(r"^([A-Za-z0-9._-]+)==", re.MULTILINE)
NOT_IN_A_CLONE = shutil.ignore_patterns(
    ".git", ".venv", "node_modules", "__pycache__", ".*_cache", ".hypothesis", "dist", ".cache"
)
DIST = Path("dispatch/console/dist")


def service_packages(folder: Path) -> Path:
    """A folder of links to all that the packages of requirements.lock have installed here, and to nothing else."""
    folder.mkdir()
    found = 0
    for name in PACKAGE_LINE.findall((PROJECT / "requirements.lock").read_text("utf-8")):
        try:
            package = distribution(name)
        except PackageNotFoundError:  # of another platform
            continue
        found += 1
        for top in {file.parts[0] for file in package.files or () if file.parts[0] not in {"..", "__pycache__"}}:
            target = Path(str(package.locate_file(top))).absolute()
            if target.exists() and not (folder / top).exists():
                (folder / top).symlink_to(target)
    assert found > 20, "requirements.lock was not read"
    return folder


def bare_venv(folder: Path, packages: Path) -> Path:
    """The Python of a new virtual environment without pip, with those packages. A `.pth` inside them isn't followed, so
    that nothing of the environment that the tests run in comes along."""
    venv.create(folder, symlinks=True, with_pip=False)
    (_site_packages(folder) / "service.pth").write_text(f"{packages}\n")
    return folder / "bin" / "python"


def clone(folder: Path, *, console: bool) -> Path:
    """The project as git has it; `console`: with the page that is built here."""
    shutil.copytree(PROJECT, folder, ignore=NOT_IN_A_CLONE)
    if console:
        shutil.copytree(Settings.from_env().console, folder / DIST)
    return folder


def after_scripts_run(folder: Path, packages: Path) -> None:
    """Make of a clone what `scripts/run` leaves: .venv with the service's packages, and the stamps that say so."""
    environment = folder / ".venv"
    bare_venv(environment, packages)
    (_site_packages(environment) / "quito-dispatch.pth").write_text(f"{folder}\n")
    lock = folder / "requirements.lock"
    listed = f"{sha256(lock.read_bytes()).hexdigest()}  {lock}\n"
    (environment / ".stamp-place").write_text(str(folder))
    (environment / ".stamp-requirements.lock").write_text(f"{sha256(listed.encode()).hexdigest()} {folder}")


def install_wheel(wheel: Path, folder: Path) -> None:
    """Into a virtual environment, without network and without its dependencies."""
    pip = [sys.executable, "-P", "-m", "pip", "--python", str(folder), "--disable-pip-version-check", "--quiet"]
    subprocess.run([*pip, "install", "--no-deps", "--no-index", str(wheel)], check=True)


def _site_packages(folder: Path) -> Path:
    return next((folder / "lib").glob("python3*/site-packages"))
