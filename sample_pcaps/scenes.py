"""What happens on the wire in the samples: lookups, TLS and SSH connections, calls by SIP, Zoom's media."""

from dataclasses import dataclass

import payloads
from payloads import AUDIO, FROM_ROUTER, TO_ROUTER, VIDEO, number
from wire import Host, Stream, Wire

End = tuple[Host, int]


def look_up(
    wire: Wire, at: float, client: Host, resolver: Host, name: str, address: str, alias: str = "", interface: int = 0
) -> None:
    """Ask a resolver for the addresses of a name."""
    asking = (client, 49152 + number(name + client.ip, 13))
    wire.udp(at, asking, (resolver, 53), payloads.dns_query(name), interface)
    wire.udp(at + 0.011, (resolver, 53), asking, payloads.dns_answer(name, address, alias), interface)


def tls(
    wire: Wire,
    at: float,
    client: End,
    server: End,
    name: str,
    up: int,
    down: int,
    rtt: float = 0.03,
    interface: int = 0,
) -> None:
    """Open a TLS connection to a named server, send `up` bytes, receive `down`, and close."""
    salt = f"{name}/{client[0].ip}:{client[1]}"
    stream = Stream(wire, at, client, server, rtt, interface)
    stream.send(0, payloads.client_hello(name, salt))
    stream.send(1, payloads.server_hello(salt))
    stream.send(0, payloads.client_finished(salt) + payloads.tls_data(salt + "/up", up))
    stream.send(1, payloads.tls_data(salt + "/down", down))
    stream.close()


def ssh(wire: Wire, at: float, client: End, server: End, keystrokes: int, rtt: float) -> None:
    """Open a remote shell and type; every key comes back as an echo."""
    salt = f"ssh/{client[0].ip}:{client[1]}"
    stream = Stream(wire, at, client, server, rtt)
    stream.send(0, payloads.ssh_banner("OpenSSH_8.2p1 Ubuntu-4"))
    stream.send(1, payloads.ssh_banner("OpenSSH_7.9p1 Debian-10+deb10u2"))
    for side in (0, 1):
        stream.send(side, payloads.ssh_kexinit(f"{salt}/{side}"))
    for side in (0, 1):
        stream.send(side, payloads.ssh_ecdh(salt, reply=bool(side)))
    for key in range(keystrokes):
        for side in (0, 1):
            stream.send(side, payloads.opaque(f"{salt}/{key}/{side}", 36))
    stream.close()


def stun(wire: Wire, at: float, client: End, server: End, public: End) -> None:
    """Ask a STUN server for one's public end."""
    name = f"stun/{client[0].ip}:{client[1]}"
    wire.udp(at, client, server, payloads.stun_request(name))
    wire.udp(at + 0.02, server, client, payloads.stun_response(name, public[0].ip, public[1]))


def zoom_media(wire: Wire, at: float, client: End, router: End, media: int, packets: int, interface: int = 0) -> None:
    """Send and receive audio or video through a media router, with the connection's setup and probes."""
    name = f"zoom/{client[0].ip}:{client[1]}"
    wire.udp(at, client, router, payloads.zoom_setup(name, answer=False), interface)
    wire.udp(at + 0.03, router, client, payloads.zoom_setup(name, answer=True), interface)
    wire.udp(at + 0.04, router, client, payloads.zoom_ping(name, 0, answer=False), interface)
    wire.udp(at + 0.041, client, router, payloads.zoom_ping(name, 0, answer=True), interface)
    for index in range(packets):
        now = at + 0.1 + index * 0.02
        wire.udp(now, client, router, payloads.zoom_media(name, index, media, TO_ROUTER), interface)
        down = payloads.zoom_media(name + "/down", index, media, FROM_ROUTER)
        wire.udp(now + 0.009, router, client, down, interface)


