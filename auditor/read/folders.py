"""Which files of a folder are passed over: those of other kinds, unless their names promise a capture or a log.

What is promised and can't be told by its content is an input that can't be read, or it would look clean.
"""

import re
from typing import Final

_CAPTURE: Final = r"\.(?:pcap|pcapng|cap|dmp|dump|trace|erf|snoop)(?:\.?\d+)?(?:\.[a-z0-9]{1,4})?$"
_LOG: Final = (
    r"\.(?:log|csv|tsv|json|jsonl|ndjson|parquet|xml|nfcapd|warts|eve|syslog)"
    r"(?:[.-]\d{1,14})*(?:\.(?:gz|zst|zstd|bz2|xz))?$"
)
_FLOWS: Final = r"^nfcapd\.|\.nfcapd\.|vpc_?flow_?logs?|^PT1H\b|flowlogflowevent"
"""nfcapd(1) names its files by their time; AWS and Azure name flow logs so in every path."""
CALLED: Final = re.compile(f"{_CAPTURE}|{_LOG}|{_FLOWS}", re.IGNORECASE)


def promises(name: str) -> bool:
    """Say whether the name of a file, without folders, promises a capture or a log."""
    return bool(CALLED.search(name))


def passed_over(count: int) -> tuple[str, ...]:
    """Say for the reader of a report how many files were passed over."""
    if not count:
        return ()
    files = (
        "1 other file in the given folders was" if count == 1 else f"{count:,} other files in the given folders were"
    )
    return (f"{files} passed over: neither content nor name shows a capture or a log.",)
