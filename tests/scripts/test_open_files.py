"""The limit of open files, in processes of their own: what is lowered can't be raised again."""

import resource
import subprocess
import sys

import pytest

from scripts.open_files import ENOUGH, allow_open_files

# Root may raise a hard limit too; as nobody it is what an ordinary user gets.
ASK = """
import os, resource, sys
from scripts.open_files import allow_open_files
if os.geteuid() == 0:
    os.setuid(65534)
print(allow_open_files(int(sys.argv[1])), resource.getrlimit(resource.RLIMIT_NOFILE)[0])
"""


@pytest.mark.parametrize(
    ("soft", "hard", "needed", "allowed"),
    [(1024, 4096, 3000, 3000), (1024, 4096, 9000, 4096), (2048, 4096, 1500, 2048), (256, 256, 300, 256)],
)
def test_the_soft_limit_is_raised_as_far_as_an_ordinary_user_may(
    soft: int, hard: int, needed: int, allowed: int
) -> None:
    limited = ["bash", "-c", f'ulimit -S -n {soft} && ulimit -H -n {hard} && exec "$@"', "-"]
    said = subprocess.check_output([*limited, sys.executable, "-c", ASK, str(needed)], text=True)
    assert [int(number) for number in said.split()] == [allowed, allowed]


def test_the_tests_themselves_have_enough() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    assert soft in {hard, resource.RLIM_INFINITY} or soft >= ENOUGH
    assert allow_open_files(1) >= 1
