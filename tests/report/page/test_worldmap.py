import json
import re
from dataclasses import replace
from importlib import resources

from auditor.model.countries import CODES
from auditor.model.report import Place, Touched, Verdict
from auditor.report.page import worldmap
from tests.report import samples

WORLD = json.loads(resources.files("auditor.report").joinpath("world.json").read_text(encoding="utf-8"))
LEFT, TOP, WIDTH, HEIGHT = WORLD["box"]


def touched(*places: tuple[str, Verdict]) -> tuple[Touched, ...]:
    return tuple(Touched(Place(c, "located"), verdict, ("media",), 1, 10, 100) for c, verdict in places)


def test_every_country_has_a_place_inside_the_frame() -> None:
    assert set(WORLD["countries"]) == set(CODES)
    for code, entry in WORLD["countries"].items():
        x, y = entry["at"]
        assert LEFT <= x <= LEFT + WIDTH, code
        assert TOP <= y <= TOP + HEIGHT, code


def test_shapes_are_closed_paths_that_do_not_streak_across_the_map() -> None:
    for code, entry in WORLD["countries"].items():
        assert re.fullmatch(r"(M-?\d+ -?\d+l[-\d ]+z)*", entry["d"]), code
        for ring in entry["d"].split("z"):
            steps = [int(n) for n in re.findall(r"-?\d+", ring.partition("l")[2])]
            assert len(steps) % 2 == 0, code
            assert all(abs(step) < WIDTH / 4 for step in steps), code


def test_large_countries_have_shapes() -> None:
    codes = "US CN RU FJ NZ TW IE LU XK PS".split()
    assert all(WORLD["countries"][code]["d"] for code in codes)


def test_points_lie_where_geography_has_them() -> None:
    at = {code: entry["at"] for code, entry in WORLD["countries"].items()}
    assert at["CA"][1] < at["US"][1] < at["MX"][1] < at["BR"][1]
    assert at["US"][0] < at["GB"][0] < at["DE"][0] < at["CN"][0] < at["JP"][0] < at["NZ"][0]


def test_the_worst_verdict_of_a_country_wins() -> None:
    report = replace(samples.FAIL, touched=touched(("CN", Verdict.PASS), ("CN+HK", Verdict.OPEN), ("CN", Verdict.FAIL)))
    drawn = worldmap.drawn(report)
    assert [(mark.name, mark.verdict, mark.number) for mark in drawn.marks] == [
        ("Mainland China", Verdict.FAIL, 1),
        ("Mainland China or Hong Kong", Verdict.OPEN, 2),
    ]
    assert {name: verdict for name, _, verdict in drawn.shaded} == {"mainland China": "fail"}  # Hong Kong is a point
    assert WORLD["countries"]["CN"]["d"] not in drawn.land


def test_what_can_not_be_pointed_at_is_listed_and_not_drawn() -> None:
    places = touched(("*", Verdict.OPEN), ("-CN", Verdict.PASS), ("AT+BE+BG+CY+CZ", Verdict.PASS), ("!", Verdict.OPEN))
    drawn = worldmap.drawn(replace(samples.FAIL, touched=places))
    assert not drawn.marks
    assert [mark.name for mark in drawn.elsewhere] == [
        "Anywhere",
        "No country that all proofs allow",
        "Anywhere but mainland China",
        "One of 5 countries (AT, BE, BG, CY, CZ)",
    ]


def test_markers_of_one_country_stand_apart() -> None:
    drawn = worldmap.drawn(replace(samples.FAIL, touched=touched(("SG", Verdict.FAIL), ("MY+SG", Verdict.OPEN))))
    (x1, y1), (x2, y2) = [(mark.x, mark.y) for mark in drawn.marks]
    assert abs(x1 - x2) + abs(y1 - y2) > 15


def test_labels_cover_neither_each_other_nor_a_marker() -> None:
    codes = "US CA CN HK JP KR SG DE FR GB IE IN".split()
    drawn = worldmap.drawn(replace(samples.FAIL, touched=touched(*((code, Verdict.FAIL) for code in codes))))
    assert len(drawn.labels) > 8
    for i, label in enumerate(drawn.labels):
        right, bottom = label.left + label.width, label.top + label.height
        assert LEFT <= label.left < right <= LEFT + WIDTH
        assert TOP <= label.top < bottom <= TOP + HEIGHT
        assert not [m for m in drawn.marks if label.left < m.x < right and label.top < m.y < bottom]
        for other in drawn.labels[:i]:
            apart = other.left >= right or label.left >= other.left + other.width
            assert apart or other.top >= bottom or label.top >= other.top + other.height


def test_curves_lead_from_participants_to_what_failed() -> None:
    drawn = worldmap.drawn(samples.FAIL)
    assert [curve.verdict for curve in drawn.curves][-2:] == [Verdict.FAIL, Verdict.FAIL]
    assert len(drawn.curves) <= worldmap.CURVES
    assert [name for name, _, _ in drawn.homes] == ["Canada", "United States"]


def test_what_counts_at_several_places_has_a_name_of_its_own() -> None:
    (once,) = worldmap.drawn(replace(samples.FAIL, touched=touched(("DE", Verdict.PASS)))).marks
    twice = replace(once, places=2, sessions=11)
    assert [worldmap.counted(once), worldmap.counted(once, gated=True)] == ["1 session", "1 class"]
    assert worldmap.counted(twice) == "11 touches at 2 places"
    assert worldmap.counted(twice, gated=True) == "11 routes to 2 places"
