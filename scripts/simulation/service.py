"""The service, as its HTTP clients know it."""

import asyncio
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any, Self
from urllib.parse import urlsplit

import httpx

AGAIN = frozenset({0, 429, 502, 503, 504})
ATTEMPTS = 4
FIRST_PAUSE_S = 0.25
CONNECTIONS = 200


@dataclass(frozen=True, slots=True)
class Answer:
    """`status` 0: none came. `body` is the JSON of it, or empty."""

    status: int
    body: dict[str, Any]

    @property
    def is_good(self) -> bool:
        return 200 <= self.status < 300


def is_loopback(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


class Service:
    def __init__(self, url: str, key: str) -> None:
        self._http = httpx.AsyncClient(
            base_url=url,
            headers={"Authorization": f"Bearer {key}"},
            timeout=httpx.Timeout(30, pool=None),
            limits=httpx.Limits(max_connections=CONNECTIONS, max_keepalive_connections=CONNECTIONS),
            trust_env=False,
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._http.aclose()

    async def get(self, path: str) -> Answer:
        return await self._ask("GET", path, None)

    async def post(self, path: str, body: Any) -> Answer:
        return await self._ask("POST", path, body)

    async def patch(self, path: str, body: Any) -> Answer:
        return await self._ask("PATCH", path, body)

    async def post_again(self, path: str, body: Any) -> tuple[Answer, int]:
        """For what may be sent twice: tries again, as a phone does, when no answer comes or the service is away. Also
        gives the number of attempts."""
        attempt, pause_s = 1, FIRST_PAUSE_S
        answer = await self.post(path, body)
        while answer.status in AGAIN and attempt < ATTEMPTS:
            await asyncio.sleep(pause_s)
            attempt, pause_s = attempt + 1, pause_s * 2
            answer = await self.post(path, body)
        return answer, attempt

    async def _ask(self, method: str, path: str, body: Any) -> Answer:
        try:
            response = await self._http.request(method, path, json=body)
        except httpx.TransportError:
            return Answer(0, {})
        try:
            content = response.json()
        except ValueError:
            content = {}
        return Answer(response.status_code, content if isinstance(content, dict) else {})
