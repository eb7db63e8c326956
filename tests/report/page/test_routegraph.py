from dataclasses import replace

from auditor.model.route import Branch, Configuration, Route, Stage
from auditor.report.clean import LIMIT, cleaned
from auditor.report.page import html, routegraph, worldmap
from tests.report import samples

AT = Stage("geo-maps", 3, "EU => [ams]")
NAME = "review.example.com A EU/"
BRANCHES = (
    Branch("a label that is long", "first", "asked", AT, (1, 2)),
    Branch(f"{NAME}one", "pool", "serves", AT, site="one"),
    Branch("backup", "any", "idle", AT, (3,)),
    Branch(f"{NAME}two", "pool", "idle", AT, site="two"),
)
ROUTE = Route("gdnsd", (f"{NAME}DE", f"{NAME}FR"), 2, "one", "one", AT, (), "", 0, (), BRANCHES)


def test_what_tells_names_apart_is_not_cut_off() -> None:
    graph = routegraph.drawn(ROUTE)
    assert graph is not None
    titles = [box.title for box in graph.boxes]
    assert len(set(titles)) == len(titles)
    assert max(map(len, titles)) == 21
    assert [title[-3:] for title in titles] == ["/DE", "ong", "one", "kup", "two"]
    assert max(len(box.note) for box in graph.boxes) <= 26  # fits below the title


def test_a_page_of_configurations_speaks_of_classes_and_leaves_their_names_as_they_are() -> None:
    known = Configuration(("geo-maps",), "gdnsd", 2, 1, 2, 0, 2, 0, 0, 0, (replace(AT, text="x" * (LIMIT + 4)),))
    report = replace(
        samples.FAIL, configurations=(known,), findings=(replace(samples.FAIL.findings[0], routes=(ROUTE,)),)
    )
    page = html.render(report)
    assert f">{NAME}DE, {NAME}FR: to one" in page
    assert not [label for label in worldmap.drawn(report).labels if "session" in " ".join(label.lines)]
    assert cleaned(known).remarks[0].text == "x" * (LIMIT + 4)  # our own words keep their end
