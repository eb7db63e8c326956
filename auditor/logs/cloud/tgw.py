"""Flow logs of AWS transit gateways as text."""

from auditor.logs.cloud.aws import LINES, fields, first_line, is_transit, read

__all__ = ["LINES", "read", "sniff"]


def sniff(head: bytes) -> bool:
    """Tell by the names in the first line, or by the shape of a record without a header."""
    return is_transit(fields(first_line(head)))
