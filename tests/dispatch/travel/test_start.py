"""A service whose travel times can't be had does not start, and says why, in words."""

import asyncio
import os
import sys
from pathlib import Path

import pytest


@pytest.mark.parametrize(
    ("variable", "value", "words"),
    [
        ("DISPATCH_ROADS", "{folder}/text.npz", "is not a file made by `dispatch roads build`"),
        ("DISPATCH_ROUTING_URL", "routing.example:8002", "routing_url must begin with http"),
    ],
)
async def test_it_does_not_start(public_folder: Path, tmp_path: Path, variable: str, value: str, words: str) -> None:
    (tmp_path / "text.npz").write_text("name,lat,lon\n")
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "dispatch", "run", "--no-demo", "--state", str(public_folder / tmp_path.name)),
        env={**os.environ, variable: value.format(folder=tmp_path)},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    _, said = await process.communicate()
    assert process.returncode == 1
    assert words in " ".join(said.decode().split())
    assert b"Traceback" not in said
