"""Records with fields of any length, made straight: those fields are left out, and what is left is of one size."""

from typing import Final

from auditor.logs.exports.fields import Plan

LONG: Final = 255
"""A first byte that says that two bytes of length follow (RFC 7011, section 7)."""


def straighten(data: bytes, at: int, end: int, plan: Plan) -> tuple[bytes, list[bytes], int]:
    """Return records without their variable fields, one after another, the packet sections in those, and where it ends.

    A record that does not end before `end` is left out.  Padding is shorter than any record.
    """
    parts: list[bytes] = []
    sections: list[bytes] = []
    step = plan.size + len(plan.variable)
    while at + step <= end:
        place, begun, here, section = at, 0, [], b""
        for fixed, name in plan.variable:
            here.append(data[place : place + fixed - begun])
            place += fixed - begun
            begun = fixed
            if place >= end:
                return b"".join(parts), sections, at
            size = data[place]
            place += 1
            if size == LONG:
                size = int.from_bytes(data[place : place + 2], "big")
                place += 2
            if name:
                section = data[place : place + size]
            place += size
        here.append(data[place : place + plan.size - begun])
        place += plan.size - begun
        if place > end:
            return b"".join(parts), sections, at
        parts += here
        sections.append(section)
        at = place
    return b"".join(parts), sections, at
