"""Files of Terraform's configuration language as bodies of attributes and blocks, each with its place.

Native syntax is parsed by python-hcl2, whose tree before any conversion is used: it has the place of every token.
JSON syntax (`*.tf.json`) becomes the same bodies; its texts are templates.  Sources: Terraform language documentation,
"Files and Configuration Structure", "Override Files", "JSON Configuration Syntax"; HCL Native Syntax Specification.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from auditor.model.documents import decoded
from auditor.model.errors import InputError
from auditor.routing.model import File, Line

MOST: Final = 2 << 20
"""Bytes of native syntax in one file: people write less, and what a generator wrote has a plan."""

DEEPEST: Final = 50  # blocks in blocks; those of providers are a tenth of it


@dataclass(frozen=True, slots=True)
class Source:
    """The text in which a tree stands."""

    file: str
    text: str = field(repr=False)
    before: int = 0  # lines of the file in front of the text

    def line(self, node: Any) -> Line:
        """Say where a node of the tree begins."""
        return Line(self.file, self.before + getattr(node.meta, "line", 1))


@dataclass(frozen=True, slots=True)
class Expression:
    """An expression of either syntax, not yet evaluated."""

    at: Line
    source: Source
    tree: Any  # lark's tree; of JSON: the decoded value
    marks: Any = None  # of JSON: places, in the shape of `auditor.model.strict`
    json: bool = False


@dataclass(frozen=True, slots=True)
class Block:
    """A block, with its labels as far as it has any."""

    type: str
    labels: tuple[str, ...]
    body: "Body"
    at: Line


@dataclass(slots=True)
class Body:
    """What stands between braces."""

    attributes: dict[str, Expression] = field(default_factory=dict)
    blocks: list[Block] = field(default_factory=list)

    kinds: dict[str, list[Block]] = field(default_factory=dict)  # by type, dynamic ones by what they make
    labelled: dict[tuple[str, ...], Block] = field(default_factory=dict)  # by type and labels
    locals: dict[str, Expression] = field(default_factory=dict)

    def add(self, block: Block) -> None:
        """Take in a block."""
        self.blocks.append(block)
        kind = block.labels[0] if block.type == "dynamic" and block.labels else block.type
        self.kinds.setdefault(kind, []).append(block)


def native(file: File) -> Body:
    """Parse a file of native syntax.  Raise InputError, with the place, for what can't be parsed."""
    if len(file.data) > MOST:
        remedy = "give the output of `terraform show -json` for its plan instead"
        raise InputError(file.name, f"is larger than {MOST >> 20} MiB; {remedy}")
    text = decoded(file.data, file.name).replace("\r\n", "\n")
    source = Source(file.name, text)
    return _body(_child(parsed(source), "body"), source)


def parsed(source: Source) -> Any:
    """Parse a text into lark's tree.  Raise InputError, with the place."""
    from hcl2.api import parses_to_tree
    from lark.exceptions import LarkError, UnexpectedInput

    try:
        return parses_to_tree(source.text)
    except UnexpectedInput as error:
        line, column = error.line, error.column
        if not isinstance(line, int) or line < 1:  # the end of the text
            line, column = source.text.count("\n") + 1, 0
        token = getattr(error, "token", None) or getattr(error, "char", "")
        found = f"`{str(token).split(chr(10))[0][:20]}` is not expected" if str(token).strip() else "it ends too early"
        message = f"is not HCL: {found}; mend it here or just before"
        raise InputError(source.file, message, source.before + line, max(column, 0)) from None
    except LarkError as error:
        raise InputError(source.file, f"is not HCL: {str(error)[:200]}; mend it", 1) from None


def expression(text: str, file: str, line: int) -> Expression:
    """Parse a single expression that stands in a line.  Raise InputError."""
    source = Source(file, f"x = ({text}\n)", line - 1)  # in parentheses line breaks are allowed
    body = _body(_child(parsed(source), "body"), source)
    if set(body.attributes) != {"x"} or body.blocks:
        raise InputError(file, "is not HCL: a template holds more than an expression; mend it", line)
    return body.attributes["x"]


