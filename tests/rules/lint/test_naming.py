from pathlib import Path

from auditor import workshop
from auditor.rules import lint
from auditor.rules.lint.given import Excused
from tests.rules.lint.packs import AS_OF, PACK, checks, folder, found, rule

INVENTORY = """\
sites:
  - {name: fra-1, networks: [192.0.2.0/24], country: DE, operator: Acme}
  - {name: pek-1, networks: [198.51.100.0/24], country: CN, holds: mainlnd}
clients:
  - {networks: [203.0.113.0/24], population: staff, tenant: acme}
  - {networks: [203.0.113.0/25], population: overseas}
"""


def stock(path: Path) -> lint.Stock:
    file = path / "inventory.yaml"
    file.write_text(INVENTORY, encoding="utf-8")
    return workshop.stock(file)


def test_an_inventory_is_read_as_names(tmp_path: Path) -> None:
    read = stock(tmp_path)
    assert [(each.name, each.line, each.countries) for each in read.sites] == [("fra-1", 2, "DE"), ("pek-1", 3, "CN")]
    assert [each.name for each in read.labels] == ["mainlnd", "staff", "overseas"]
    assert [each.name for each in read.accounts] == ["acme"]
    assert read.operators == {"Acme"}


def test_operators_that_nothing_knows(tmp_path: Path) -> None:
    text = rule("a", "{}", "must_not_touch:\n  operators: {except: [Gogle, Acme, Ice, Alibaba Cloud]}")
    pack = PACK + "operators: [{names: [Ice], countries: [AQ]}]\n"
    assert found(tmp_path, text, pack=pack) == []  # nobody says what is known
    said = found(tmp_path, text, pack=pack, operators=frozenset({"Google"}), stock=stock(tmp_path))
    (remark,) = [each for each in said if each.check == "unknown-operator"]
    assert (remark.severity, remark.line) == ("warning", 8)
    assert "`Gogle`" in remark.what
    assert remark.remedy == "did you mean `Google`?"


def test_shipped_data_names_its_operators(tmp_path: Path) -> None:
    where = folder(tmp_path / "p", rule("a", "{}", "must_not_touch: {operators: [Google, Zoom, Amazon Web Servces]}"))
    said = workshop.remarks(workshop.look_over([str(where)], AS_OF))
    (remark,) = [each for each in said if each.check == "unknown-operator"]
    assert remark.remedy == "did you mean `Amazon Web Services`?"


def test_sites_that_are_not_there_or_elsewhere(tmp_path: Path) -> None:
    missing = rule("a", "{}", "must_stay_in: {sites: [fra-2, fra-1]}")
    assert checks(tmp_path, missing) == []
    said = [each for each in found(tmp_path, missing, stock=stock(tmp_path)) if each.rule]
    assert [each.what for each in said] == ["the inventory has no site `fra-2`"]
    assert said[0].remedy.endswith("did you mean `fra-1`?")
    elsewhere = rule("a", "{}", "must_not_touch: {countries: [CN], sites: [fra-1, pek-1]}")
    said = [each for each in found(tmp_path, elsewhere, stock=stock(tmp_path)) if each.rule]
    assert [each.check for each in said] == ["site-elsewhere"]
    assert "`fra-1`" in said[0].what


def test_labels_of_rules_and_inventories_meet(tmp_path: Path) -> None:
    rules = [
        rule("a", "{participants: all mainland}", "must_stay_in: {countries: [CN]}"),
        rule("b", "{participants: any staff}", "must_not_touch: {countries: [AQ]}"),
    ]
    said = found(tmp_path, *rules, stock=stock(tmp_path))
    labels = [(each.check, each.line, each.what) for each in said if "label" in each.check]
    assert labels == [
        ("unknown-label", 3, "no rule knows the population `mainlnd`"),
        ("unknown-label", 6, "no rule knows the population `overseas`"),
        ("unused-label", 8, f"nobody in {tmp_path}/inventory.yaml is labelled mainland (population mainland)"),
    ]
    assert next(each for each in said if "mainlnd" in each.what).remedy == "did you mean `mainland`?"


def test_names_of_a_pack_that_its_rules_do_not_use(tmp_path: Path) -> None:
    pack = PACK + (
        "territories:\n  used: {title: U, countries: [US], includes: [part]}\n"
        "  part: {title: P, countries: [CA]}\n  idle: {title: I, countries: [MX]}\n"
        "  home: {title: H, countries: [FR]}\n"
    )
    text = rule(
        "a", "{participants: any staff}", "must_stay_in: {territory: {except: [used]}, operator_territory: home}"
    )
    given = lint.given([str(folder(tmp_path / "p", text, pack=pack))], AS_OF)
    idle = [each.what for each in lint.remarks(given) if each.check == "unused-name"]
    assert idle == [
        f"no rule here asks for `{name}`" for name in ("overseas", "mainland", "american", "everyone", "idle")
    ]


def test_kosovo_is_noted(tmp_path: Path) -> None:
    text = rule("a", "{}", "must_stay_in:\n  countries: [RS, XK]")
    (remark,) = found(tmp_path, text)
    assert (remark.check, remark.severity, remark.line) == ("user-assigned-code", "note", 8)


def test_waivers_that_do_nothing(tmp_path: Path) -> None:
    waivers = [
        Excused("a", "w.yaml", 3, "", ""),
        Excused("a", "w.yaml", 9, "is shadowed by that of line 3", "remove it"),
        Excused("b", "w.yaml", 15, "", ""),
    ]
    said = found(tmp_path, rule("a", "{}", "must_not_touch: {countries: [CN]}"), waivers=waivers)
    assert [(each.line, each.severity) for each in said] == [(9, "warning"), (15, "warning")]
    assert "no rule here is called so" in said[1].what
