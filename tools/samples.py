"""Write the reports of all sample captures into a folder: the demonstration, and the golden reports of the tests.

    python tools/samples.py FOLDER

Each sample is audited with its own inventory (`NAME.inventory.yaml` beside it) where there is one, under the
default rules.  The same samples give the same bytes, so `reports/examples/` is documentation and test in one.
"""

import sys
from collections.abc import Iterator
from pathlib import Path

HERE = Path(__file__).resolve().parent.parent
SAMPLES = HERE / "sample_pcaps"
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


def main() -> None:
    """Write every report, and say where they are."""
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else HERE / "reports" / "out")
    folder.mkdir(parents=True, exist_ok=True)
    for name, capture, inventory in samples():
        for suffix, text in reports(capture, inventory).items():
            (folder / f"{name}.{suffix}").write_text(text, encoding="utf-8")
        verdict = (folder / f"{name}.txt").read_text(encoding="utf-8").partition("\n")[0]
        print(f"{name:32} {verdict}")
    print(f"\nOpen in a browser: {folder / 'zoom-2020-incident.html'}")


if __name__ == "__main__":
    main()
