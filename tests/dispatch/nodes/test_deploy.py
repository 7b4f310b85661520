"""What docs/deploy holds is what runs: settings that exist, units systemd takes, and two nodes behind that nginx."""

import asyncio
import re
import shutil
import socket
import ssl
import subprocess
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, fields
from pathlib import Path

import httpx
import pytest
import yaml  # type: ignore[import-untyped]
from websockets.asyncio.client import connect

from dispatch.settings import Settings
from dispatch.store.db import connection, open_pool
from dispatch.store.embedded.cluster import SETTINGS
from dispatch.store.snapshot import snapshot
from tests.dispatch.nodes.following import until
from tests.dispatch.nodes.watcher import Watcher
from tests.reports import a_call, a_fix
from tests.service import KEY, Service, free_port

DEPLOY = Path(__file__).parents[3] / "docs" / "deploy"
CALLERS, CALLS = 4, 25
START_S = 60
AGAIN = {502, 503, 504}
MOST_TIMES = 100
needs_nginx = pytest.mark.skipif(
    not (shutil.which("nginx") and shutil.which("openssl")), reason="no nginx, or no openssl"
)
WRAPPER = """
daemon off; worker_processes 1; pid {folder}/nginx.pid; error_log stderr warn;
events {{}}
http {{
    access_log off;
    client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
    include {folder}/site.conf;
}}
"""


def test_every_setting_that_is_named_is_one() -> None:
    known = {f"DISPATCH_{field.name.upper()}" for field in fields(Settings)}
    named = {
        name
        for file in DEPLOY.iterdir()
        for name in re.findall(r"DISPATCH_[A-Z_]+", file.read_text().replace("_*", ""))
    }
    assert named and named <= known


def test_a_database_on_another_machine_is_shown_with_tls_that_knows_its_name() -> None:
    """What is copied from the documentation is what runs; compose's is on the same machine."""
    here = {"127.0.0.1", "localhost", "postgres"}
    files = [
        DEPLOY.parents[1] / "README.md",
        *DEPLOY.parent.glob("*.md"),
        *(f for f in DEPLOY.iterdir() if f.is_file()),
    ]
    shown = [url for file in files for url in re.findall(r"postgresql://[^\s`'\"]+", file.read_text())]
    elsewhere = [url for url in shown if "@" in url and not set(re.findall(r"@([\w.]+)", url)) <= here]
    assert len(elsewhere) >= 2
    assert [url for url in elsewhere if "sslmode=verify-full&sslrootcert=" not in url] == []


def test_nodes_of_the_composition_own_no_table() -> None:
    composed = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
    settings = composed["services"]["node-1"]["environment"]
    assert "//dispatch_app:" in settings["DISPATCH_DATABASE_URL"]
    mounted = [volume.split(":")[0] for volume in composed["services"]["postgres"]["volumes"]]
    assert "./roles.sql" in mounted and (DEPLOY / "roles.sql").is_file()
    # Its log is told the same as that of the embedded server.
    given = dict(word.removeprefix("-c").split("=") for word in composed["services"]["postgres"]["command"][1:])
    assert given and given.items() <= SETTINGS.items()


def test_the_composition_is_whole() -> None:
    """Docker isn't everywhere; that what is referred to is there can be seen without it."""
    composed = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
    services = composed["services"]
    assert services.keys() == {"postgres", "node-1", "node-2", "nginx"}
    for service in services.values():
        assert set(service["networks"]) <= composed["networks"].keys()
        assert set(service.get("depends_on", ())) <= services.keys()
    build = services["node-1"]["build"]
    assert (DEPLOY / build["context"] / build["dockerfile"]).is_file()
    copied = re.findall(r"^COPY (?!--from)(.+) \S+$", (DEPLOY / "Dockerfile").read_text(), re.MULTILINE)
    assert all((DEPLOY / build["context"] / path).exists() for line in copied for path in line.split())
    # What compose's nginx replaces is there to be replaced.
    site = (DEPLOY / "nginx.conf").read_text()
    assert all(address in site for address in ("10.0.0.11:8000", "10.0.0.12:8000", "dispatch.example.org"))


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="no systemd-analyze")
def test_systemd_takes_the_unit(tmp_path: Path) -> None:
    unit = tmp_path / "dispatch@8000.service"
    # Only what the unit itself says; that the program is not at its place here is known.
    unit.write_text((DEPLOY / "dispatch@.service").read_text().replace("/opt/dispatch/.venv/bin/python", "/bin/true"))
    checked = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", str(unit)], capture_output=True, text=True, check=False
    )
    assert checked.returncode == 0 and "dispatch@8000" not in checked.stderr, checked.stderr


