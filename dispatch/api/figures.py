"""What is so at the moment at which somebody asks, for Prometheus."""

import platform
import tomllib
from collections.abc import Iterable, Iterator
from importlib import metadata
from typing import NamedTuple

from prometheus_client import Metric
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily

from dispatch.desk.desk import Desk
from dispatch.desk.units.positions import PositionWriter
from dispatch.live.hub import Hub
from dispatch.settings import PROJECT
from dispatch.store.migrate import all_migrations

SCHEMA = all_migrations()[-1].version


class Figures(NamedTuple):
    """`lag`: None where the database didn't answer. As a collector of `prometheus_client`: made for one answer."""

    desk: Desk
    hub: Hub
    writer: PositionWriter
    lag: int | None
    running: int
    draining: bool

    def collect(self) -> Iterable[Metric]:
        yield _build()
        yield from self._gauges()
        yield CounterMetricFamily(
            "dispatch_positions_dropped", "Positions that never came to be history", value=self.writer.dropped
        )
        pool = self.desk.pool
        used = GaugeMetricFamily("dispatch_pool_connections", "Connections to the database", labels=["state"])
        used.add_metric(["used"], pool.get_size() - pool.get_idle_size())
        used.add_metric(["idle"], pool.get_idle_size())
        used.add_metric(["most"], pool.get_max_size())
        yield used

    def _gauges(self) -> Iterator[Metric]:
        desk = self.desk
        for name, what, value in (
            ("requests_running", "Requests in hand, this one among them", self.running),
            ("queue_calls", "Calls waiting in the batch queue", len(desk.queue)),
            ("screens", "Screens connected", len(self.hub.screens)),
            ("journal_seq", "Last event told", desk.feed.seq),
            ("journal_lag", "Events committed and not yet told here", self.lag),
            ("feed_connected", "Whether events of other nodes arrive", desk.feed.connected),
            ("open_incidents", "Incidents not closed", len(desk.picture.room.incidents)),
            ("positions_waiting", "Positions that wait to be written", len(self.writer)),
            ("draining", "Whether it was told to end", self.draining),
        ):
            yield GaugeMetricFamily(f"dispatch_{name}", what, value=float("nan") if value is None else float(value))


def _build() -> Metric:
    build = GaugeMetricFamily("dispatch_build_info", "What runs here", labels=["version", "python", "schema"])
    build.add_metric([VERSION, platform.python_version(), str(SCHEMA)], 1)
    return build


def _version() -> str:
    """As installed, else as it stands in the project's own file."""
    try:
        return metadata.version("quito-dispatch")
    except metadata.PackageNotFoundError:
        return str(tomllib.loads((PROJECT / "pyproject.toml").read_text("utf-8"))["project"]["version"])


VERSION = _version()
