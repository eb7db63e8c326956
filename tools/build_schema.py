"""Write the JSON Schemas of what we write and of what people write: `python tools/build_schema.py`."""

from pathlib import Path
from typing import Final

from auditor.enrich import format as enrich
from auditor.evidence import shape as evidence
from auditor.logs.monitors import columns_format
from auditor.report import baseline, shape
from auditor.routing.plain import format as plain_format
from auditor.rules import schemas as rules

FOLDER: Final = Path(__file__).parents[1] / "reports" / "schema"
FILES: Final = {  # what people write
    "auditor-rule-v1": rules.rule,
    "auditor-pack-v1": rules.pack,
    "auditor-tests-v1": rules.tests,
    "auditor-territories-v1": rules.territories,
    "auditor-operators-v1": rules.operators,
    "auditor-selections-v1": rules.selections,
    "auditor-waivers-v1": rules.waivers,
    "auditor-inventory-v1": enrich.inventory_schema,
    "auditor-catalogue-v1": enrich.catalogue_schema,
    "auditor-columns-v1": columns_format.schema,
    "auditor-regions-v1": enrich.regions_schema,
    "auditor-routing-v1": plain_format.routing_schema,
}
SCHEMAS: Final = {
    "auditor-report-v1": shape.schema,
    "auditor-baseline-v1": baseline.schema,
    "auditor-finding-v1": evidence.schema,
    **FILES,
}

if __name__ == "__main__":
    for name, schema in SCHEMAS.items():
        (FOLDER / f"{name}.json").write_text(schema(), encoding="utf-8", newline="\n")
