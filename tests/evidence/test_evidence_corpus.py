"""Real captures: whatever is found in them is found again in the packets that are taken out as its evidence."""

import io
from pathlib import Path

import pytest

from auditor.evidence import case as cases
from auditor.evidence.extract import extract
from auditor.evidence.sessions import table
from auditor.model.errors import InputError
from tests import corpus
from tests.test_witness import PACK, RULE

PICK = corpus.captures()[::7]
"""Some of them: each is audited several times."""
FINDINGS = 3
WIDE = (
    RULE.replace("overseas-avoids-china", "stays-in-canada")
    .replace("{participants: all overseas, planes: [media, signalling, keys]}", "{}")
    .replace(
        "must_not_touch: {territory: china-mainland, as: [server, relay]}",
        "must_stay_in: {countries: [CA], as: [server, relay, hop, client]}",
    )
)


@corpus.needed
@pytest.mark.parametrize("capture", PICK, ids=lambda path: path.name)
def test_evidence_leads_to_the_same_finding(capture: Path, tmp_path: Path) -> None:
    (tmp_path / "pack").mkdir()
    (tmp_path / "pack" / "pack.yaml").write_text(PACK.replace("overseas-avoids-china", "stays-in-canada"))
    (tmp_path / "pack" / "stays-in-canada.yaml").write_text(WIDE)
    packs = [tmp_path / "pack", "zoom-2020"]
    try:
        case = cases.opened(capture, rules=packs, workers=1)
    except InputError as error:
        pytest.skip(str(error))
    for finding in case.report.findings:
        assert len(table(case, [finding.id])) == finding.sessions
    for finding in sorted(case.report.findings, key=lambda found: found.id)[:FINDINGS]:
        into = io.BytesIO()
        extract(case, finding, into)
        (tmp_path / "evidence.pcapng").write_bytes(into.getvalue())
        found = cases.opened(tmp_path / "evidence.pcapng", rules=packs, workers=1).finding(finding.id)
        assert found.sessions >= finding.sessions
        assert found.packets >= finding.packets
