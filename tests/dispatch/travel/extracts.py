"""OpenStreetMap extracts in their real format, as small as a test needs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import osmium
from osmium.osm.mutable import Node, Way

LAT, LON = -0.2, -78.5  # in the middle of Quito
STEP = 0.001  # of a degree: some 111 m


@dataclass(slots=True)
class Extract:
    """Nodes by number at (steps north, steps east) of a place in Quito; ways over them with their tags."""

    nodes: Mapping[int, tuple[float, float]]
    ways: Sequence[tuple[Sequence[int], Mapping[str, str]]]
    node_tags: Mapping[int, Mapping[str, str]] = field(default_factory=dict)
    at: tuple[float, float] = (LAT, LON)
    stamp: str = "2026-03-01T20:21:00Z"

    def place(self, node: int) -> tuple[float, float]:
        north, east = self.nodes[node]
        return self.at[0] + north * STEP, self.at[1] + east * STEP

    def write(self, file: Path) -> Path:
        header = osmium.io.Header()
        if self.stamp:
            header.set("osmosis_replication_timestamp", self.stamp)
        with osmium.SimpleWriter(str(file), header=header, overwrite=True) as writer:
            for node in self.nodes:
                lat, lon = self.place(node)
                writer.add_node(Node(id=node, location=(lon, lat), tags=dict(self.node_tags.get(node, {})), version=1))
            for number, (nodes, tags) in enumerate(self.ways, 1):
                writer.add_way(
                    Way(id=number, nodes=list(nodes), tags=dict(tags), version=1, timestamp="2026-02-01T00:00:00Z")
                )
        return file


# A square of a kilometre: its west side bends, its north side is one-way to the east.
SQUARE = Extract(
    nodes={1: (0, 0), 2: (0, 10), 3: (10, 10), 4: (10, 0), 5: (5, -1)},
    ways=[
        ([1, 2, 3], {"highway": "residential"}),
        ([4, 3], {"highway": "residential", "oneway": "yes"}),
        ([4, 5, 1], {"highway": "residential"}),
    ],
)
