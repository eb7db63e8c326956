"""Write the JSON Schema of the JSON report: `python tools/build_schema.py`."""

from pathlib import Path

from auditor.report import shape

TARGET = Path(__file__).parents[1] / "reports" / "schema" / "auditor-report-v1.json"

if __name__ == "__main__":
    TARGET.write_text(shape.schema(), encoding="utf-8", newline="\n")
