"""What lint found, as lines that editors and CI systems read, and as JSON."""

import json
from collections.abc import Sequence
from datetime import date

from auditor.report.clean import encodable, in_ascii, printable
from auditor.report.words import many
from auditor.rules.lint import SEVERITIES, Remark

FORMAT = "auditor-lint/v1"


def text(remarks: Sequence[Remark], rules: int) -> str:
    """Write one line a remark, `file:line: severity: rule: what; remedy [check]`, and how many there are."""
    lines = [printable(_line(each)) for each in remarks]
    counts = [many(sum(each.severity == name for each in remarks), name) for name in SEVERITIES]
    return "\n".join([*lines, f"{many(rules, 'rule')}: {', '.join(counts)}", ""])


def _line(remark: Remark) -> str:
    about = f"{remark.rule}: " if remark.rule else ""
    return f"{remark.place}: {remark.severity}: {about}{remark.what}; {remark.remedy} [{remark.check}]"


def written(remarks: Sequence[Remark], rules: int, as_of: date) -> str:
    """Write JSON: the remarks in their order, each with all of its fields."""
    names = ("severity", "check", "file", "line", "rule", "what", "remedy")
    said = {
        "format": FORMAT,
        "as_of": str(as_of),
        "rules": rules,
        **{f"{name}s": sum(each.severity == name for each in remarks) for name in SEVERITIES},
        "remarks": [{name: getattr(each, name) for name in names} for each in remarks],
    }
    return in_ascii(encodable(json.dumps(said, indent=2, ensure_ascii=False))) + "\n"
