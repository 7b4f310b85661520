"""The console's files: none but those in its folder, and kept for long only where they are what they are called."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.service import Service

SECRET = "what nobody may read"
OUTSIDE = [
    "/../secret.txt",
    "/%2e%2e/secret.txt",
    "/..%2fsecret.txt",
    "/%2e%2e%2fsecret.txt",
    "/..%5csecret.txt",
    "/assets/../../secret.txt",
    "/assets/%2e%2e/%2e%2e/secret.txt",
    "/assets/..%2f..%2fsecret.txt",
    "/assets/....//....//secret.txt",
    "//secret.txt",
    "/%2fsecret.txt",
    "/link.txt",
    "/assets/%00/../../secret.txt",
    "/%c0%ae%c0%ae/secret.txt",
    "/%252e%252e/secret.txt",
]


@pytest.fixture(scope="module")
async def service(
    module_database_url: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[tuple[Service, Path]]:
    folder = tmp_path_factory.mktemp("console")
    (folder / "secret.txt").write_text(SECRET)
    dist = folder / "dist"
    (dist / "assets").mkdir(parents=True)
    for name in ("index.html", "docs.html", "assets/app-1a2b3c.js"):
        (dist / name).write_text("ours")
    (dist / "link.txt").symlink_to(folder / "secret.txt")
    async with Service.started(module_database_url, console=str(dist)) as started:
        yield started, folder


async def answer_to(service: Service, target: str) -> tuple[int, bytes]:
    """Status and whole answer; as it is written, for a client would tidy it up."""
    reader, writer = await asyncio.open_connection("127.0.0.1", int(service.url.rpartition(":")[2]))
    try:
        writer.write(f"GET {target} HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n".encode())
        said = await reader.read()
        return int(said.split()[1]), said
    finally:
        writer.transport.abort()


@pytest.mark.parametrize("target", OUTSIDE)
async def test_nothing_outside_the_folder_is_read(service: tuple[Service, Path], target: str) -> None:
    status, said = await answer_to(service[0], target)
    assert status in {400, 404} and SECRET.encode() not in said
    assert str(service[1]).encode() not in said


async def test_what_is_kept_for_a_year_is_a_built_file_that_is_there(service: tuple[Service, Path]) -> None:
    kept = {}
    for target in (
        "/assets/app-1a2b3c.js",
        "/assets/app-other.js",
        "/assets/%2e%2e/index.html",
        "/assets/../index.html",
    ):
        status, said = await answer_to(service[0], target)
        kept[target] = (status, b"immutable" in said)
    assert kept.pop("/assets/app-1a2b3c.js") == (200, True)
    # A node of another version doesn't have it: nobody may remember that for a year.
    assert kept.pop("/assets/app-other.js") == (404, False)
    assert not any(immutable for _, immutable in kept.values())
