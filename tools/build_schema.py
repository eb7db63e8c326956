"""Write the JSON Schemas of the JSON formats: `python tools/build_schema.py`."""

from pathlib import Path

from auditor.evidence import shape as evidence
from auditor.report import shape

FOLDER = Path(__file__).parents[1] / "reports" / "schema"
SCHEMAS = {"auditor-report-v1": shape.schema, "auditor-finding-v1": evidence.schema}

if __name__ == "__main__":
    for name, schema in SCHEMAS.items():
        (FOLDER / f"{name}.json").write_text(schema(), encoding="utf-8", newline="\n")
