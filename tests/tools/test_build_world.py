import math

import pytest

from tools import build_world as build


def test_the_projection_keeps_areas() -> None:
    """Equal Earth: a cell of one degree is as large on the map as on the globe, near the equator and far from it."""

    def cell(latitude: float) -> float:
        west, south = 20.0, latitude
        ring = [(west, south), (west + 1, south), (west + 1, south + 1), (west, south + 1)]
        globe = math.radians(1) * (math.sin(math.radians(south + 1)) - math.sin(math.radians(south)))
        return build.area([build.placed(p) for p in ring]) / globe

    assert cell(0) == pytest.approx(cell(45), rel=2e-3)
    assert cell(0) == pytest.approx(cell(70), rel=2e-3)


def test_the_edges_of_the_globe_are_the_edges_of_the_map() -> None:
    assert build.placed((-180, 0))[0] == pytest.approx(0, abs=1)
    assert build.placed((180, 0))[0] == pytest.approx(build.WIDTH, abs=1)
    assert build.project((build.MERIDIAN, 0)) == pytest.approx((build.WIDTH / 2, build.WIDTH / 4))


def test_a_ring_across_the_edge_becomes_two() -> None:
    pieces = build.cut([(170.0, 0.0), (-170.0, 0.0), (-170.0, 10.0), (170.0, 10.0)])
    assert len(pieces) == 2
    assert all(-180 <= x <= 180 for piece in pieces for x, _ in piece)
    assert sum(build.area(piece) for piece in pieces) == pytest.approx(200)


def test_a_ring_inside_stays_as_it_is() -> None:
    ring = [(0.0, 0.0), (10.0, 0.0), (10.0, 10.0)]
    assert [sorted(piece) for piece in build.cut(ring)] == [sorted(ring)]


def test_simplifying_keeps_ends_and_what_stands_out() -> None:
    line = [(0.0, 0.0), (5.0, 0.01), (10.0, 0.0), (15.0, 20.0), (20.0, 0.0)]
    assert build.simplified(line) == [line[0], line[2], line[3], line[4]]


def test_a_small_ring_keeps_three_points() -> None:
    ring = [(0.0, 0.0), (0.1, 0.0), (0.1, 0.1), (0.0, 0.1), (0.0, 0.05), (0.0, 0.0)]
    assert len(set(build.simplified(ring))) >= 3


def test_path_data_is_relative_and_whole() -> None:
    assert build.path([(10.2, 20.4), (15.0, 18.0), (15.1, 18.2), (9.0, 25.0)]) == "M10 20l5-2-6 7z"


def test_arcs_are_decoded_and_strung_together() -> None:
    atlas = {
        "transform": {"scale": [0.5, 2], "translate": [10, -10]},
        "arcs": [[[0, 0], [2, 1]], [[4, 0], [-2, 1]]],
    }
    arcs = build.decoded(atlas)
    assert arcs == [[(10, -10), (11, -8)], [(12, -10), (11, -8)]]
    assert build.joined([0, ~1], arcs) == [(10, -10), (11, -8), (12, -10)]
