"""The tool that holds proofs against brute force: a sample of what `make prove` does, and that it notices errors."""

from dataclasses import replace
from typing import Any

import pytest

from auditor.routing import formats
from auditor.routing.model import First, Routing
from tools import prove


@pytest.mark.parametrize("name", prove.FORMATS)
def test_a_sample_of_each_format_is_proven_as_it_runs(name: str) -> None:
    counts = prove._batch(name, prove.MOST, 0, 12)
    assert counts["wrong"] == 0
    assert counts["refused"] < 12
    assert counts["pairs"] > 12


def test_a_proof_that_is_wrong_is_noticed(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    plain = formats.FORMATS["routing.yaml"]

    def turned(*given: Any) -> list[Routing]:
        found = plain.read(*given)
        return [replace(each, clients=[replace(client, root=_turned(client.root)) for client in each.clients])
                for each in found]  # fmt: skip

    monkeypatch.setitem(formats.FORMATS, "routing.yaml", replace(plain, read=turned))
    assert prove._batch("plain", prove.MOST, 0, 40)["wrong"] > 0
    assert "found" in capsys.readouterr().out


def _turned(root: Any) -> Any:
    return First(tuple(reversed(root.children)), root.at, root.on_down) if isinstance(root, First) else root
