"""Exports of flows: NetFlow, IPFIX and sFlow as they were sent, and what nfdump and argus made of them.

Datagrams lie in files, one after another, or in captures (`in_capture`).  Templates and sampling rates of one input may
stand for the data of another, so `prepare` looks over all of them before any is read, and `read` of the modules of
`DATAGRAMS` takes what it returned.
"""

from typing import Any, Final

from auditor.logs.exports import ipfix, netflow, sflow_file

DATAGRAMS: Final[dict[str, Any]] = {"netflow": netflow, "ipfix": ipfix, "sflow": sflow_file}
"""Formats whose readers take what `shared.prepare` found in all inputs."""
FORMATS: Final[dict[str, Any]] = {**DATAGRAMS}
