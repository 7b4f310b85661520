"""All reports for the docs, one after the other, each with its own service: about twelve minutes."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from scripts.load import report, summary
from scripts.load.bench import RAMP_S, Bench, ramp_table
from scripts.load.deflate import COMPARED_S, compare, deflate_table
from scripts.load.profiles import Profile, profiles
from scripts.load.restart import restart_table, restarts
from scripts.load.summary import Found

LIVED_S = {"day": 60.0, "peak": 60.0, "flood": 60.0, "earthquake": 60.0, "screens": 30.0, "fleet": 30.0, "hour": 90.0}
"""Duration of each profile in the suite."""
CLOSE_AFTER_S = 15.0


def in_short(profile: Profile, seconds: float) -> Profile:
    """A day is compressed; all others keep their rates and end sooner."""
    if profile.name == "day":
        about = f"2,000 calls by the hours of a day, in {seconds:.0f} s"
        return replace(profile, squeeze=profile.seconds / seconds, about=about)
    if profile.close_after_s is not None:
        return replace(profile.lasting(seconds), close_after_s=min(profile.close_after_s, CLOSE_AFTER_S))
    return profile.lasting(seconds)


async def reports(bench: Bench, folder: Path, *, command: str, part: float, say: Callable[[str], None]) -> Found:
    """`part` (0-1) of each run's duration, for a quick look. Results are written at once. Raises Refused."""
    found = Found()
    say("bare peers")
    found.peers = await bench.peers()
    for name, seconds in LIVED_S.items():
        say(name)
        profile = in_short(profiles()[name], seconds * part)
        found.runs[name] = await bench.one(profile)
        report.write(folder, found.runs[name], command=command, peers=found.peers)
        summary.write(folder, found, command=command)
    say("capacity")
    found.steps = await bench.ramp(seconds=max(2.0, RAMP_S * part))
    report.both(folder, "capacity", "capacity, on 10 screens", ramp_table(found.steps), command=command)
    say("permessage-deflate")
    found.deflate = await compare(bench, seconds=max(3.0, COMPARED_S * part))
    report.both(folder, "deflate", "permessage-deflate off and on", deflate_table(found.deflate), command=command)
    say("restart")
    found.restarts = await restarts(bench.city, bench.city_folder)
    report.both(folder, "restart", "restart with a long past", restart_table(found.restarts), command=command)
    summary.write(folder, found, command=command)
    return found
