"""Asks a service, and keeps what was sent and answered, short and without secrets."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

import httpx

MOST_ITEMS, MOST_CHARS, RING_POINTS = 2, 1_500, 5
JSON, FORM = "application/json", "application/x-www-form-urlencoded"


@dataclass
class Recorder:
    """`operations` by id, as `dispatch/api/contract/examples.json` has them; `problem`: the body of the last error."""

    http: httpx.AsyncClient
    operations: dict[str, dict[str, Any]] = field(default_factory=dict)
    problem: dict[str, Any] = field(default_factory=dict)
    secrets: dict[str, str] = field(default_factory=dict)

    def hide(self, secret: str, shown: str) -> str:
        """From now on `shown` stands for the secret in what is kept; the secret itself is returned."""
        self.secrets[secret] = shown
        return secret

    async def ask(
        self,
        operation: str,
        method: str,
        path: str,
        *,
        of: Mapping[str, Any] | None = None,
        query: Mapping[str, Any] | None = None,
        body: Any = None,
        media_type: str = JSON,
        headers: Mapping[str, str] | None = None,
        http: httpx.AsyncClient | None = None,
    ) -> Any:
        """One operation, with its path parameters `of`; its answer. `body`: JSON, unless it is bytes of `media_type`.

        Raises AssertionError where it isn't done."""
        sent = {"Content-Type": media_type} if body is not None else {}
        answer = await (http or self.http).request(
            method,
            path.format(**of or {}),
            params=query,
            headers=sent | dict(headers or {}),
            content=body if isinstance(body, bytes | None) else json.dumps(body),
        )
        assert answer.is_success, (operation, answer.status_code, answer.text)
        named = {**(of or {}), **(query or {}), **(headers or {})}
        named.pop("Authorization", None)
        example: dict[str, Any] = {"parameters": named}
        if body is not None:
            sent_body = dict(parse_qsl(body.decode())) if media_type == FORM else self._kept(body)
            example["request"] = {"media_type": media_type, "body": sent_body}
        example["response"] = {"status": answer.status_code} | self._content(answer)
        self.operations[operation] = self._without_secrets(example)
        return answer.json() if _is_json(answer) else answer.text

    async def refused(self, method: str, path: str, body: Any) -> dict[str, Any]:
        """The problem document that is answered."""
        answer = await self.http.request(method, path, json=body)
        assert answer.is_client_error, answer.text
        self.problem = answer.json()
        return self.problem

    def _content(self, answer: httpx.Response) -> dict[str, Any]:
        if not answer.content:
            return {}
        media_type = answer.headers["content-type"].partition(";")[0]
        return {"media_type": media_type, "body": self._kept(answer.json() if _is_json(answer) else answer.text)}

    def _kept(self, body: Any) -> Any:
        # Of a message in bytes each character stands for one byte.
        return shortened(body.decode("latin-1") if isinstance(body, bytes) and not _is_text(body) else body)

    def _without_secrets(self, example: dict[str, Any]) -> dict[str, Any]:
        text = json.dumps(example, default=str)
        for secret, shown in self.secrets.items():
            text = text.replace(secret, shown)
        found: dict[str, Any] = json.loads(text)
        return found


def shortened(value: Any) -> Any:
    """Lists of objects and lists cut to their first, rings of a polygon still closed, texts to their beginning."""
    if isinstance(value, bytes):
        value = value.decode()
    if isinstance(value, str):
        return value[:MOST_CHARS]
    if isinstance(value, dict):
        return {name: shortened(part) for name, part in value.items()}
    if isinstance(value, list):
        if len(value) > RING_POINTS and all(isinstance(p, list) and len(p) == 2 for p in value):
            return [*value[: RING_POINTS - 1], value[0]]
        is_of_values = not any(isinstance(part, dict | list) for part in value)
        return [shortened(part) for part in (value if is_of_values else value[:MOST_ITEMS])]
    return value


def _is_json(answer: httpx.Response) -> bool:
    return "json" in answer.headers.get("content-type", "")


def _is_text(body: bytes) -> bool:
    try:
        return body.decode().isprintable() or b"\n" in body
    except UnicodeDecodeError:
        return False
