"""Values of variables that files give: which files are taken, in which order, and where nobody knows.

Terraform documentation, "Input Variables", section "Variable Definition Precedence".
"""

import posixpath
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from auditor.model.errors import InputError
from auditor.routing.model import File
from auditor.routing.store import Store
from auditor.routing.terraform.assumed import Choice
from auditor.routing.terraform.syntax import Expression, Source, json_body, native

CODE: Final = (".tf", ".tf.json", ".tofu", ".tofu.json")  # OpenTofu reads both
VALUES: Final = (".tfvars", ".tfvars.json")

_SEVERAL: Final = "several .tfvars files that were given set this variable"
_SOME: Final = "not all of the .tfvars files that were given set this variable, and without them it has another value"
_BESIDE: Final = (
    "this variable has no value that is sure: a .tfvars file beside the module sets it; give the file that is used"
)


def folder_of(name: str) -> str:
    """Return the folder in which a file is."""
    return posixpath.dirname(posixpath.normpath(name))


def inputs_of(
    folder: str, given: Mapping[str, File], store: Store
) -> tuple[dict[str, Expression | Choice], list[File]]:
    """Give values of variables: terraform.tfvars, then *.auto.tfvars by name, then other files that were given.

    Where two of the other files differ nobody knows which will be used, nor in which order; where only some of them set
    a variable nobody knows whether these are used; and where none was given, one that lies beside may be.
    """
    auto = _automatic_files(folder, given, store)
    other = [file for name, file in given.items() if name.endswith(VALUES) and not _automatic(name)]
    usual: dict[str, Expression] = {}
    for file in auto:
        usual.update(_values(file))
    if other:
        chosen = [_values(file) for file in other]
        return {**usual, **dict(_chosen(chosen, usual))}, [*auto, *other]
    beside = list(_beside(folder, store))
    names = dict.fromkeys(name for values in beside for name in values)
    may = {name: Choice(_held([usual, *beside], name), name in usual, _BESIDE, asked=False) for name in names}
    return {**usual, **may}, auto


def _chosen(
    chosen: Sequence[Mapping[str, Expression]], usual: Mapping[str, Expression]
) -> Iterator[tuple[str, Expression | Choice]]:
    """Give the values of files that are chosen by an option."""
    for name in dict.fromkeys(name for values in chosen for name in values):
        found = _held(chosen, name)
        if len(chosen) == 1:
            yield name, found[0]
        elif len(found) == len(chosen):
            yield name, Choice(found, True, f"{_SEVERAL}; give one of them")
        else:
            why = f"{_SEVERAL if len(found) > 1 else _SOME}; give those that are used together, or the plan as JSON"
            yield name, Choice([*found, *_held([usual], name)], name in usual, why)


def _held(chosen: Sequence[Mapping[str, Expression]], name: str) -> list[Expression]:
    return [values[name] for values in chosen if name in values]


def _automatic_files(folder: str, given: Mapping[str, File], store: Store) -> list[File]:
    """List the files of values that Terraform takes without being asked, in its order."""
    names = [posixpath.join(folder, name) for name in ("terraform.tfvars", "terraform.tfvars.json")]
    found = [name for end in VALUES for name in store.glob(posixpath.join(folder, f"*.auto{end}"))]
    every = (given.get(posixpath.normpath(name)) or store.read(name) for name in [*names, *sorted(found)])
    return [file for file in every if file is not None]


def _beside(folder: str, store: Store) -> Iterator[dict[str, Expression]]:
    """Give what files beside a module would set; what can't be read of them is not asked for, and sets nothing."""
    for name in sorted(name for end in VALUES for name in store.glob(posixpath.join(folder, f"*{end}"))):
        if not _automatic(name):
            try:
                file = store.read(name)
                yield _values(file) if file is not None else {}
            except InputError:
                continue


def _automatic(name: str) -> bool:
    base = posixpath.basename(name)
    return base in ("terraform.tfvars", "terraform.tfvars.json") or base.endswith((".auto.tfvars", ".auto.tfvars.json"))


def _values(file: File) -> dict[str, Expression]:
    if not file.name.endswith(".json"):
        return native(file).attributes
    from auditor.routing.documents import load as documents

    found: dict[str, Expression] = {}
    for document in documents(file):
        if not isinstance(document.tree, dict):
            raise InputError(file.name, "holds no values of variables: an object is expected", 1)
        found.update(json_body(document.tree, document.marks, Source(file.name, "")).attributes)
    return found
