"""Write the reports of all sample captures into a folder: the demonstration, and the golden reports of the tests.

    python tools/samples.py FOLDER

Each sample is audited with its own inventory (`NAME.inventory.yaml` beside it) where there is one, under the
default rules; so are the routing configurations of `docs/examples/gate`.  The same samples give the same bytes, so
`reports/examples/` is documentation and test in one.
"""

import os
import sys
from collections.abc import Iterator
from datetime import date
from itertools import chain
from pathlib import Path

HERE = Path(__file__).resolve().parent.parent
SAMPLES = HERE / "sample_pcaps"
GATE = "docs/examples/gate"
DAY = date(2026, 11, 1)
"""As of which the examples of routing configuration are judged."""
SUFFIXES = {"text": "txt", "json": "json", "html": "html"}
CI = {"sarif": "sarif", "junit": "xml", "gitlab": "gitlab.json", "github": "github.txt", "markdown": "md"}
IN_CI = "zoom-2020-incident"
"""The one sample whose report is written in the formats of CI systems too."""


def samples() -> Iterator[tuple[str, Path, Path | None]]:
    """Yield each sample's name, its capture and its inventory."""
    for capture in sorted(path for path in SAMPLES.iterdir() if ".pcap" in path.name):
        name = capture.name.partition(".")[0]
        inventory = SAMPLES / f"{name}.inventory.yaml"
        yield name, capture, inventory if inventory.exists() else None


def reports(capture: Path, inventory: Path | None) -> dict[str, str]:
    """Audit one sample; return its report by format."""
    from auditor import audit
    from auditor.report import RENDERERS

    report = audit(capture, inventory=inventory, workers=1).report
    formats = SUFFIXES | CI if capture.name.partition(".")[0] == IN_CI else SUFFIXES
    return {suffix: RENDERERS[name](report) for name, suffix in formats.items()}


def gates() -> Iterator[tuple[str, dict[str, str]]]:
    """Prove the examples of routing configuration; yield the name of each and its report by format."""
    from auditor.gate import gate
    from auditor.report import RENDERERS

    names = {"gate-clean": ("routing.yaml", None), "gate-surge": ("surge.yaml", "routing.yaml")}
    here = Path.cwd()
    os.chdir(HERE)  # reports name files from the folder in which the command runs
    try:
        for name, (file, earlier) in names.items():
            against = f"{GATE}/{earlier}" if earlier else None
            found = gate(f"{GATE}/{file}", inventory=f"{GATE}/inventory.yaml", as_of=DAY, against=against)
            formats = SUFFIXES | CI if earlier else SUFFIXES
            yield name, {suffix: RENDERERS[kind](found.report) for kind, suffix in formats.items()}
    finally:
        os.chdir(here)


def main() -> None:
    """Write every report, and say where they are."""
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else HERE / "reports" / "out")
    folder.mkdir(parents=True, exist_ok=True)
    audits = ((name, reports(capture, inventory)) for name, capture, inventory in samples())
    for name, texts in chain(audits, gates()):
        for suffix, text in texts.items():
            (folder / f"{name}.{suffix}").write_text(text, encoding="utf-8")
        verdict = (folder / f"{name}.txt").read_text(encoding="utf-8").partition("\n")[0]
        print(f"{name:32} {verdict}")
    print(f"\nOpen in a browser: {folder / 'zoom-2020-incident.html'}")


if __name__ == "__main__":
    main()
