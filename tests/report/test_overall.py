from dataclasses import replace

from auditor.model.report import Verdict
from auditor.report import RENDERERS, overall

from . import samples


def test_titles() -> None:
    assert overall.title(samples.FAIL) == "Traffic went where the rules forbid it"
    assert overall.title(samples.EMPTY) == "Nothing in this evidence falls under the rules"
    assert overall.title(samples.PASS) == "Everything that was examined stayed where the rules allow"
    assert "not everything could be decided" in overall.title(samples.UNDECIDED)
    assert "examined" in overall.title(replace(samples.PASS, verdict=Verdict.OPEN))


def test_a_stream_that_ends_too_soon_lost_an_unknown_amount() -> None:
    cut = (("flows.log.gz", 0, "the compressed stream ends too soon"),)
    report = replace(samples.PASS, verdict=Verdict.OPEN, coverage=replace(samples.CLEAN, unread_bytes=cut))
    assert overall.examined(report).endswith(" An unknown amount could not be examined.")
    for kind in ("text", "html"):
        told = RENDERERS[kind](report)
        assert "nknown amount" in told
        assert "0 bytes" not in told
