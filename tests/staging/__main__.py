"""List which examples of packs become captures, what each is judged as, and which can't be staged and why.

python -m tests.staging [PACK|PATH]...
"""

import sys
import tempfile
from pathlib import Path

from auditor import rules
from tests.staging import stage


def main(packs: list[str]) -> int:
    return max([listed(pack) for pack in packs or rules.shipped()])


def listed(pack: str) -> int:
    """List what becomes of the examples of one pack; 1 if any is judged otherwise."""
    home = None if pack in rules.shipped() else Path(pack).resolve().parent
    with tempfile.TemporaryDirectory() as folder:
        evidence = stage.stage(rules.load([pack]).rules, Path(folder), (1, 2), home)
        found = stage.located(evidence)
        judged = stage.verdicts(found, evidence)
        strangers = stage.strangers(found, evidence)
    wrong = [f"{each.label} is {judged[each.label]}" for each in evidence.staged if judged[each.label] != each.promised]
    missing = [f"{label}: {why}" for label, why in evidence.missing.items()]
    print(f"{pack}: {len(evidence.staged)} captures")
    for title, lines in (("judged otherwise", wrong), ("told otherwise", strangers), ("can't be staged", missing)):
        print(f"  {title}: {len(lines)}", *lines, sep="\n    ")
    return int(bool(wrong or strangers))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
