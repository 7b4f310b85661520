"""scripts/build_wheel: builds an sdist, and the wheel from it, and checks the content of both."""

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from scripts.packaging.contents import sdist_faults, wheel_faults

PROJECT = Path(__file__).resolve().parents[2]


def build(root: Path, target: str, into: Path) -> Path:
    """`target` is sdist or wheel; `into` a new folder. Raises SystemExit if hatchling fails, which prints the
    reason."""
    command = [sys.executable, "-P", "-m", "hatchling", "build", "--target", target, "--directory", str(into)]
    if subprocess.run(command, cwd=root, stdout=subprocess.DEVNULL, check=False).returncode:
        raise SystemExit(f"the {target} could not be built")
    return next(into.iterdir())


def build_both(project: Path, into: Path) -> tuple[Path, Path]:
    """The sdist and the wheel, written to `into` only if both are complete. Raises SystemExit with what is missing."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        sdist = build(project, "sdist", folder / "sdist")
        shutil.unpack_archive(sdist, folder / "unpacked")
        # From the sdist and not from the checkout, which shows that the sdist is complete.
        wheel = build(next((folder / "unpacked").iterdir()), "wheel", folder / "wheel")
        if faults := [*sdist_faults(sdist, project), *wheel_faults(wheel, project)]:
            raise SystemExit("\n".join(faults))
        into.mkdir(parents=True, exist_ok=True)
        return Path(shutil.copy(sdist, into)), Path(shutil.copy(wheel, into))


def main() -> None:
    print(*build_both(PROJECT, Path(sys.argv[1] if len(sys.argv) > 1 else "dist").resolve()), sep="\n")


if __name__ == "__main__":
    main()
