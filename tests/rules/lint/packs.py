"""Small packs to look over."""

from datetime import date
from pathlib import Path
from typing import Any

from auditor.rules import lint

AS_OF = date(2026, 11, 23)
PACK = """\
id: a-pack
title: A pack
version: "1"
date: 2026-01-01
description: For tests.
populations:
  overseas: {countries: {except: [CN]}, labels: [overseas]}
  mainland: {countries: [CN], labels: [mainland]}
  american: {countries: [US]}
  everyone: {countries: {except: [AQ]}}
  staff: {labels: [staff]}
"""
EXAMPLES = """\
examples:
  pass: [{touches: [{country: US}]}]
  fail: [{touches: [{country: CN}]}]
  open: [{touches: [{}]}]
"""


def rule(name: str, applies: str, asserts: str, more: str = "", severity: str = "high") -> str:
    """Write a rule; its examples promise nothing that lint asks for."""
    examples = EXAMPLES if "not_observable" not in asserts else "examples: {open: [{touches: [{}]}]}\n"
    reference = "" if "references:" in more else "references: [{title: A text, date: 2025-01-01}]\n"
    head = f"id: {name}\ntitle: A rule\nseverity: {severity}\nwhy: Because.\nfix: Mend it.\n"
    return f"{head}applies: {applies}\n{asserts}\n{more}\n{reference}{examples}"


def folder(path: Path, *rules: str, pack: str = PACK) -> Path:
    path.mkdir(exist_ok=True)
    (path / "pack.yaml").write_text(pack, encoding="utf-8")
    for text in rules:
        (path / f"{text.split()[1]}.yaml").write_text(text, encoding="utf-8")
    return path


def found(path: Path, *rules: str, pack: str = PACK, **more: Any) -> list[lint.Remark]:
    """Look over a pack of these rules; names that nobody uses are left out, since most are not."""
    given = lint.given([str(folder(path / "p", *rules, pack=pack))], more.pop("as_of", AS_OF), **more)
    return [each for each in lint.remarks(given) if each.check != "unused-name"]


def checks(path: Path, *rules: str, pack: str = PACK, **more: Any) -> list[tuple[str, str, str]]:
    return [(each.check, each.severity, each.rule) for each in found(path, *rules, pack=pack, **more)]
