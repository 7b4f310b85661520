"""Every promise is kept, whatever is killed, stopped, cut, filled or set wrong under load; longer: `scripts/faults`."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from dispatch.city import load_city
from dispatch.settings import PROJECT
from scripts.fault_runs.cluster import Cluster, cluster
from scripts.fault_runs.disk import NoDisk
from scripts.fault_runs.faults import (
    Fault,
    black_hole,
    clock_wrong,
    database_killed,
    database_stopped,
    disk_full,
    network_cut,
    screens_vanish,
    service_stopped,
)
from scripts.fault_runs.rounds import play

SEED = 2016


@pytest.fixture(scope="module")
async def small_cluster() -> AsyncIterator[Cluster]:
    """On a disk that can be filled, where that is permitted."""
    try:
        async with cluster(small_disk=True) as small:
            yield small
    except NoDisk:
        async with cluster() as usual:
            yield usual


# kill -9 of the service is within `clock_wrong`: each node that comes back with another clock was killed before.
SHORT = (
    screens_vanish,
    service_stopped,
    database_killed,
    database_stopped,
    network_cut,
    black_hole,
    clock_wrong,
    disk_full,
)


@pytest.mark.parametrize("fault", SHORT, ids=lambda fault: fault.__name__)
async def test_nothing_is_lost(small_cluster: Cluster, fault: Fault) -> None:
    if fault is disk_full and small_cluster.disk is None:
        pytest.skip("no small disk can be mounted here: it takes root")
    outcome = await play(small_cluster, load_city(PROJECT / "data" / "quito"), fault, seed=SEED + SHORT.index(fault))
    assert not outcome.violations, "\n".join(outcome.violations)
    assert outcome.acknowledged == outcome.calls > 0
    if fault is clock_wrong:
        moments = [event.at for event in outcome.history.events]
        assert max(moments) - min(moments) > timedelta(minutes=30), "the clock was right"
