"""List which examples of packs become captures, what each is judged as, and which can't be staged and why.

python -m tests.staging [PACK|PATH]...
"""

import sys
import tempfile
from pathlib import Path

from auditor import rules
from tests.staging import stage


def main(packs: list[str]) -> int:
    with tempfile.TemporaryDirectory() as folder:
        evidence = stage.stage(rules.load(packs or rules.shipped()).rules, Path(folder), (1, 2))
        found = stage.located(evidence)
        judged = stage.verdicts(found, evidence)
        strangers = stage.strangers(found, evidence)
    wrong = [f"{each.label} is {judged[each.label]}" for each in evidence.staged if judged[each.label] != each.promised]
    missing = [f"{label}: {why}" for label, why in evidence.missing.items()]
    for title, lines in (("judged otherwise", wrong), ("told otherwise", strangers), ("can't be staged", missing)):
        print(f"{title}: {len(lines)}", *lines, sep="\n  ")
    print(f"captures: {len(evidence.staged)}")
    return bool(wrong or strangers)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
