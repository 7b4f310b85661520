"""What a wheel and an sdist of this project must contain, compared with the checkout."""

import re
import tarfile
import zipfile
from collections.abc import Iterator
from pathlib import Path

CONSOLE = Path("dispatch/console")
REFERENCE = re.compile(r"""(?:src|href)="/?([^"#:]+)\"""")


def wheel_faults(wheel: Path, project: Path) -> list[str]:
    """Missing files of the wheel, and files that only a checkout needs; empty if there are none."""
    with zipfile.ZipFile(wheel) as opened:
        names = set(opened.namelist())
        wanted = {*_package(project), *(f"dispatch/{name}" for name in _city(project))}
        index = f"{CONSOLE}/dist/index.html"
        if index in names:
            page = opened.read(index).decode()
            wanted |= {f"{CONSOLE}/dist/{path}" for path in REFERENCE.findall(page)}
    wanted |= {index, f"{CONSOLE}/dist/docs.html"}
    allowed = re.compile(rf"geo/|dispatch/(?!console/)|{CONSOLE}/dist/|quito_dispatch-[^/]+\.dist-info/")
    return [
        *(f"{wheel.name}: {name} is missing" for name in sorted(wanted - names)),
        *(f"{wheel.name}: {name} does not belong in it" for name in sorted(names) if not allowed.match(name)),
    ]


def sdist_faults(sdist: Path, project: Path) -> list[str]:
    """Files that are needed to build a wheel from it and are missing."""
    with tarfile.open(sdist) as opened:
        names = {name.partition("/")[2] for name in opened.getnames()}
    wanted = {
        *_package(project),
        *_city(project),
        f"{CONSOLE}/dist/index.html",
        "pyproject.toml",
        "README.md",
        "LICENSE",
    }
    return [f"{sdist.name}: {name} is missing" for name in sorted(wanted - names)]


def _package(project: Path) -> Iterator[str]:
    """Modules, and the files beside them that they read."""
    for package in ("dispatch", "geo"):
        for file in (project / package).rglob("*"):
            inside = file.relative_to(project)
            if file.suffix in {".py", ".sql", ".json", ".toml"} and not inside.is_relative_to(CONSOLE):
                yield inside.as_posix()


def _city(project: Path) -> Iterator[str]:
    return (file.relative_to(project).as_posix() for file in (project / "data" / "quito").iterdir())
