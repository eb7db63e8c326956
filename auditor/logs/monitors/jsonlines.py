"""One JSON object on a line."""

from typing import Any

import msgspec


def first(line: bytes) -> dict[str, Any] | None:
    """Read a line that is one object; None for anything else."""
    try:
        value = msgspec.json.decode(line)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        return None
    return value if isinstance(value, dict) else None
