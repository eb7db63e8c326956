"""Exports of flows: NetFlow, IPFIX and sFlow as they were sent, and what nfdump and argus made of them.

Datagrams lie in files, one after another, or in captures (`in_capture`).  Templates and sampling rates of one input may
stand for the data of another, so `prepare` looks over all of them before any is read, and what `bound` returns takes
what it found.

netflow ipfix sflow_file   files of datagrams           datagrams capture   the exports in a file, or in a capture
wire        where datagrams end, headers, sets          templates           what fields there are
learn       templates, then options                     messages            then records
memory      what exporters say once, and their numbers  shared              what is known from all inputs
elements    fields by number    fields   where they lie     variable   those of any length
pending     sets of one template wait for each other    records times       their columns, their times
sflow       samples             sections beginnings of packets
nfdump_csv nfdump_json nfdump_raw ra     what nfdump and argus print      textrows   rows of columns of text
nfcapd argus                             files that these programs read   program    how they are run
"""

from typing import Any, Final

from auditor.logs.exports import (
    argus,
    ipfix,
    netflow,
    nfcapd,
    nfdump_csv,
    nfdump_json,
    nfdump_raw,
    ra,
    sflow_file,
)
from auditor.logs.exports.capture import worth
from auditor.logs.exports.shared import CAPTURES, bound, in_capture, prepare

__all__ = ["CAPTURES", "DATAGRAMS", "FORMATS", "bound", "in_capture", "prepare", "worth"]

DATAGRAMS: Final[dict[str, Any]] = {"netflow": netflow, "ipfix": ipfix, "sflow": sflow_file}
"""Formats whose readers take what `prepare` found in all inputs: those that `bound` returns have it."""
FORMATS: Final[dict[str, Any]] = {
    "nfcapd": nfcapd,
    "nfdump-csv": nfdump_csv,
    "nfdump-json": nfdump_json,
    "nfdump-raw": nfdump_raw,
    "argus": argus,
    "argus-ra": ra,
    **DATAGRAMS,
}
