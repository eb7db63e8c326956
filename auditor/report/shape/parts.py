"""What the shapes of the JSON report share: kinds of fields, and how a JSON Schema is made of a shape."""

from typing import Annotated

import msgspec
from msgspec import Meta

from auditor.model.schema import written

Count = Annotated[int, Meta(ge=0)]

Sha256 = Annotated[str, Meta(description="SHA-256 of the bytes as stored, lower-case hexadecimal; empty: none.")]
Time = Annotated[
    str | None,
    Meta(description="RFC 3339 in UTC with nine decimals and Z; null where the evidence bears no time."),
]
Countries = Annotated[
    list[str],
    Meta(
        description=(
            "Every country in which it may be: ISO 3166-1 alpha-2 codes (and XK) in alphabetical order; HK, MO and TW "
            'are codes of their own. ["*"] is anywhere. An empty list: proofs contradict each other, or (of a source) '
            "it says nothing about a country."
        )
    ),
]
Day = Annotated[str, Meta(description="YYYY-MM-DD, of UTC.")]


class Shape(msgspec.Struct, forbid_unknown_fields=True):
    """What all parts share: closed to unknown fields."""


def schema_of(kind: type[Shape], name: str, title: str) -> str:
    """Write the JSON Schema (draft 2020-12) of a shape."""
    return written({"title": title, **msgspec.json.schema(kind)}, name)
