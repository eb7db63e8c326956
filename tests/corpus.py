"""Where real captures are, if they are: a folder that can't be part of the project (licences, personal data)."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

FOLDER = Path(os.environ.get("AUDITOR_CORPUS") or Path(__file__).resolve().parents[2] / "shared" / "corpus") / "pcaps"


def captures() -> list[Path]:
    """List the captures that have a truth file beside them."""
    return [truth.with_name(truth.name.removesuffix(".truth.json")) for truth in sorted(FOLDER.glob("*.truth.json"))]


def truth(capture: Path) -> dict[str, Any]:
    """Read what tshark says about a capture."""
    return json.loads(capture.with_name(capture.name + ".truth.json").read_text())


needed = pytest.mark.skipif(
    not FOLDER.is_dir(), reason=f"real captures are not here: {FOLDER} (AUDITOR_CORPUS names their folder)"
)
each = pytest.mark.parametrize("capture", captures(), ids=lambda path: path.name)
