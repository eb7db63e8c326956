import re
from dataclasses import replace

import pytest

from auditor.report import RENDERERS
from auditor.report.text import MOST, render_text, show

from . import samples


@pytest.mark.parametrize("width", [72, 80, 100])
@pytest.mark.parametrize("name", samples.SAMPLES)
def test_it_fits_and_is_quiet(name: str, width: int) -> None:
    text = render_text(samples.SAMPLES[name], width=width)
    assert max(map(len, text.splitlines())) <= width
    assert not re.search(r"[^\n\x20-\x7e]", text)
    assert not re.search(r" $", text, re.MULTILINE)
    assert text.endswith("\n")


def test_the_verdict_comes_first_in_plain_words() -> None:
    text = render_text(samples.FAIL)
    assert text.startswith(
        "FAIL  Traffic went where the rules forbid it.\n      1 violation proven, 2 open questions.\n"
    )
    flat = " ".join(text.split())
    assert (
        "2 sessions of overseas participants exchanged encryption keys with a place in mainland China: "
        "AWS China (Beijing), 52.81.151.250." in flat
    )
    assert "Proven by AWS ranges 2026-10-26, region cn-north-1." in flat
    assert "Overruled: vendor.mmdb says the United States." in flat
    assert "2020-incident.pcap, packet 118: TLS ClientHello" in flat
    assert "List 103.122.166.55 in the inventory as a site with its country." in flat
    assert "3 packets and 120 bytes could not be examined." in flat
    assert "IP Geolocation by DB-IP" in flat


def test_a_claim_is_never_called_proof() -> None:
    claimed = replace(samples.KEYS, proven=False, located_by=samples.OPEN.located_by, endpoints=samples.OPEN.endpoints)
    text = " ".join(render_text(replace(samples.FAIL, findings=(claimed,))).split())
    assert "appears to have gone" in text
    assert "Indicated, not proven: the place by claims (DB-IP Lite country 2026-10-01; vendor.mmdb)." in text


def test_an_empty_audit_is_no_all_clear() -> None:
    text = render_text(samples.EMPTY)
    assert text.startswith("OPEN  Nothing in this evidence falls under the rules.")
    assert "The inputs hold no packets and no log records." in text


def test_very_many_findings_are_counted() -> None:
    text = render_text(samples.crowd(1_000))
    assert len(re.findall(r"^(?:FAIL|OPEN)  (?:critical|high)", text, re.MULTILINE)) == 2 * MOST
    assert f"{1_000 - 2 * MOST} more findings; the JSON report lists all." in text
    assert "500 violations proven, 500 open questions." in text


def test_colour_marks_verdicts_only() -> None:
    plain, coloured = render_text(samples.FAIL), render_text(samples.FAIL, colour=True)
    assert re.sub(r"\x1b\[[0-9;]*m", "", coloured) == plain
    assert coloured.startswith("\x1b[1;31mFAIL\x1b[0m")


def test_on_something_that_is_no_terminal_it_has_no_colour(capsys: pytest.CaptureFixture[str]) -> None:
    show(samples.FAIL)
    assert "\x1b" not in capsys.readouterr().out


def test_the_registry_gives_the_same() -> None:
    assert RENDERERS["text"](samples.FAIL) == render_text(samples.FAIL)
