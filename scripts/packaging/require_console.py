"""Hatchling's hook: no sdist and no wheel without the built console."""

from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

PAGE = Path("dispatch/console/dist/index.html")


class RequireConsole(BuildHookInterface[Any]):
    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002 - its name is hatchling's
        """Raises SystemExit with what to do; an editable install needs no console."""
        if version != "editable" and not (Path(self.root) / PAGE).is_file():
            raise SystemExit(f"{PAGE} is missing; scripts/build_wheel builds the console and then the wheel")
