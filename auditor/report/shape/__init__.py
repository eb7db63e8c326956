"""The shape of the JSON report, `auditor-report/v1`: apart from the model, so that the inside can change and it can't.

Other programs build on this file for years.  Its fields are declared here and nowhere else; the JSON
Schema in `reports/schema/` is generated from them (`tools/build_schema.py`), and a test compares.
Within v1 fields may be added, never renamed, retyped or removed.

report    the whole          finding   what was touched, by whom, on which evidence
parts     what all share     route     what a configuration would do
"""

from auditor.report.shape.finding import Evidence, Finding, Located, Participants, Place, Said, Sessions, Settle, Waiver
from auditor.report.shape.parts import Count, Shape, Time, schema_of
from auditor.report.shape.report import (
    SCHEMA_ID,
    BaselineUse,
    Conflict,
    Control,
    Coverage,
    Database,
    Input,
    Judged,
    Past,
    Reference,
    Report,
    Rule,
    Tool,
    Touched,
    Unread,
    UnreadBytes,
    Waived,
    WaiverUse,
    schema,
)
from auditor.report.shape.route import Configuration, Reaching, Route, Surge

__all__ = [
    "SCHEMA_ID", "BaselineUse", "Configuration", "Conflict", "Control", "Count", "Coverage", "Database", "Evidence",
    "Finding", "Input", "Judged", "Located", "Participants", "Past", "Place", "Reaching", "Reference", "Report",
    "Route", "Rule", "Said", "Sessions", "Settle", "Shape", "Surge", "Time", "Tool", "Touched", "Unread",
    "UnreadBytes", "Waived", "Waiver", "WaiverUse", "schema", "schema_of",
]  # fmt: skip
