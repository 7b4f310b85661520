"""`sslmode=verify-full`: a node talks to the server whose name is on the certificate, and to no other.

The embedded PostgreSQL is built without TLS, so TLS ends before it: real certificates, handshakes and server."""

import asyncio
import ssl
import subprocess
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from dispatch.errors import Unavailable
from dispatch.store.backup import dump
from dispatch.store.database import Database, prepare
from dispatch.store.db import connection, open_pool
from dispatch.store.dump_programs import BackupError
from dispatch.store.embedded.client import OWNER
from scripts.fault_runs.wire import Wire
from tests.dispatch.test_command import command

SSL_REQUEST = (8).to_bytes(4) + (80877103).to_bytes(4)  # PostgreSQL's protocol, SSLRequest


@dataclass
class Authority:
    """A certificate authority of this test's own."""

    folder: Path

    @classmethod
    def made(cls, folder: Path) -> "Authority":
        folder.mkdir()
        _openssl("req -x509 -newkey rsa:2048 -nodes -days 1 -subj /CN=test -keyout ca.key -out ca.crt", folder)
        return cls(folder)

    def server(self, name: str) -> ssl.SSLContext:
        """What a server of this name (`DNS:…` or `IP:…`) shows."""
        file = name.replace(":", "-")
        _openssl(f"req -newkey rsa:2048 -nodes -subj /CN=server -keyout {file}.key -out {file}.csr", self.folder)
        (self.folder / f"{file}.ext").write_text(f"subjectAltName={name}\n")
        signing = f"x509 -req -in {file}.csr -CA ca.crt -CAkey ca.key -CAcreateserial -days 1 -extfile {file}.ext"
        _openssl(f"{signing} -out {file}.crt", self.folder)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.folder / f"{file}.crt", self.folder / f"{file}.key")
        return context


@dataclass
class Front:
    port: int
    passed: int = 0
    """Connections that got through to PostgreSQL."""

    @classmethod
    @asynccontextmanager
    async def of(cls, socket: Path, context: ssl.SSLContext) -> AsyncIterator["Front"]:
        front = cls(0)
        tasks: set[asyncio.Task[None]] = set()

        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            task = asyncio.current_task()
            assert task is not None
            tasks.add(task)
            with suppress(OSError, asyncio.IncompleteReadError):
                assert await reader.readexactly(8) == SSL_REQUEST
                writer.write(b"S")
                await writer.start_tls(context)
                first = await reader.readexactly(4)
                front.passed += 1
                inner, outer = await asyncio.open_unix_connection(socket)
                outer.write(first)
                await asyncio.gather(_pass(reader, outer), _pass(inner, writer))
            writer.close()

        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        front.port = server.sockets[0].getsockname()[1]
        try:
            yield front
        finally:
            server.close()
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)


async def _pass(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while piece := await reader.read(65536):
        writer.write(piece)
        await writer.drain()
    writer.close()


def _openssl(words: str, folder: Path) -> None:
    subprocess.run(["openssl", *words.split()], cwd=folder, check=True, capture_output=True)


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority.made(tmp_path / "authority")


def _socket(url: str) -> Path:
    query = parse_qs(urlsplit(url).query)
    return Path(query["host"][0]) / f".s.PGSQL.{query['port'][0]}"


def _url(database_url: str, authority: Authority, *ports: int, mode: str = "verify-full") -> str:
    hosts = ",".join(f"127.0.0.1:{port}" for port in ports)
    place = f"postgresql://{OWNER}@{hosts}{urlsplit(database_url).path}"
    return f"{place}?sslmode={mode}&sslrootcert={authority.folder / 'ca.crt'}"


async def _asked(url: str) -> int:
    pool = await open_pool(url, size=2)
    try:
        async with connection(pool) as db:
            return int(await db.fetchval("select count(*) from journal_head"))
    finally:
        await pool.close()


async def test_the_server_of_that_name_is_talked_to(database_url: str, authority: Authority) -> None:
    async with Front.of(_socket(database_url), authority.server("IP:127.0.0.1")) as front:
        url = _url(database_url, authority, front.port)
        assert await _asked(url) == 1
        assert await prepare(Database(url)) == []
        assert front.passed > 1


@pytest.mark.parametrize("name", ["DNS:other.example.org", "IP:127.0.0.2", "DNS:127.0.0.1.example.org"])
async def test_a_server_of_another_name_is_refused(
    database_url: str, authority: Authority, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with Front.of(_socket(database_url), authority.server(name)) as front:
        url = _url(database_url, authority, front.port)
        with pytest.raises(Unavailable):
            await _asked(url)
        with pytest.raises(Unavailable, match=r"certificate is not valid.*127\.0\.0\.1"):
            await prepare(Database(url))
        monkeypatch.setenv("DISPATCH_DATABASE_URL", url)
        code, _, said = await command("keys", "list")
        assert code == 1 and "certificate" in said and "Traceback" not in said, said
        assert front.passed == 0
        # What verify-full adds: with `require` this very server would be trusted.
        assert await _asked(_url(database_url, authority, front.port, mode="require")) == 1


async def test_a_certificate_of_somebody_elses_is_refused(
    database_url: str, authority: Authority, tmp_path: Path
) -> None:
    other = Authority.made(tmp_path / "other")
    async with Front.of(_socket(database_url), other.server("IP:127.0.0.1")) as front:
        with pytest.raises(Unavailable, match="certificate is not valid"):
            await prepare(Database(_url(database_url, authority, front.port)))
        assert front.passed == 0


async def test_a_server_without_tls_is_refused(database_url: str, authority: Authority) -> None:
    wire = await Wire.to(_socket(database_url))
    try:
        with pytest.raises(Unavailable):
            await _asked(_url(database_url, authority, wire.port))
    finally:
        await wire.close()


async def test_of_several_the_trusted_one_is_used(database_url: str, authority: Authority) -> None:
    async with AsyncExitStack() as fronts:
        wrong, right = [
            await fronts.enter_async_context(Front.of(_socket(database_url), authority.server(name)))
            for name in ("DNS:other.example.org", "IP:127.0.0.1")
        ]
        assert await _asked(_url(database_url, authority, wrong.port, right.port)) == 1
        assert wrong.passed == 0 and right.passed > 0


async def test_an_authority_that_is_not_there_is_told(database_url: str, authority: Authority) -> None:
    async with Front.of(_socket(database_url), authority.server("IP:127.0.0.1")) as front:
        url = _url(database_url, authority, front.port)
        (authority.folder / "ca.crt").unlink()
        with pytest.raises(Unavailable, match=r"ca\.crt"):
            await prepare(Database(url))


def test_a_backup_over_tls_says_what_it_needs(
    database_url: str, authority: Authority, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(BackupError, match="postgresql-client"):
        dump(_url(database_url, authority, 1), tmp_path / "room.backup")