def zoom_meeting(wire: Wire, at: float, client: Host, router: Host, packets: int, interface: int = 0) -> None:
    """Send and receive audio and video of a meeting."""
    zoom_media(wire, at, (client, 50001), (router, 8801), AUDIO, packets, interface)
    zoom_media(wire, at + 0.005, (client, 50002), (router, 8801), VIDEO, packets // 2, interface)


@dataclass(frozen=True)
class Phone:
    """A telephone as its server knows it."""

    host: Host
    user: str
    media: int  # port of its audio
    public: End | None = None  # behind NAT: where STUN says that its audio is reached

    @property
    def end(self) -> End:
        return self.host, 5060

    @property
    def audio(self) -> End:
        return self.host, self.media

    @property
    def announced(self) -> tuple[str, int]:
        return (self.public[0].ip, self.public[1]) if self.public else (self.host.ip, self.media)


@dataclass(frozen=True)
class Service:
    """A SIP proxy with registrar, and the media relay beside it."""

    proxy: Host
    relay: Host
    domain: str

    @property
    def end(self) -> End:
        return self.proxy, 5060


def register(wire: Wire, at: float, phone: Phone, service: Service) -> None:
    """Register a telephone, with the challenge that comes first (RFC 3261, section 22)."""
    call_id, realm = f"{number(phone.user, 40):x}@{phone.host.ip}", service.domain
    nonce = payloads.opaque(phone.user + "/nonce", 8).hex()
    proof = payloads.opaque(phone.user + "/response", 16).hex()
    digest = f'Digest username="{phone.user}", realm="{realm}", nonce="{nonce}", uri="sip:{realm}", response="{proof}"'
    for attempt, status in ((1, "401 Unauthorized"), (2, "200 OK")):
        branch = f"z9hG4bK{number(f'{phone.user}/register/{attempt}', 32):08x}"
        via = f"SIP/2.0/UDP {phone.host.ip}:5060;branch={branch};rport"
        contact = f"<sip:{phone.user}@{phone.announced[0]}:5060>;expires=600"
        common = [
            ("From", f"<sip:{phone.user}@{realm}>;tag={number(phone.user, 24):x}"),
            ("To", f"<sip:{phone.user}@{realm}>"),
            ("Call-ID", call_id),
            ("CSeq", f"{attempt} REGISTER"),
            ("Contact", contact),
        ]
        more = [("Max-Forwards", "70"), ("User-Agent", "softphone 4.2")]
        more += [("Authorization", digest)] if attempt == 2 else []
        wire.udp(
            at, phone.end, service.end, payloads.sip(f"REGISTER sip:{realm} SIP/2.0", [("Via", via), *common, *more])
        )
        seen = phone.public[0].ip if phone.public else phone.host.ip
        head = [("Via", f"{via}=5060;received={seen}"), *common, ("Server", "registrar 3.1")]
        head += (
            [("WWW-Authenticate", f'Digest realm="{realm}", nonce="{nonce}", algorithm=MD5')] if attempt == 1 else []
        )
        wire.udp(at + 0.024, service.end, phone.end, payloads.sip(f"SIP/2.0 {status}", head))
        at += 0.05


@dataclass(frozen=True)
class Call:
    """One call between two telephones through a service that anchors the media; `far` is not on this wire."""

    caller: Phone
    callee: Phone
    service: Service
    ports: tuple[int, int]  # of the relay, towards the caller and the callee
    call_id: str
    far: bool = False

    def relayed(self, leg: int) -> End:
        return self.service.relay, self.ports[leg]


def call(wire: Wire, at: float, made: Call, packets: int) -> None:
    """Set a call up, talk for `packets` times 20 ms, and hang up."""
    both = (0,) if made.far else (0, 1)
    _invite(wire, at, made)
    talk = at + 0.6
    for leg in both:
        _talk(wire, talk + 0.003 * leg, made, leg, packets)
    _bye(wire, talk + packets * 0.02 + 0.3, made)


def _headers(made: Call, method: str, leg: int, sequence: int = 1) -> list[tuple[str, str]]:
    """Return the headers that all messages of a transaction share, as they stand on one leg of the call."""
    caller, callee, domain = made.caller, made.callee, made.service.domain
    branch = number(f"{made.call_id}/{method}", 32)
    seen = caller.public[0].ip if caller.public else caller.host.ip
    first = f"SIP/2.0/UDP {caller.host.ip}:5060;branch=z9hG4bK{branch:08x}"
    vias = [f"{first};rport"]
    if leg:
        own = f"SIP/2.0/UDP {made.service.proxy.ip}:5060;branch=z9hG4bK{branch ^ 0xFFFF:08x}"
        vias = [own, f"{first};rport=5060;received={seen}"]
    tag = f";tag={number(callee.user, 24):x}" if sequence > 1 or method == "ACK" else ""
    return [
        *(("Via", via) for via in vias),
        ("From", f"<sip:{caller.user}@{domain}>;tag={number(caller.user + made.call_id, 24):x}"),
        ("To", f"<sip:{callee.user}@{domain}>{tag}"),
        ("Call-ID", made.call_id),
        ("CSeq", f"{sequence} {method}"),
    ]


def _reply(made: Call, status: str, method: str, leg: int, sequence: int = 1, body: str = "") -> bytes:
    headers = _headers(made, method, leg, sequence)
    tag = f";tag={number(made.callee.user, 24):x}"
    headers = [(n, v + tag) if n == "To" and status != "100 Trying" and tag not in v else (n, v) for n, v in headers]
    if method == "INVITE" and status != "100 Trying":
        headers.append(("Record-Route", f"<sip:{made.service.proxy.ip};lr>"))
        headers.append(("Contact", f"<sip:{made.callee.user}@{_contact(made)}:5060>"))
    return payloads.sip(f"SIP/2.0 {status}", headers, body)


def _contact(made: Call) -> str:
    return made.service.proxy.ip if made.far else made.callee.host.ip


def _invite(wire: Wire, at: float, made: Call) -> None:
    caller, callee, service = made.caller, made.callee, made.service
    offer = payloads.sdp(caller.user, *caller.announced)
    contact = ("Contact", f"<sip:{caller.user}@{caller.announced[0]}:5060>")
    target = f"INVITE sip:{callee.user}@{service.domain} SIP/2.0"
    first = [*_headers(made, "INVITE", 0), ("Max-Forwards", "70"), contact, ("User-Agent", "softphone 4.2")]
    wire.udp(at, caller.end, service.end, payloads.sip(target, first, offer))
    wire.udp(at + 0.02, service.end, caller.end, _reply(made, "100 Trying", "INVITE", 0))
    if not made.far:
        offered = payloads.sdp("relay", service.relay.ip, made.ports[1])
        route = ("Record-Route", f"<sip:{service.proxy.ip};lr>")
        second = [*_headers(made, "INVITE", 1), route, ("Max-Forwards", "69"), contact]
        there = f"INVITE sip:{callee.user}@{callee.host.ip}:5060 SIP/2.0"
        wire.udp(at + 0.021, service.end, callee.end, payloads.sip(there, second, offered))
        wire.udp(at + 0.08, callee.end, service.end, _reply(made, "180 Ringing", "INVITE", 1))
        answer = payloads.sdp(callee.user, *callee.announced)
        wire.udp(at + 0.4, callee.end, service.end, _reply(made, "200 OK", "INVITE", 1, body=answer))
    wire.udp(at + 0.1, service.end, caller.end, _reply(made, "180 Ringing", "INVITE", 0))
    answered = payloads.sdp("relay", service.relay.ip, made.ports[0])
    wire.udp(at + 0.42, service.end, caller.end, _reply(made, "200 OK", "INVITE", 0, body=answered))
    _forwarded(wire, at + 0.45, made, "ACK", 1)


def _forwarded(wire: Wire, at: float, made: Call, method: str, sequence: int) -> None:
    """Send a request of the caller within the call through the proxy."""
    start = f"{method} sip:{made.callee.user}@{_contact(made)}:5060 SIP/2.0"
    route = ("Route", f"<sip:{made.service.proxy.ip};lr>")
    first = [*_headers(made, method, 0, sequence), route, ("Max-Forwards", "70")]
    wire.udp(at, made.caller.end, made.service.end, payloads.sip(start, first))
    if not made.far:
        second = [*_headers(made, method, 1, sequence), ("Max-Forwards", "69")]
        wire.udp(at + 0.021, made.service.end, made.callee.end, payloads.sip(start, second))


def _bye(wire: Wire, at: float, made: Call) -> None:
    _forwarded(wire, at, made, "BYE", 2)
    if not made.far:
        wire.udp(at + 0.05, made.callee.end, made.service.end, _reply(made, "200 OK", "BYE", 1, 2))
    wire.udp(at + 0.07, made.service.end, made.caller.end, _reply(made, "200 OK", "BYE", 0, 2))


def _talk(wire: Wire, at: float, made: Call, leg: int, packets: int) -> None:
    """Send RTP both ways between one telephone and the relay, and RTCP on the next ports at the end."""
    phone, relay = (made.caller, made.callee)[leg], made.relayed(leg)
    up, down = f"{made.call_id}/{leg}/up", f"{made.call_id}/{leg}/down"
    for index in range(packets):
        now = at + index * 0.02
        wire.udp(now, phone.audio, relay, payloads.rtp(up, index, marker=not index))
        wire.udp(now + 0.008, relay, phone.audio, payloads.rtp(down, index, marker=not index))
    ends = (phone.host, phone.media + 1), (relay[0], relay[1] + 1)
    for (src, dst), own, other, delay in ((ends, up, down, 0.0), (ends[::-1], down, up, 0.01)):
        now = at + packets * 0.02 + delay
        wire.udp(now, src, dst, payloads.rtcp(own, other, wire.start_ns + round(now * 1e9), packets))