@dataclass(frozen=True)
class Behind(Service):
    """All nodes, as a client sees them: one address, with TLS."""

    trust: ssl.SSLContext

    def client(self, key: str | None = None) -> httpx.AsyncClient:
        headers = {"Authorization": f"Bearer {key or self.key}"}
        return httpx.AsyncClient(base_url=self.url, headers=headers, timeout=40, verify=self.trust)

    def screen(self, *, since: int | None = None, key: str | None = None) -> connect:
        query = "" if since is None else f"?since={since}"
        headers = {"Authorization": f"Bearer {self.key}"}
        url = f"{self.url.replace('http', 'ws', 1)}/v1/live{query}"
        return connect(url, additional_headers=headers, proxy=None, ssl=self.trust)


@contextmanager
def nginx(folder: Path, addresses: list[str], **times: str) -> Iterator[Behind]:
    """The very configuration, with other addresses of nodes (host:port) and, of its directives, other `times`."""
    folder.mkdir()
    folder.chmod(0o711)
    certificate, key = folder / "dispatch.crt", folder / "dispatch.key"
    made = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj", "/CN=localhost"]
    made += ["-addext", "subjectAltName=IP:127.0.0.1", "-keyout", str(key), "-out", str(certificate)]
    subprocess.run(made, check=True, capture_output=True)
    port = free_port()
    site = (DEPLOY / "nginx.conf").read_text()
    for old, new in {
        "10.0.0.11:8000": addresses[0],
        "10.0.0.12:8000": addresses[1],
        "listen 80;": f"listen 127.0.0.1:{free_port()};",
        "listen 443 ": f"listen 127.0.0.1:{port} ",
        "/etc/nginx/tls": str(folder),
        "/var/log/nginx": str(folder),
    }.items():
        assert old in site
        site = site.replace(old, new)
    for directive, value in times.items():
        site, changed = re.subn(rf"\b{directive} [0-9]+s;", f"{directive} {value};", site)
        assert changed
    (folder / "site.conf").write_text(site)
    (folder / "nginx.conf").write_text(WRAPPER.format(folder=folder))
    command = ["nginx", "-c", str(folder / "nginx.conf")]
    checked = subprocess.run([*command, "-t"], capture_output=True, text=True, check=False)
    assert checked.returncode == 0 and "[warn]" not in checked.stderr, checked.stderr
    process = subprocess.Popen(command)
    try:
        deadline = time.monotonic() + START_S
        while not is_open(port):
            assert process.poll() is None and time.monotonic() < deadline
            time.sleep(0.05)
        trust = ssl.create_default_context(cafile=certificate)
        yield Behind(f"https://127.0.0.1:{port}", KEY, process, trust)
    finally:
        process.terminate()
        process.wait()


def is_open(port: int) -> bool:
    with socket.socket() as trying:
        return trying.connect_ex(("127.0.0.1", port)) == 0


@pytest.fixture
async def behind(database_url: str, public_folder: Path) -> AsyncIterator[tuple[Behind, list[Service]]]:
    async with Service.started(database_url) as one, Service.started(database_url) as other:
        addresses = [node.url.removeprefix("http://") for node in (one, other)]
        with nginx(public_folder / "nginx", addresses) as all_nodes:
            yield all_nodes, [one, other]


@needs_nginx
async def test_behind_nginx_calls_and_screens_survive_a_node(
    behind: tuple[Behind, list[Service]], database_url: str
) -> None:
    all_nodes, nodes = behind
    async with all_nodes.client() as http:
        # Believed because it comes from this machine: else the cookie would be sent without encryption, too.
        signed_in = await http.post("/v1/session", json={"code": await nodes[0].code()})
        assert signed_in.status_code == 200 and "Secure" in signed_in.headers["set-cookie"]
        assert (await http.get("/metrics")).status_code == 404
    screens = [Watcher([all_nodes]) for _ in range(4)]
    watching = [asyncio.create_task(screen.watch()) for screen in screens]
    await until(lambda: all(screen.seq > 0 for screen in screens))
    answers: list[str] = []
    callers = [asyncio.create_task(call(all_nodes, number, answers)) for number in range(CALLERS)]
    await until(lambda: len(answers) >= CALLS)
    nodes[0].process.kill()
    await asyncio.gather(*callers)

    pool = await open_pool(database_url, size=1)
    last = await snapshot(pool)
    async with connection(pool) as db:
        stored = {row["id"] for row in await db.fetch("select id::text from call")}
    await pool.close()
    await until(lambda: all(screen.seq >= last.seq for screen in screens))
    for task in watching:
        task.cancel()
    await asyncio.gather(*watching, return_exceptions=True)
    assert [screen.at(last.seq) for screen in screens] == [last] * len(screens)
    assert len(answers) == CALLERS * CALLS and set(answers) == stored


