"""Every reason that can be given stands in the page that says what they mean, with its fields."""

import re
from pathlib import Path

PROJECT = Path(__file__).parents[4]


def test_the_page_lists_every_reason_and_its_fields() -> None:
    source = (PROJECT / "dispatch" / "policy" / "units" / "reasons.py").read_text("utf-8")
    given = {code: set(re.findall(r'"(\w+)":', rest)) for code, rest in re.findall(r'{"code": "(\w+)"(.*)}', source)}
    page = (PROJECT / "docs" / "recommendation.md").read_text("utf-8")
    rows = re.findall(r"^\| `(\w+)` \| (.*?) \|", page, re.MULTILINE)
    assert given.keys() == dict(rows).keys() and len(given) == 13
    for code, fields in given.items():
        assert all(f"`{field}`" in dict(rows)[code] for field in fields), code
