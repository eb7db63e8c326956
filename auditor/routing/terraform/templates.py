"""Texts with expressions in them: what is literal, what is to be evaluated (HCL Native Syntax Spec., "Templates")."""

import re
from collections.abc import Iterator
from typing import Final

_ESCAPE: Final = re.compile(r'\\(?:([nrt"\\])|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|(.|$))', re.S)
_PLAIN: Final = {"n": "\n", "r": "\r", "t": "\t", '"': '"', "\\": "\\"}
_START: Final = re.compile(r"\$\$\{|%%\{|\$\{|%\{")
_INSIDE: Final = re.compile(r'[{}"]')
_STRING: Final = re.compile(r'(?:[^"\\$]|\\.|\$(?!\{))*', re.S)


def escaped(text: str) -> str:
    """Resolve the escapes of quoted text.  Raise ValueError for what is none."""
    if text.startswith(("$${", "%%{")):
        return text[1:]
    return _ESCAPE.sub(_character, text) if "\\" in text else text


def _character(found: re.Match[str]) -> str:
    if found[1]:
        return _PLAIN[found[1]]
    digits = found[2] or found[3]
    point = int(digits, 16) if digits else -1
    if not 0 <= point <= 0x10FFFF or 0xD800 <= point < 0xE000:
        raise ValueError("an escape is no character")
    return chr(point)


def pieces(text: str) -> Iterator[tuple[bool, str, int]]:
    """Take a template apart: (is it literal, the text or expression, lines before it).  Raise ValueError."""
    at = 0
    literal: list[str] = []
    while found := _START.search(text, at):
        literal.append(text[at : found.start()])
        at = found.end()
        if len(found[0]) == 3:
            literal.append(found[0][1:])
            continue
        if found[0] == "%{":
            raise ValueError("directives of templates are not evaluated; give the plan as JSON")
        if "".join(literal):
            yield True, "".join(literal), 0
        literal = []
        end = _closed(text, at)
        yield False, text[at:end].removeprefix("~").removesuffix("~"), text.count("\n", 0, at)
        if text[at : at + 1] == "~" or text[end - 1 : end] == "~":
            raise ValueError("markers that strip white space are not evaluated; give the plan as JSON")
        at = end + 1
    literal.append(text[at:])
    if "".join(literal):
        yield True, "".join(literal), 0


def _closed(text: str, at: int) -> int:
    """Find the brace that ends an expression, past braces and texts in it."""
    open_ones = ["{"]
    while open_ones:
        if open_ones[-1] == '"':
            at = _STRING.match(text, at).end()  # type: ignore[union-attr]  # it matches nothing too
            following = text[at : at + 1]
            if not following:
                break
            if following == '"':
                open_ones.pop()
                at += 1
            else:
                open_ones.append("{")
                at += 2
        else:
            found = _INSIDE.search(text, at)
            if not found:
                break
            at = found.end()
            if found[0] == "}":
                open_ones.pop()
            else:
                open_ones.append(found[0])
    if open_ones:
        raise ValueError("an expression in a text has no end")
    return at - 1
