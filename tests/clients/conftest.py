"""The npm packages of these tests, installed when first needed: nobody else downloads them."""

import fcntl
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import pytest

SOURCES = Path(__file__).with_name("typescript")
# Node.js of this machine, or the one from its wheel beside our own Python.
SEARCH = f"{os.environ['PATH']}{os.pathsep}{Path(sys.executable).parent}"


@dataclass(frozen=True, slots=True)
class Node:
    """`folder` has the packages of `tests/clients/typescript`."""

    folder: Path

    def run(self, command: Sequence[str], *, cwd: Path, said: str = "", **settings: str) -> str:
        """What the command prints. Raises AssertionError with what it said where it fails."""
        done = subprocess.run(
            command,
            cwd=cwd,
            input=said,
            capture_output=True,
            text=True,
            env=os.environ | {"PATH": SEARCH} | settings,
            check=False,
        )
        assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
        return done.stdout


@pytest.fixture(scope="session")
def node(tmp_path_factory: pytest.TempPathFactory) -> Node:
    assert shutil.which("npm", path=SEARCH), "npm is missing: scripts/test installs a Node.js where there is none"
    writable = os.access(SOURCES, os.W_OK)
    folder = SOURCES if writable else tmp_path_factory.getbasetemp().parent / "node-of-clients"
    folder.mkdir(exist_ok=True)
    made, want = Node(folder), sha256((SOURCES / "package-lock.json").read_bytes()).hexdigest()
    with (folder / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        stamp = folder / "node_modules" / ".stamp-lock"
        if not stamp.is_file() or stamp.read_text() != want:
            for name in ("package.json", "package-lock.json"):
                if not writable:
                    shutil.copy(SOURCES / name, folder / name)
            options = ["--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
            made.run(["npm", "ci", *options], cwd=folder)
            stamp.write_text(want)
    return made


def project_of(node: Node, folder: Path) -> Path:
    """A copy of the sources, with the packages, to generate into."""
    for source in SOURCES.iterdir():
        if source.is_file() and source.suffix in {".ts", ".js", ".json"}:
            shutil.copy(source, folder / source.name)
    (folder / "node_modules").symlink_to(node.folder / "node_modules")
    return folder
