"""Logs of monitors, firewalls and proxies.

zeek       conn, dns, ssl, sip and every other log of connections, as TSV or JSON     (zeek_tsv, zeek_json: writers;
           zeek_logs: rows of each kind; zeek_conn: states and histories; zeek_sip, via: calls)
suricata   events, one JSON object each     (suricata_events: rows of each kind)
syslog     messages of firewalls, whatever else stands in the file     (pan, srx, asa, ftd: vendors; stamps:
           headers; session: what their counts show)
envoy, nginx     access logs of proxies     (proxied: rows of a request; jsonlines)
fields     what a field of a log may be      apps   protocols and services by the names that monitors give them
"""

from typing import Final

from auditor.logs.model import Reader
from auditor.logs.monitors import envoy, nginx, suricata, syslog, zeek

FORMATS: Final[dict[str, Reader]] = {
    "zeek": zeek,
    "suricata": suricata,
    "syslog": syslog,
    "envoy": envoy,
    "nginx": nginx,
}
