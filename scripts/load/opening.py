"""Measures the steps of a service's start as `dispatch.app` does them. A separate program, because imports are one
step: `python -m scripts.load.opening DSN CITY BEGAN` prints seconds as JSON."""

import asyncio
import json
import sys
import time
from importlib import import_module
from pathlib import Path


async def steps(dsn: str, city_folder: Path, began: float) -> dict[str, float]:
    """`began`: time.time() when the process was started."""
    found: dict[str, float] = {}
    last = began

    def lap(name: str) -> None:
        nonlocal last
        now = time.time()
        found[name], last = now - last, now

    for module in ("dispatch.cli", "dispatch.serve"):
        import_module(module)
    from dispatch.city import load_city
    from dispatch.picture.picture import Picture
    from dispatch.store.db import connection, open_pool
    from dispatch.store.migrate import migrate
    from dispatch.store.snapshot import snapshot
    from dispatch.store.units.positions import latest

    lap("interpreter and imports")
    city = load_city(city_folder)
    lap("the city")
    pool = await open_pool(dsn, size=10)
    lap("connections")
    async with connection(pool) as db:
        await migrate(db)
        lap("check of the migrations")
        where = await latest(db)
    room = await snapshot(pool)
    lap(f"snapshot of {len(room.incidents):,} open incidents")
    Picture(room, city, where)
    lap("the picture")
    await pool.close()
    return found


if __name__ == "__main__":
    print(json.dumps(asyncio.run(steps(sys.argv[1], Path(sys.argv[2]), float(sys.argv[3])))))
