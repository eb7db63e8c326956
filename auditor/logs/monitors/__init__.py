"""Logs of monitors, firewalls and proxies.

zeek       conn, dns, ssl, sip and every other log of connections, as TSV or JSON     (zeek_tsv, zeek_json: writers;
           zeek_logs: rows of each kind; zeek_conn: states and histories; zeek_sip, via: calls)
fields     what a field of a log may be      apps   protocols and services by the names that monitors give them
"""

from typing import Final

from auditor.logs.model import Reader
from auditor.logs.monitors import suricata, syslog, zeek

FORMATS: Final[dict[str, Reader]] = {"zeek": zeek, "suricata": suricata, "syslog": syslog}
