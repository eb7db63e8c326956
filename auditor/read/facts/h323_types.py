"""Types of H.225.0 (2009) and H.245 (2008) in the notation of `per.py`: what it takes to reach calls and media ends.

Extension additions behind the last one wanted are left out; so are types that H.323 doesn't use (`never`).
"""

from typing import Final

from auditor.read.facts.per import Decode, types

_COMMON: Final = """
Vendor221 = { country int(0,255), extension int(0,255), manufacturer int(0,65535) | }
Nonstandard = { id < object oid, h221 Vendor221 | >, data octets }
Data = { data? Nonstandard | }
IP = { ip octets(4), port int(0,65535) }
IP6 = { ip octets(16), port int(0,65535) | }
Routing = < strict null, loose null | >
IPRoute = { ip octets(4), port int(0,65535), route list octets(4), routing Routing | }
IPX = { node octets(6), net octets(4), port octets(2) }
Transport = < ip IP, route IPRoute, ipx IPX, ip6 IP6, netbios octets(16), nsap octets(1,20), other Nonstandard | >
"""

_H225: Final = """
Alias = < digits digits(1,128), id bmp(1,256) | >
VendorId = { vendor Vendor221, product? octets(1,256), version? octets(1,256) | }
Protocol = < other Nonstandard, h310 Data, h320 Data, h321 Data, h322 Data, h323 Data, h324 Data, voice Data,
    t120 Data | >
Gateway = { protocol? list Protocol, data? Nonstandard | }
Endpoint = { data? Nonstandard, vendor? VendorId, gatekeeper? Data, gateway? Gateway, mcu? Data, terminal? Data,
    mc bool, undefined bool | }
Goal = < create null, join null, invite null | >
Q954 = { conference bool, three bool | }
Services = { q932 bool, q951 bool, q952 bool, q953 bool, q955 bool, q956 bool, q957 bool, q954 Q954 | }
CallType = < two null, one null, many null, all null | >
CallId = { guid octets(16) | }
Released = < a null, b null, c null, d null, e null, f null, g null, h null, i null, j null, k null, l null | >
Reason = < gatekeeper null, forwarded null, mc null, undefined null | >
Setup = { protocol oid, h245Address? Transport, source? list Alias, info Endpoint, destination? list Alias,
    toAddress? Transport, extra? list Alias, crv? list int(0,65535), mc bool, conference octets(16), goal Goal,
    services? Services, type CallType
    | -, -, call CallId, -, -, -, fastStart list octets, -, -, -, -, -, -, -, -, -, -, -, -, -, -, -, -, -,
    control list octets }
Proceeding = { protocol oid, info Endpoint, h245Address? Transport | call CallId, -, -, -, fastStart list octets }
Connect = { protocol oid, h245Address? Transport, info Endpoint, conference octets(16)
    | call CallId, -, -, -, fastStart list octets }
Information = { protocol oid | call CallId }
Release = { protocol oid, reason? Released | call CallId }
Facility = { protocol oid, toAddress? Transport, alias? list Alias, conference? octets(16), reason Reason
    | call CallId, -, -, -, -, -, h245Address Transport, fastStart list octets }
Progress = { protocol oid, info Endpoint, h245Address? Transport, call CallId, security? never, tokens? never,
    crypto? never, fastStart? list octets | }
Status = { protocol oid, call CallId, tokens? never, crypto? never | }
Body = < setup Setup, proceeding Proceeding, connect Connect, alerting Proceeding, information Information,
    release Release, facility Facility | progress Progress, empty null, status Status, inquiry Status,
    acknowledge Status, notify Status >
Pdu = { body Body, data? Nonstandard | -, -, control list octets }
UserInformation = { pdu Pdu, user? { protocol int(0,255), information octets(1,131) | } | }
Model = < direct null, routed null | >
Admission = { number int(1,65535), type CallType, model? Model, endpoint bmp(1,128), destination? list Alias,
    toAddress? Transport, extra? list Alias, source list Alias, fromAddress? Transport,
    bandwidth int(0,4294967295), crv int(0,65535), data? Nonstandard, services? Services, conference octets(16),
    mc bool, answer bool | -, call CallId }
Admitted = { number int(1,65535), bandwidth int(0,4294967295), model Model, toAddress Transport,
    frequency? int(1,65535), data? Nonstandard | }
Disengage = { number int(1,65535), endpoint bmp(1,128), conference octets(16), crv int(0,65535),
    reason < forced null, normal null, undefined null | >, data? Nonstandard | call CallId }
"""

