"""Call records: what a service, a switch or a browser says of a call when it is over.  `basis: reported`.

taken       texts, numbers, addresses and times out of other people's records, and rows by record
zoom        participants of meetings with their data centres      msgraph     callRecord of Microsoft Teams
rtcstats    dumps of a browser's peer connections                 internals   those of chrome://webrtc-internals
third       their third version
candidates connection peers exchanges                             from events to the pairs that were used, and offers
freeswitch  XML and JSON of legs     documents  XML, one after another     legs   what records quote of SIP
asterisk    Master.csv and tables    kamailio   accounting of proxies      quoted  fields in quotes
hep3 hep    messages that agents copied to a collector, read as the captures that they are
"""

from typing import Final

from auditor.logs.calls import asterisk, freeswitch, hep3, internals, kamailio, msgraph, rtcstats, zoom
from auditor.logs.model import Reader

FORMATS: Final[dict[str, Reader]] = {
    "zoom": zoom,
    "msgraph": msgraph,
    "rtcstats": rtcstats,
    "webrtc-internals": internals,
    "freeswitch": freeswitch,
    "asterisk": asterisk,
    "kamailio": kamailio,
    "hep3": hep3,
}
