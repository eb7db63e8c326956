"""`auditor locate`: what every source says about an address, and the set of countries that follows."""

import json
from enum import StrEnum
from typing import Annotated

import typer

from auditor.cli import output
from auditor.cli.options import Geo, Inventory, Services


class Format(StrEnum):
    TEXT = "text"
    JSON = "json"


def locate(
    addresses: Annotated[list[str], typer.Argument(metavar="ADDRESS...", help="IPv4 or IPv6 addresses.")],
    inventory: Inventory = None,
    geo: Geo = None,
    catalogue: Services = None,
    format: Annotated[Format, typer.Option(help="How to write the answer.")] = Format.TEXT,
) -> None:
    """Say where addresses may be, and why that is believed."""
    from auditor import pipeline
    from auditor.report.clean import in_ascii

    answers = pipeline.locate(addresses, inventory=inventory, geo=geo or (), services=catalogue or ())
    if format is Format.JSON:
        output.write(in_ascii(json.dumps(answers, indent=2, ensure_ascii=False)) + "\n", None)
        return
    for answer in answers:
        who = " · ".join(answer[key] for key in ("site", "operator") if answer[key])
        output.tell(
            f"{answer['address']}  {' '.join(answer['countries'])}  {answer['state']}{'  ' + who if who else ''}"
        )
        for source in answer["sources"]:
            found = " ".join(source["countries"]) or "-"
            output.tell(f"    {source['kind']:<10}{found:<12}{source['name']}  {source['detail']}".rstrip())
