"""The service, as seen by an HTTP client."""

import asyncio
import re
from collections import Counter
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any, Self
from urllib.parse import urlsplit

import httpx

NUMBERED = re.compile(r"/(?=[^/]*\d)(?!v1\b)[^/]+")
AGAIN = frozenset({0, 429, 502, 503, 504})
ATTEMPTS = 4
FIRST_PAUSE_S = 0.25
CONNECTIONS = 200
# Shorter than servers keep an idle connection, so that no request is sent on one that is being closed.
KEEP_ALIVE_S = 2.0


@dataclass(frozen=True, slots=True)
class Answer:
    """`status` 0: no answer. `body` is the parsed JSON, or empty."""

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
    """`failures` counts failed requests by request and status."""

    def __init__(self, url: str, key: str) -> None:
        self.failures: Counter[tuple[str, int]] = Counter()
        self._http = httpx.AsyncClient(
            base_url=url,
            headers={"Authorization": f"Bearer {key}"},
            timeout=httpx.Timeout(30, pool=None),
            limits=httpx.Limits(max_connections=CONNECTIONS, keepalive_expiry=KEEP_ALIVE_S),
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
        """For requests that may be repeated: tries again, as a phone does, if no answer comes or the service is
        unavailable. Also returns the number of attempts."""
        attempt, pause_s = 1, FIRST_PAUSE_S
        answer = await self.post(path, body)
        while answer.status in AGAIN and attempt < ATTEMPTS:
            await asyncio.sleep(pause_s)
            attempt, pause_s = attempt + 1, pause_s * 2
            answer = await self.post(path, body)
        return answer, attempt

    async def _ask(self, method: str, path: str, body: Any) -> Answer:
        answer = await self._answer(method, path, body)
        if not answer.is_good:
            self.failures[f"{method} {NUMBERED.sub('/…', path)}", answer.status] += 1
        return answer

    async def _answer(self, method: str, path: str, body: Any) -> Answer:
        try:
            response = await self._http.request(method, path, json=body)
        except httpx.TransportError:
            return Answer(0, {})
        try:
            content = response.json()
        except ValueError:
            content = {}
        return Answer(response.status_code, content if isinstance(content, dict) else {})
