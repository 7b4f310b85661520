"""Taking nodes out of a network changes no answer."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geo import RoadNetwork
from geo.contraction import Contraction, contract
from geo.road_search import RoadSearch
from tests.geo.streets import all_seconds, networks


def searched(net: RoadNetwork, *, smallest_core: int) -> RoadSearch:
    return RoadSearch(contract(net.arcs("emergency"), net.nodes, smallest_core=smallest_core))


@settings(deadline=None, max_examples=50)
@given(networks(nodes=20), st.sampled_from([1, 3, 64]))
def test_each_way_takes_what_the_whole_network_says(net: RoadNetwork, smallest_core: int) -> None:
    search, nodes = searched(net, smallest_core=smallest_core), np.arange(net.nodes)
    table = search.seconds(nodes, [search.field({target: 0.0}) for target in nodes.tolist()])
    assert table == pytest.approx(all_seconds(net), rel=1e-12)


@settings(deadline=None, max_examples=50)
@given(networks(nodes=20), st.data())
def test_a_target_may_be_entered_by_several_nodes_each_at_its_price(net: RoadNetwork, data: st.DataObject) -> None:
    node, seconds = st.integers(0, net.nodes - 1), st.floats(0, 300)
    entries = data.draw(st.dictionaries(node, seconds, min_size=1, max_size=3))
    search, nodes = searched(net, smallest_core=2), np.arange(net.nodes)
    expected = np.min([all_seconds(net)[:, to] + price for to, price in entries.items()], axis=0)
    assert search.seconds(nodes, [search.field(entries)])[:, 0] == pytest.approx(expected, rel=1e-12)


@settings(deadline=None, max_examples=50)
@given(networks(nodes=20), st.data())
def test_who_asks_with_others_gets_the_answer_of_who_asks_alone(net: RoadNetwork, data: st.DataObject) -> None:
    search, node = searched(net, smallest_core=2), st.integers(0, net.nodes - 1)
    nodes = np.array(data.draw(st.lists(node, min_size=1, max_size=30)))
    fields = [search.field({to: 0.0}) for to in data.draw(st.lists(node, min_size=1, max_size=4))]
    together = search.seconds(nodes, fields)
    for i, one in enumerate(nodes.tolist()):
        for j, field in enumerate(fields):
            assert search.seconds(np.array([one]), [field])[0, 0] == together[i, j]


@settings(deadline=None, max_examples=50)
@given(networks(nodes=20))
def test_arcs_of_removed_nodes_only_lead_up(net: RoadNetwork) -> None:
    made: Contraction = contract(net.arcs("emergency"), net.nodes, smallest_core=2)
    for ways in (made.out, made.into):
        by = np.repeat(np.arange(net.nodes), np.diff(ways.first))
        assert (made.level[by] < made.level[ways.other]).all()
        assert (made.level[by] < made.core_level).all()
    inside = np.concatenate([np.repeat(np.arange(net.nodes), np.diff(made.core.first)), made.core.other])
    assert (made.level[inside] == made.core_level).all()
