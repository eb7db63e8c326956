"""Where rules, their packs and their tests lie: names become files, and nothing is read.

Rules are shipped as data: the folder `rules` at the top of a checkout, `auditor/_rules` in a wheel.
"""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from auditor.model.documents import nearest
from auditor.model.errors import InputError, Problems, gathering

PACK_FILE: Final = "pack.yaml"
TERRITORIES_FILE: Final = "territories.yaml"
OPERATORS_FILE: Final = "operators.yaml"
TESTS: Final = "tests"  # folder of a pack
SUFFIXES: Final = (".yaml", ".yml")


def builtin() -> Path:
    """Return the folder of the shipped rules, territories and catalogue."""
    package = Path(__file__).parents[1]
    shipped = package / "_rules"
    return shipped if shipped.is_dir() else package.parent / "rules"


def shipped() -> list[str]:
    """Return the names of the shipped packs, sorted."""
    return sorted(path.parent.name for path in builtin().glob(f"*/{PACK_FILE}"))


def shown(file: str) -> str:
    """Return a path as a reader finds it: from the folder they are in, if it lies there."""
    path = Path(file)
    return str(path.relative_to(Path.cwd())) if path.is_absolute() and path.is_relative_to(Path.cwd()) else file


def placed(file: str) -> str:
    """Return where a reader of a report finds a rule file: from the folder they are in, or among the shipped ones.

    Of a file elsewhere it tells the folder's name and its own, as a report names no paths of the machine.
    """
    path = Path(os.path.abspath(file))
    if path.is_relative_to(builtin()):
        return "/".join(("rules", *path.relative_to(builtin()).parts))
    found = Path(shown(str(path)))
    return "/".join(found.parts[-2:] if found.is_absolute() else found.parts)


def catalogue_files() -> list[Path]:
    """Return the files of the shipped service catalogue, sorted."""
    return sorted((builtin() / "catalogue").glob("*.yaml"))


def found(packs: Sequence[str], problems: Problems) -> list[Path]:
    """Return the folder or file of each pack, each once."""
    paths: dict[Path, None] = {}
    for pack in packs:
        path = builtin() / pack if pack in shipped() else Path(os.path.realpath(pack))  # which minds no loops
        if is_test(path):
            problems.add(InputError(pack, "holds tests; name its pack, or give it to `auditor rules test --tests`"))
        elif path.exists():
            paths[path] = None
        else:
            known = nearest(pack, shipped())
            problems.add(InputError(pack, f"is neither a shipped pack nor a file or folder; {known}"))
    return list(paths)


def rule_files(packs: Sequence[str]) -> list[Path]:
    """Return the rule files of packs, of those that `load` takes.  Raise InputErrors for packs that aren't there."""
    with gathering() as problems:
        return [file for path in found(packs, problems) for file in rules_in(path)]


def test_files(packs: Sequence[str], more: Sequence[str | Path] = ()) -> list[Path]:
    """Return the files of tests that stand beside rules: `*.test.yaml`, in the folder of a pack or its folder `tests`.

    `more` are files, or folders of which every YAML file is one.
    """
    with gathering() as problems:
        here: list[Path] = []
        for path in found(packs, problems):
            if path.is_dir():
                here += [each for folder in (path, path / TESTS) for each in _yaml(folder) if is_test(each)]
            else:
                here += [each for each in _yaml(path.parent) if each.stem == f"{path.stem}.test"]
        for path in map(Path, more):
            if not path.exists():
                problems.add(InputError(str(path), "is no file or folder of tests; give one that exists"))
            elif path.is_dir() and not _yaml(path):
                problems.add(InputError(str(path), "holds no YAML file of tests; add one, such as my-rule.test.yaml"))
            here += _yaml(path) if path.is_dir() else [path]
        return list(dict.fromkeys(Path(os.path.realpath(path)) for path in here))


def _yaml(folder: Path) -> list[Path]:
    """List the YAML files of a folder, none if there is no such folder."""
    visible = (path for path in folder.glob("*") if path.suffix in SUFFIXES and not path.name.startswith("."))
    return sorted(path for path in visible if path.is_file())


def rules_in(path: Path) -> list[Path]:
    """Return the rule files of a folder, sorted, or the one file.

    Raise InputErrors for what looks like a rule and can't be one: to pass over it would judge by a rule less.
    """
    if not path.is_dir():
        return [path]
    with gathering() as problems:
        for each in sorted(path.iterdir()):
            if each.suffix.lower() in SUFFIXES and not each.name.startswith("."):
                if each.suffix not in SUFFIXES:
                    problems.add(InputError(str(each), f"is no rule to this tool; call it {each.stem}{SUFFIXES[0]}"))
                elif not os.path.isfile(each):
                    problems.add(InputError(str(each), "is no file that can be read; mend or remove it"))
        return sorted(each for each in path.iterdir() if is_rule(each))


def is_rule(path: Path) -> bool:
    """Say whether a file of a pack's folder holds a rule."""
    if path.suffix not in SUFFIXES or path.name == PACK_FILE or path.name.startswith("."):
        return False
    return not is_test(path) and path.is_file()


def is_test(path: Path) -> bool:
    """Say whether a file's name (`some.test.yaml`) tells that it holds tests of rules."""
    return path.suffix in SUFFIXES and path.stem.endswith(".test")