_H245: Final = """
Vendor245 = { country int(0,255), extension int(0,255), manufacturer int(0,65535) }
Other = { id < object oid, h221 Vendor245 >, data octets }
H261 = { qcif? int(1,4), cif? int(1,4), tradeoff bool, rate int(1,19200), still bool | }
H263 = { a? int(1,32), b? int(1,32), c? int(1,32), d? int(1,32), e? int(1,32), rate int(1,192400), vector bool,
    coding bool, prediction bool, frames bool, tradeoff bool, hrd? int(0,524287), bpp? int(0,65535) | }
Video = < other Other, h261 H261, h262 never, h263 H263, mpeg never | >
G7231 = { frames int(1,256), silence bool }
Audio = < other Other, alaw64 int(1,256), alaw56 int(1,256), ulaw64 int(1,256), ulaw56 int(1,256), a722 int(1,256),
    b722 int(1,256), c722 int(1,256), g7231 G7231, g728 int(1,256), g729 int(1,256), g729a int(1,256), mpeg never,
    mpeg2 never | >
Channel = < other Other, v14 null, v42 null, hdlc null, separate null, single null, transparent null | >
Application = < other Other, t120 Channel, dsm Channel, user Channel, t84 never, t434 Channel, h224 Channel,
    nlpid never, dsvd null, h222 Channel | >
Data245 = { application Application, rate int(0,4294967295) | }
DataType = < other Other, none null, video Video, audio Audio, data Data245, encryption never | >
IP245 = { ip octets(4), port int(0,65535) | }
IPX245 = { node octets(6), net octets(4), port octets(2) | }
IPRoute245 = { routing < strict null, loose null >, ip octets(4), port int(0,65535), route list octets(4) | }
Unicast = < ip IP245, ipx IPX245, ip6 IP6, netbios octets(16), route IPRoute245 | >
Multicast = < ip IP245, ip6 IP6 | >
Address = < unicast Unicast, multicast Multicast | >
Label = { mcu int(0,192), terminal int(0,192) | }
Parameters = { other? list Other, session int(0,255), associated? int(1,255), media? Address, guaranteed? bool,
    rtcp? Address, rtcpGuaranteed? bool, silence? bool, destination? Label, type? int(96,127), packets? never | }
Network = < q2931 never, e164 digits(1,128), local Address | >
Access = { distribution? < unicast null, multicast null | >, network Network, conference bool,
    reference? octets(1,255) | }
Forward = { port? int(0,65535), type DataType,
    multiplex < h222 never, h223 never, v76 never | h2250 Parameters, none null > | }
Reverse = { type DataType, multiplex? < h223 never, v76 never | h2250 Parameters > | }
Open = { number int(1,65535), forward Forward, reverse? Reverse | stack Access }
Accepted = { other? list Other, session? int(1,255), media? Address, rtcp? Address, type? int(96,127) | }
ReverseAck = { number int(1,65535), port? int(0,65535), multiplex? < h222 never | h2250 Parameters > | }
OpenAck = { number int(1,65535), reverse? ReverseAck | stack Access, multiplex < h2250 Accepted | > }
Request = < other never, determination never, capabilities never, open Open, close never, requestClose never,
    entry never, requestEntry never, mode never, delay never, loop never | >
Response = < other never, determination never, rejected never, capabilities never, incapable never, open OpenAck,
    refused never, close never, requestClose never, requestCloseRejected never, entry never, entryRejected never,
    requestEntry never, requestEntryRejected never, mode never, modeRejected never, delay never, loop never,
    loopRejected never | >
Control = < request Request, response Response, command never, indication never | >
"""

TYPES: Final[dict[str, Decode]] = types(_COMMON + _H225 + _H245)
