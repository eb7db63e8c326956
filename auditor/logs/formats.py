"""Every format of logs by the name that a report gives it, in the order in which they are tried."""

from typing import Final

from auditor.logs import calls, cloud, exports, traces
from auditor.logs.model import Reader

FORMATS: Final[dict[str, Reader]] = {**cloud.FORMATS, **exports.FORMATS, **calls.FORMATS, **traces.FORMATS}


def named(head: bytes) -> str | None:
    """Name the format of a text or file that begins so; None: it is none of them."""
    return next((name for name, reader in FORMATS.items() if reader.sniff(head)), None)
