"""Write a document as YAML 1.2 that `model.documents` reads back as what it was."""

from typing import Any

import yaml

from auditor.model.documents import resolve as meaning

Tree = dict[str, Any]


class _Dumper(yaml.SafeDumper):
    """Writes YAML 1.2 that is read back as what it was: text that would mean something else stands in quotes."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def _text(dumper: _Dumper, text: str) -> Any:
    try:
        plain = meaning(text) == text
    except ValueError:
        plain = False
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=None if plain else '"')


_Dumper.add_representer(str, _text)


def written(tree: Tree) -> str:
    """Write a document as YAML 1.2, lists and mappings without others in them on one line."""
    text: str = yaml.dump(tree, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=110, default_flow_style=None)
    return text
