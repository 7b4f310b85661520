"""A promise is worth the test beside it: every test that the page names is there."""

import ast
import re

from dispatch.settings import PROJECT

PAGE = PROJECT / "docs" / "promises.md"
NAMED = re.compile(r"`(tests/[\w/]+\.py)::(\w+)`")
ROW = re.compile(r"^\| (?!promise|---)(?P<promise>.+?) \| (?P<shown>.+) \|$", re.MULTILINE)


def those_in(path: str) -> set[str]:
    module = ast.parse((PROJECT / path).read_text("utf-8"))
    functions = (node for node in ast.walk(module) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))
    return {function.name for function in functions if function.name.startswith("test_")}


def test_every_test_that_is_named_exists() -> None:
    named = NAMED.findall(PAGE.read_text("utf-8"))
    assert named
    missing = [f"{path}::{name}" for path, name in named if name not in those_in(path)]
    assert missing == []


def test_every_promise_names_one() -> None:
    rows = ROW.findall(PAGE.read_text("utf-8"))
    assert len(rows) > 20
    assert [promise for promise, shown in rows if not NAMED.search(shown)] == []
