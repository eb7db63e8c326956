"""Write the sample captures: the same bytes on every machine.

    python sample_pcaps/make.py [FOLDER]

README.md says what each sample must show, expected.yaml what an audit says of it.
"""

import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from scenes import Call, Phone, Service, call, look_up, register, ssh, stun, tls, zoom_meeting
from wire import Host, Wire, gzip, pcap, pcapng

TORONTO, SAN_JOSE, DENVER = Host("99.224.10.20"), Host("73.162.10.20"), Host("98.207.10.20")
SHANGHAI, PUDONG = Host("101.80.20.30"), Host("58.246.10.20")


def starting(text: str, vlan: int = 0) -> Wire:
    """Return a wire whose first packet can pass at this time (UTC)."""
    return Wire(int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()) * 10**9, vlan)


def zoom_2020_incident() -> bytes:
    wire = starting("2020-04-03T09:12:00")
    web, keys, router = Host("3.235.82.40"), Host("52.81.151.250"), Host("3.235.83.17")
    resolvers = Host("64.71.255.204"), Host("68.87.64.146")
    for interface, (client, resolver) in enumerate(zip((TORONTO, SAN_JOSE), resolvers, strict=True)):
        at = 2.5 * interface
        look_up(wire, at, client, resolver, "us04web.zoom.us", web.ip, interface=interface)
        tls(wire, at + 0.05, (client, 51100), (web, 443), "us04web.zoom.us", 1800, 6200, 0.028, interface)
        look_up(wire, at + 0.8, client, resolver, "us04kms.zoom.us", keys.ip, interface=interface)
        tls(wire, at + 0.85, (client, 51102), (keys, 443), "us04kms.zoom.us", 640, 900, 0.214, interface)
        zoom_meeting(wire, at + 2.4, client, router, 24, interface)
    comment = "A call between Canada and the United States, seen at both participants"
    return pcapng(wire, ["toronto", "san-jose"], comment)


def overseas_call_spilled() -> bytes:
    wire = starting("2020-04-02T18:30:00")
    service = Service(Host("47.96.12.10"), Host("47.96.12.11"), "voice.example.com")
    a = Phone(SAN_JOSE, "alice", 40002)
    b = Phone(TORONTO, "bob", 40102)
    register(wire, 0, a, service)
    register(wire, 0.3, b, service)
    call(wire, 1, Call(a, b, service, (30000, 30010), "spill-7f3a91@73.162.10.20"), 30)
    return pcap(wire)


def clean_overseas_call() -> bytes:
    wire = starting("2020-05-11T15:00:00")
    laptop, router = Host("192.168.10.21", near=True), Host("192.168.10.1", near=True)
    public = Host("73.162.10.20")
    service = Service(Host("18.205.93.10"), Host("18.205.93.20"), "voice.example.com")
    helper, portal = Host("18.205.93.30"), Host("18.205.93.40")
    phone = Phone(laptop, "carol", 40002, (public, 61002))
    friend = Phone(DENVER, "dave", 40202)
    look_up(wire, 0, laptop, router, "portal.voice.example.com", portal.ip)
    tls(wire, 0.1, (laptop, 51500), (portal, 443), "portal.voice.example.com", 900, 5200)
    look_up(wire, 1.1, laptop, router, "stun.voice.example.com", helper.ip)
    stun(wire, 1.2, (laptop, 40002), (helper, 3478), (public, 61002))
    look_up(wire, 1.3, laptop, router, "sip.voice.example.com", service.proxy.ip)
    register(wire, 1.4, phone, service)
    call(wire, 2, Call(phone, friend, service, (32000, 32010), "clean-51c2@192.168.10.21", far=True), 40)
    return pcap(wire)


def mainland_call_onshore() -> bytes:
    wire = starting("2020-05-12T02:00:00")
    service = Service(Host("47.96.12.10"), Host("47.96.12.11"), "voice.example.cn")
    a, b = Phone(SHANGHAI, "li", 40002), Phone(PUDONG, "wang", 40102)
    register(wire, 0, a, service)
    register(wire, 0.3, b, service)
    call(wire, 1, Call(a, b, service, (30100, 30110), "onshore-22b8@101.80.20.30"), 30)
    return gzip(pcap(wire))


def mainland_recording_abroad() -> bytes:
    wire = starting("2020-05-13T03:10:00")
    recorder, storage = Host("139.196.20.5"), Host("119.81.40.10")
    resolver = Host("202.96.209.133")
    look_up(wire, 0, recorder, resolver, "recordings.voice.example.com", storage.ip)
    tls(wire, 0.1, (recorder, 52210), (storage, 443), "recordings.voice.example.com", 60000, 320, 0.07)
    return pcap(wire)


def cross_border_meeting() -> bytes:
    wire = starting("2020-05-14T13:00:00")
    service = Service(Host("18.205.93.10"), Host("18.205.93.20"), "voice.example.com")
    guest, host = Phone(SHANGHAI, "li", 40102), Phone(SAN_JOSE, "alice", 40002)
    register(wire, 0, host, service)
    call(wire, 1, Call(guest, host, service, (30200, 30210), "border-90d4@101.80.20.30"), 30)
    return pcap(wire)


def third_party_telemetry() -> bytes:
    wire = starting("2020-03-26T17:45:00")
    phone, router = Host("192.168.1.23", near=True), Host("192.168.1.1", near=True)
    graph, web = Host("31.13.66.19"), Host("3.235.82.40")
    look_up(wire, 0, phone, router, "us04web.zoom.us", web.ip)
    tls(wire, 0.06, (phone, 49800), (web, 443), "us04web.zoom.us", 1500, 4100)
    look_up(wire, 0.9, phone, router, "graph.facebook.com", graph.ip, alias="star.c10r.facebook.com")
    tls(wire, 0.95, (phone, 49801), (graph, 443), "graph.facebook.com", 1130, 410)
    return pcap(wire)


def mainland_partner_aws_link() -> bytes:
    wire = starting("2020-09-02T06:20:00", vlan=210)
    partner, cloud = Host("139.196.20.40"), Host("3.80.20.10")
    tls(wire, 0, (partner, 53001), (cloud, 443), "link.partner.example.cn", 24000, 18000, 0.22)
    return pcap(wire)


def mainland_admin_abroad() -> bytes:
    wire = starting("2020-06-15T01:30:00")
    desk, server = Host("10.20.0.15", near=True), Host("18.205.93.50")
    ssh(wire, 0, (desk, 50522), (server, 22), 12, 0.23)
    return pcap(wire)


SAMPLES: dict[str, Callable[[], bytes]] = {
    "zoom-2020-incident.pcapng": zoom_2020_incident,
    "overseas-call-spilled.pcap": overseas_call_spilled,
    "clean-overseas-call.pcap": clean_overseas_call,
    "mainland-call-onshore.pcap.gz": mainland_call_onshore,
    "mainland-recording-abroad.pcap": mainland_recording_abroad,
    "cross-border-meeting.pcap": cross_border_meeting,
    "third-party-telemetry.pcap": third_party_telemetry,
    "mainland-partner-aws-link.pcap": mainland_partner_aws_link,
    "mainland-admin-abroad.pcap": mainland_admin_abroad,
}


def main() -> None:
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent
    for name, make in SAMPLES.items():
        (folder / name).write_bytes(make())


if __name__ == "__main__":
    main()
