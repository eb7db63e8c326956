"""Where real routing configurations are, if they are: a folder that can't be part of the project (licences)."""

import os
from pathlib import Path

import pytest

from auditor.routing.model import File
from auditor.routing.store import Disk

ROOT = Path(os.environ.get("AUDITOR_ROUTING") or Path(__file__).resolve().parents[3] / "shared" / "routing")


def real(name: str) -> File:
    """Read a real configuration, or skip the test and say so."""
    file = Disk().read(str(ROOT / name))
    if file is None:
        pytest.skip(f"no real configurations at {ROOT}; set AUDITOR_ROUTING to their folder")
    return file
