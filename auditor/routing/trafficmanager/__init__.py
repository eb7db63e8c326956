"""Azure Traffic Manager: profiles with their endpoints, as they are deployed or as Azure tells them.

`model`, `parse` and `settle` are what is read, `tree` (with `nesting`) how profiles lead to each other, `graph` what is
proven, `replay` what Traffic Manager does.  `arm` (with `expressions` and their `functions`), `listing` and `terraform`
are the inputs.
"""

import re
from collections.abc import Sequence, Set
from dataclasses import replace
from functools import lru_cache
from typing import Final

from auditor.model.errors import InputError
from auditor.routing import documents
from auditor.routing import terraform as hcl
from auditor.routing.documents import Document
from auditor.routing.model import File, Routing
from auditor.routing.store import Store
from auditor.routing.terraform.values import Value
from auditor.routing.trafficmanager import arm, listing, terraform
from auditor.routing.trafficmanager.clients import routing
from auditor.routing.trafficmanager.model import PROVIDER, Config, Symbol
from auditor.routing.trafficmanager.settle import settled

__all__ = ["FORMAT", "belongs", "read", "sniff"]

FORMAT: Final = PROVIDER

_WORD: Final = re.compile(
    rb"microsoft\.network/trafficmanagerprofiles|\"trafficRoutingMethod\"|trafficRoutingMethod:", re.I
)
_SCHEMA: Final = re.compile(rb"schemas/[^/\"]{1,20}/[a-z]*deployment(?:template|parameters)\.json", re.I)
_TYPED: Final = re.compile(rb'"type"\s*:\s*"\[', re.I)
"""A type that is an expression: it may be any."""
_BICEP: Final = ".bicep"
_YAML: Final = (".yaml", ".yml")
_COMMENT: Final = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"?|//[^\n]*|/\*.*?(?:\*/|\Z)', re.S)
"""Texts, and comments; one that does not end goes to the end, so that nothing is gone through twice."""


def belongs(file: File) -> bool:
    """Say whether a file may matter where others are of Traffic Manager: Terraform, templates, values of parameters."""
    if hcl.is_terraform(file) or hcl.is_show(file):
        return True
    return _is_json(file) and bool(_SCHEMA.search(file.data[:4096]))


def sniff(file: File) -> bool:
    """Say whether a file has profiles or endpoints; one that seems to and can't be read is one: it is told."""
    if hcl.is_terraform(file) or hcl.is_show(file):
        return bool(terraform.WORD.search(file.data)) or hcl.escapes(file)
    if not _WORD.search(file.data) and not (_TYPED.search(file.data) and _SCHEMA.search(file.data)):
        return _holds(documents.unveiled(file))
    if file.name.endswith(_BICEP):
        return True
    if not (_is_json(file) or file.name.endswith(_YAML)):
        return False
    try:
        return _holds(_documents(file))
    except InputError:
        return b"trafficRoutingMethod" in file.data


def _holds(found: Sequence[Document]) -> bool:
    return any(arm.sniff(each.tree) or listing.sniff(each.tree) for each in found)


def _is_json(file: File) -> bool:
    return file.data[:1024].lstrip(b"\xef\xbb\xbf \t\r\n")[:1] in (b"{", b"[", b"/")


@lru_cache(8)
def _documents(file: File) -> tuple[Document, ...]:
    """Read JSON, in which templates may have comments, or the YAML that `az` prints."""
    data = file.data
    if _is_json(file) and (b"//" in data or b"/*" in data):
        data = _COMMENT.sub(_blank, data)
    return tuple(documents.load(replace(file, data=data)))


def _blank(found: "re.Match[bytes]") -> bytes:
    """Write spaces for a comment, so that everything stays where it is."""
    return found[0] if found[0][:1] == b'"' else re.sub(rb"[^\r\n]", b" ", found[0])


def read(files: Sequence[File], store: Store) -> list[Routing]:
    """Read files together: they are one configuration.  Raise InputError for what can't be read."""
    config = Config()
    code = [file for file in files if hcl.is_terraform(file) or hcl.is_show(file)]
    rest = [file for file in files if file not in code]
    _not_bicep(rest)
    found = [each for file in rest if not file.name.endswith(_BICEP) for each in _documents(file)]
    _documents.cache_clear()
    given = [(each.file, values) for each in found if (values := arm.parameters(each)) is not None]
    templates = {each.file for each in found if arm.is_template(each.tree)}
    for document in found:
        if arm.is_template(document.tree):
            arm.read(document, config, _given(document, given, templates, config))
        elif listing.sniff(document.tree):
            listing.read(document, config)
    whole = {file.name: file for file in files}
    for each in hcl.load(code, store) if code else []:
        terraform.read(each, config)
        whole |= {file.name: file for file in each.files}
    settled(config)
    if not (config.profiles or config.unread):
        return []
    return [routing(config, tuple(whole.values()))]


def _given(
    template: Document, given: Sequence[tuple[str, dict[str, Value]]], templates: Set[str], config: Config
) -> dict[str, Value]:
    """Return the values that files give a template; of two that differ nobody knows which will be used.

    A file is for a template that declares all of its parameters, and for no other one if it is named after one; of one
    that has others it is told.
    """
    declared = template.tree.get("parameters")
    known = {str(name).lower() for name in declared} if isinstance(declared, dict) else set()
    found: dict[str, Value] = {}
    for file, values in given:
        own = f"{file.rpartition('.parameters')[0]}.json"
        strange = [name for name in values if name not in known]
        if strange and own == template.file:
            why = "is no parameter of the template after which its file is named, which is not used so; correct one"
            config.unclear(values[strange[0]].at, strange[0], why)
        if strange or (own in templates and own != template.file):
            continue
        for name, value in values.items():
            other = found.setdefault(name, value)
            if other.data != value.data:
                found[name] = Value(Symbol(f"${{parameters('{name}')}}"), value.at)
    return found


def _not_bicep(files: Sequence[File]) -> None:
    """Refuse Bicep, unless what was built of it is there too."""
    built = {file.name.removesuffix(".json") for file in files}
    for file in files:
        if file.name.endswith(_BICEP) and file.name.removesuffix(_BICEP) not in built:
            message = "is Bicep, which is not read; build it (az bicep build) and give the template that it makes"
            raise InputError(file.name, message)
