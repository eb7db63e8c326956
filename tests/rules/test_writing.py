from auditor.model import documents
from auditor.rules import writing


def test_what_is_written_is_read_back() -> None:
    tree = {"a": ["NO", "1e3", "x y", True, 3, "é"], "b": {"c": "line\nbreak", "d": [{"e": "f" * 200}]}}
    assert documents.loads(writing.written(tree).encode(), "x.yaml").tree == tree
