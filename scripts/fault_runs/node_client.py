"""The nodes, as their clients use them: one after the other until one answers."""

from dataclasses import dataclass, field
from random import Random
from typing import Any, Self

import httpx

PATIENCE_S = 5.0


@dataclass(frozen=True, slots=True)
class Answer:
    """`status` 0: no answer. `says_when`: it has a time after which to try again."""

    status: int
    text: str = ""
    says_when: bool = False


@dataclass(slots=True)
class NodeClient:
    urls: list[str]
    key: str
    random: Random
    _http: httpx.AsyncClient = field(init=False)

    def __post_init__(self) -> None:
        self._http = httpx.AsyncClient(
            headers={"Authorization": f"Bearer {self.key}"},
            # No connection to a killed service is kept: using it would not show which nodes are alive.
            limits=httpx.Limits(max_keepalive_connections=0),
            trust_env=False,
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._http.aclose()

    def any(self) -> int:
        return self.random.randrange(len(self.urls))

    def next(self, node: int) -> int:
        return (node + 1) % len(self.urls)

    async def ask(
        self, node: int, method: str, path: str, body: Any = None, *, patience_s: float = PATIENCE_S
    ) -> Answer:
        """One try at one node, each step of which may take `patience_s`."""
        timeout = httpx.Timeout(patience_s, pool=None)
        try:
            answer = await self._http.request(method, self.urls[node] + path, json=body, timeout=timeout)
        except httpx.TransportError:
            return Answer(0)
        return Answer(answer.status_code, answer.text, "Retry-After" in answer.headers)
