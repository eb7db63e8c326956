"""Real load balancers out of a folder that can't be part of the project."""

import os
import re
from pathlib import Path

import pytest

from auditor.routing import cloudflare
from auditor.routing.model import Routing
from auditor.routing.store import Kept

ROOT = Path(os.environ.get("AUDITOR_ROUTING") or Path(__file__).resolve().parents[3] / "shared" / "routing")
FOLDER = ROOT / "cloudflare"

pytestmark = pytest.mark.skipif(not FOLDER.is_dir(), reason=f"no real configurations in {FOLDER}; set AUDITOR_ROUTING")


def read(path: Path) -> Routing:
    """Read a file; in tests of the provider, which are templates of Go, verbs get values."""
    text = re.sub(r"%\[(\d)\]s", lambda verb: {"1": "zone", "2": "example.com"}.get(verb[1], "it"), path.read_text())
    kept = Kept({path.name: text.encode()})
    (found,) = cloudflare.read([kept.read(path.name)], kept)  # type: ignore[list-item]
    return found


def lines(path: Path, pattern: str) -> list[int]:
    return [i for i, line in enumerate(path.read_text().split("\n"), 1) if re.match(pattern, line)]


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.tf")), ids=lambda path: path.name)
def test_every_file_is_read_with_its_lines(path: Path) -> None:
    found = read(path)
    assert found.clients
    undefined = set(re.findall(r"cloudflare_load_balancer_pool\.[^.\s]+\.id", path.read_text()))
    for each in found.unread:  # nothing but pools that other files define
        assert undefined
        assert each.text.startswith("cloudflare_load_balancer_pool.")
        assert "not defined" in each.why
        near = path.read_text().split("\n")[each.at.line - 1 : each.at.line + 1]  # a key of a map: the map's line
        assert any("cloudflare_load_balancer_pool." in line for line in near)
    last = path.read_text().count("\n") + 1
    assert all(0 < client.at.line <= last for client in found.clients)


def test_a_policy_that_ignores_the_maps_makes_them_dead_fences() -> None:
    path = FOLDER / "resource.tf"
    if not path.exists():
        pytest.skip("resource.tf is not there")
    found = read(path)
    assert not found.unread
    fences = [remark.at.line for remark in found.remarks if "dead fence" in remark.text]
    assert fences == lines(path, r"  (country|pop|region)_pools = ")
    assert len({id(client.root) for client in found.clients}) == 1
