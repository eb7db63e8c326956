"""Traceroutes: RIPE Atlas, scamper, mtr, and what tools print."""

from typing import Final

from auditor.logs.model import Reader
from auditor.logs.traces import atlas, mtr, scamper, text, warts

FORMATS: Final[dict[str, Reader]] = {
    "ripe-atlas": atlas,
    "scamper-json": scamper,
    "scamper-warts": warts,
    "mtr": mtr,
    "traceroute-text": text,
}