def _child(tree: Any, kind: str) -> Any:
    return next(each for each in tree.children if getattr(each, "data", None) == kind)


def name_of(tree: Any) -> str:
    """Give the text of an identifier or keyword."""
    return str(tree.children[0])


def _body(tree: Any, source: Source, depth: int = 0) -> Body:
    found = Body()
    for each in tree.children:
        match getattr(each, "data", None):
            case "attribute":
                name, at = name_of(each.children[0]), source.line(each)
                if name in found.attributes:
                    first = found.attributes[name].at.line
                    raise InputError(source.file, f"`{name}` stands twice (first in line {first}); keep one", at.line)
                found.attributes[name] = Expression(at, source, each.children[-1])
            case "block":
                found.add(_block(each, source, depth + 1))
    return found


def _block(tree: Any, source: Source, depth: int) -> Block:
    if depth > DEEPEST:
        message = f"blocks are nested more than {DEEPEST} levels deep; flatten them"
        raise InputError(source.file, message, source.line(tree).line)
    labels = [
        "".join(str(token) for part in each.children[1:-1] for token in part.children)
        if each.data == "string"
        else name_of(each)
        for each in tree.children
        if getattr(each, "data", None) in ("string", "identifier", "keyword", "literal_value")
    ]
    return Block(labels[0], tuple(labels[1:]), _body(_child(tree, "body"), source, depth), source.line(tree))


LABELS: Final = {
    "resource": 2,
    "data": 2,
    "variable": 1,
    "output": 1,
    "module": 1,
    "provider": 1,
    "locals": 0,
    "check": 1,
}
"""How many labels blocks of the top level have, by which JSON is taken apart."""


def in_json(file: File) -> Body:
    """Read a file of JSON syntax.  Raise InputError, with the place."""
    from auditor.routing.documents import load

    found = Body()
    for document in load(file):
        source = Source(file.name, "")
        if not isinstance(document.tree, dict):
            raise InputError(file.name, "is no configuration of Terraform: an object is expected", 1)
        for kind, value, marks, at in _entries(document.tree, document.marks, source):
            for labels, body, inner, place in _labelled(value, marks, LABELS.get(kind, 0), at, source):
                found.add(Block(kind, labels, json_body(body, inner, source), place))
    return found


def json_body(tree: Mapping[str, Any], marks: Any, source: Source) -> Body:
    """Make an object of JSON a body: whether its members are attributes or blocks, only a schema could say."""
    return Body(
        {
            key: Expression(at, source, value, inner, json=True)
            for key, value, inner, at in _entries(tree, marks, source)
        }
    )


def _entries(tree: Mapping[str, Any], marks: Any, source: Source) -> Iterator[tuple[str, Any, Any, Line]]:
    for key, value in tree.items():
        if key != "//":  # a comment
            mark, inner = marks[1][key]
            yield key, value, inner, Line(source.file, mark.line + 1)


def _labelled(value: Any, marks: Any, labels: int, at: Line, source: Source) -> Iterator[tuple[Any, ...]]:
    """Take the labels of a block off its object; each level may be a list of objects instead."""
    if isinstance(value, list):
        for each, inner in zip(value, marks[1], strict=True):
            mark = inner[0] if isinstance(inner, tuple) else inner
            yield from _labelled(each, inner, labels, Line(source.file, mark.line + 1), source)
    elif not isinstance(value, dict):
        raise InputError(source.file, "a block of Terraform must be an object; mend it", at.line)
    elif not labels:
        yield (), value, marks, at
    else:
        for key, inner, deeper, place in _entries(value, marks, source):
            for rest, body, last, line in _labelled(inner, deeper, labels - 1, place, source):
                yield (key, *rest), body, last, line
