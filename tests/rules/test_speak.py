from auditor import rules
from auditor.model import countries
from auditor.model.rule import Assertion, Names, Population, Rule, Scope
from auditor.rules import speaks


def rule(applies: Scope, asserts: Assertion, **more: object) -> Rule:
    return Rule("r", "R", "low", applies, asserts, "w", "f", **more)  # type: ignore[arg-type]


def test_a_rule_of_the_pack_says_whom_what_and_where() -> None:
    pack = {each.id: speaks(each) for each in rules.load(["zoom-2020"]).rules}
    assert pack["overseas-keys-avoid-mainland"] == (
        "When all participants are overseas (anywhere but CN, or labelled overseas), "
        "keys traffic must not reach "
        "a relay or server in mainland China (CN)."
    )
    assert pack["cross-border-avoids-mainland"].startswith(
        "From 2020-04-25 (UTC): where no selections of accounts are given, when some participants are mainland (in CN"
    )
    assert pack["third-party-telemetry"] == (
        "Whoever takes part, recognised telemetry traffic must reach no relay or server except one of zoom."
    )
    assert "opened towards the place" in pack["no-mainland-administration"]


def test_every_condition_is_said() -> None:
    said = speaks(
        rule(
            Scope(
                "none", Population("staff", labels=frozenset({"staff"})), "complete",
                services=Names(frozenset({"x"}), True),
                directions=frozenset({"to", "from"}), bases=frozenset({"offered"}),
            ),
            Assertion(
                "must_not_touch",
                operators=Names(frozenset({"Acme", "Ajax", "Apex"})), services=Names(frozenset({"y"})),
                sites=Names(frozenset({"z"}), True), roles=frozenset({"hop"}),
            ),
            since_ns=0, until_ns=86_400_000_000_000, proof=True,
        )
    )  # fmt: skip
    assert said == (
        "From 1970-01-01 until 1970-01-02 (UTC): when no participant is staff (labelled staff), by a complete roster, "
        "traffic of any plane of other services than x that was opened by the place or towards the place "
        "must not reach a hop run by Acme, Ajax or Apex of y at other sites than z; "
        "judged on what is offered and only proof of a place counts."
    )


def test_encryption_is_asked_of_exchanges() -> None:
    asked = Scope(planes=frozenset({"media"}), bases=frozenset({"observed"}))
    everyone = Assertion("must_be_encrypted", roles=frozenset({"client", "server", "relay", "hop"}))
    said = "Whoever takes part, media traffic must be encrypted between any two ends that packets show"
    assert speaks(rule(asked, everyone)) == f"{said}."
    relays = speaks(rule(asked, Assertion("must_be_encrypted", roles=frozenset({"relay"}))))
    assert relays == f"{said}, of which one is a relay."


def test_long_sets_are_cut_and_the_world_is_a_word() -> None:
    said = speaks(rule(Scope(), Assertion("must_stay_in", "+".join(countries.CODES[:66]))))
    assert said.endswith(f"except one in {', '.join(countries.CODES[:64])} and 2 more.")
    assert "anywhere" in speaks(rule(Scope("any", Population("p", "*")), Assertion("must_stay_in", "CN")))
