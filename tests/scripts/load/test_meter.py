import asyncio
import os
import subprocess
import sys
from pathlib import Path
from time import process_time

from scripts.load.meter import Cost, Meter, cpu_s, resident_mb

BUSY = "import time; end = time.process_time() + 30\nwhile time.process_time() < end: pass"


async def test_what_a_process_takes_and_what_a_server_in_the_state_folder_takes(tmp_path: Path) -> None:
    meter = Meter(os.getpid(), tmp_path)
    async with meter.watching():
        # It begins while we watch, as connections do.
        server = subprocess.Popen([sys.executable, "-c", BUSY], cwd=tmp_path)  # noqa: ASYNC220 - no time at all
        while len(meter.postgres) < 2:  # noqa: ASYNC110 - the meter's own clock
            await asyncio.sleep(0.1)
        seen_s = sum(
            cost.cores * (cost.at_s - before) for before, cost in zip((0, *at_s(meter)), meter.postgres, strict=False)
        )
        used_s = cpu_s([server.pid])[server.pid]
    server.kill()
    server.wait()
    assert 0 < seen_s <= used_s + 0.05
    assert meter.most_mb > 10 and resident_mb(os.getpid()) > 10
    assert cpu_s([os.getpid()])[os.getpid()] <= process_time() + 0.05
    assert cpu_s([server.pid]) == {} and resident_mb(server.pid) == 0


def at_s(meter: Meter) -> list[float]:
    return [cost.at_s for cost in meter.postgres]


def test_the_slope_is_of_the_second_half() -> None:
    meter = Meter(1, Path("/nowhere"))
    meter.service = [Cost(float(s), 0.5, 200.0 + min(s, 30) * 10) for s in range(60)]
    assert abs(meter.mb_an_hour or 0.0) < 200
    meter.service = [Cost(float(s), 0.5, 200.0 + s / 3_600) for s in range(60)]
    assert round(meter.mb_an_hour or 0.0, 3) == 1
    meter.service = meter.service[:5]
    assert meter.mb_an_hour is None
