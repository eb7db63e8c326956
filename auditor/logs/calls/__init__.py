"""Call records: what a service or switch says of a call when it is over.  `basis: reported`.

taken       texts, numbers, addresses and times out of other people's records
zoom        participants of meetings with their data centres      msgraph     callRecord of Microsoft Teams
rtcstats    getStats and ICE of a browser, as rtcstats-server and webrtc-internals dump it
freeswitch  XML and JSON CDRs    asterisk    Master.csv and CDR tables    kamailio    accounting of proxies
hep3        messages that agents copied to a collector: read as the captures that they are
"""

from typing import Final

from auditor.logs.calls import asterisk, freeswitch, hep3, kamailio, msgraph, rtcstats, zoom
from auditor.logs.model import Reader

FORMATS: Final[dict[str, Reader]] = {
    "zoom": zoom,
    "msgraph": msgraph,
    "rtcstats": rtcstats,
    "freeswitch": freeswitch,
    "asterisk": asterisk,
    "kamailio": kamailio,
    "hep3": hep3,
}