async def call(all_nodes: Behind, number: int, answers: list[str]) -> None:
    """Each under its own id, and again under it where the answer is that nobody knows whether it was taken."""
    async with all_nodes.client() as http:
        for count in range(CALLS):
            report = a_call(a_fix(-0.35 + 0.01 * number, -78.5 - 0.001 * count), nature="fall")
            answer = await http.post("/v1/calls", json=report)
            for _ in range(MOST_TIMES):
                if answer.status_code not in AGAIN:
                    break
                await asyncio.sleep(0.2)
                answer = await http.post("/v1/calls", json=report)
            assert answer.status_code in {200, 201}, answer.text
            answers.append(answer.json()["call_id"])


@asynccontextmanager
async def node_that(answers: bytes | None, seen: list[bytes], *, hangs: bool = False) -> AsyncIterator[str]:
    """Address of a node in the state in which a proxy may find one: it reads a request and then answers this, dies
    without an answer (None), or hangs."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        size = re.search(rb"(?i)content-length: ([0-9]+)", head)
        seen.append(await reader.readexactly(int(size[1])) if size else b"")
        if hangs:
            await reader.read()
        writer.write(answers or b"")
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        host, port = server.sockets[0].getsockname()
        yield f"{host}:{port}"


TAKEN = b"HTTP/1.1 201 Created\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}"
FULL = b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 7\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}"
REQUESTS = [
    ("POST", "/v1/calls"),
    ("POST", "/v1/calls/3a0a1c9e-66a1-4b53-8f4a-7f6f1f0b9d11/fixes"),
    ("POST", "/v1/intake/pidf-lo"),
    ("POST", "/v1/lost"),
    ("POST", "/v1/units/positions"),
    ("POST", "/v1/devices/osmand"),
    ("GET", "/v1/devices/osmand?id=1"),
    ("GET", "/v1/locate?lat=0&lon=0"),
    ("PUT", "/v1/units.csv"),
]


@needs_nginx
@pytest.mark.parametrize("hangs", [False, True], ids=["dies", "hangs"])
async def test_what_made_a_node_die_or_hang_is_not_sent_to_the_next(hangs: bool, public_folder: Path) -> None:
    for number, (method, path) in enumerate(REQUESTS):
        seen: list[bytes] = []
        async with node_that(None, seen, hangs=hangs) as one, node_that(None, seen, hangs=hangs) as other:
            folder = public_folder / f"nginx-{hangs}-{number}"
            with nginx(folder, [one, other], proxy_read_timeout="1s") as behind:
                async with behind.client() as http:
                    answer = await http.request(method, path, content=None if method == "GET" else b"poison")
        assert answer.status_code == 502, (method, path)
        assert len(seen) == 1, (method, path)


@needs_nginx
async def test_what_no_node_has_begun_is_sent_to_the_next(public_folder: Path) -> None:
    """Whichever of the two is asked first."""
    for number, (method, path) in enumerate(REQUESTS):
        seen: list[bytes] = []
        body = None if method == "GET" else b"a report"
        async with node_that(TAKEN, seen) as good:
            with nginx(public_folder / f"nginx-refused-{number}", [f"127.0.0.1:{free_port()}", good]) as behind:
                async with behind.client() as http:
                    answers = [await http.request(method, path, content=body) for _ in range(4)]
        assert [answer.status_code for answer in answers] == [201] * 4, (method, path)
        assert seen == [body or b""] * 4


@needs_nginx
async def test_what_a_full_node_refuses_is_sent_to_one_more_and_no_further(public_folder: Path) -> None:
    for number, (method, path) in enumerate(REQUESTS):
        full: list[bytes] = []
        taken: list[bytes] = []
        body = None if method == "GET" else b"a report"
        async with node_that(FULL, full) as one, node_that(TAKEN, taken) as other:
            with nginx(public_folder / f"nginx-full-{number}", [one, other]) as behind:
                async with behind.client() as http:
                    answers = [await http.request(method, path, content=body) for _ in range(4)]
        assert [answer.status_code for answer in answers] == [201] * 4, (method, path)
        assert full and taken == [body or b""] * 4
    tries: list[bytes] = []
    async with node_that(FULL, tries) as one, node_that(FULL, tries) as other:
        with nginx(public_folder / "nginx-all-full", [one, other]) as behind:
            async with behind.client() as http:
                answer = await http.post("/v1/calls", content=b"a report")
    assert answer.status_code == 503 and answer.headers["retry-after"] == "7"
    assert len(tries) == 2
