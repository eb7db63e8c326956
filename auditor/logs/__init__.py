"""Logs become flows.

model       the columns that a reader fills, and what it tells beside them
lines tables values protocols     text in blocks, fields, JSON values, transports by name and number
parquet parquet_worker      rows of Parquet files, read by a process of its own
formats     every reader, and which one a file is for
jobs scan   what there is to read; reads it and counts its records
fold room   records of one exchange become one row; a table that is larger than memory
outcome texts                     what records show of an exchange; addresses as logs write them
cloud/      AWS, Azure, Google Cloud, Cilium
monitors/   Zeek, Suricata, firewalls, proxies, and any table by a column map
exports/    NetFlow, IPFIX, sFlow, and what nfdump and argus made of them
traces/     RIPE Atlas, scamper, mtr, traceroute and its kin
"""

from auditor.logs.jobs import jobs
from auditor.logs.scan import Logs, scan

__all__ = ["Logs", "jobs", "scan"]
