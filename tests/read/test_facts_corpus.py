"""Real captures: what share of what tshark names do the facts name, and is every RTP stream it knows of media here?

All of it, but for what `MEDIA_CONTROL` and `FUZZED` say and for the two ways in which the tests say that tshark errs.
"""

import re
from collections import Counter
from collections.abc import Iterable
from functools import cache
from typing import Any, Final

import polars as pl

from auditor.read.assemble import Assembled, assemble
from auditor.read.facts.model import Dialog, Exchange, Fact, Hello, Hop, Media, Name, Peer, Redirect, Reflexive, Relayed
from auditor.read.headers import UDP
from auditor.read.scan import Scan, scan
from auditor.read.source import sources
from auditor.read.written import text
from tests import corpus

MEDIA_CONTROL: Final = {("200.57.7.196", 40362), ("200.57.7.202", 30000), ("0.0.0.0", 0)}
"""Announced by MGCP (heplify_rtp_rtcp_sip_ipv4_udp.pcap, frames 2945, 2946) and RTSP (ndpi_rtsp.pcap), not SIP."""
FUZZED: Final = "ndpi_fuzz"
"""Bytes at random: tshark ends a Call-ID at a zero byte (frames 182 and 247) and replaces what isn't ASCII."""


@cache
def everything() -> list[tuple[dict[str, Any], Scan, Assembled]]:
    """Scan each capture of which tshark says something to compare; small ones, one after the other."""
    keys = ("sip", "sdp", "sni", "dns_answers", "stun", "rtp", "rtp_heuristic", "rtsp_transport", "skinny")
    found = []
    for capture in corpus.captures():
        truth = corpus.truth(capture)
        if any(truth.get(key) for key in keys):
            scanned = scan(sources([str(capture)]), [0], workers=1)
            found.append((truth, scanned, assemble(scanned, [""])))
    return found


def of(facts: Iterable[Fact], *kinds: type) -> list[Any]:
    return [fact for fact in facts if isinstance(fact, kinds)]


def wanted(truth: dict[str, Any]) -> dict[str, set[Any]]:
    """Return what tshark names, in the words of `named`."""
    sip, stun, answers = (truth.get(key) or {} for key in ("sip", "stun", "dns_answers"))
    hellos = [each for each in truth.get("sni") or () if each["via"] == "tls"]
    quic = [each for each in truth.get("sni") or () if each["via"] != "tls"]
    addresses = [(name.lower(), value) for name, found in answers.items() for kind, value in found if kind != "cname"]
    hosts = ("via_sent_by", "contact_hosts", "record_route_hosts", "route_hosts")
    return {
        "sip calls": set(sip.get("call_ids", ())),
        "sip elements": {(kind, host.lower()) for kind in hosts for host in sip.get(kind, ())},
        "sdp ends": announced(truth),
        "rtsp ports": ports(truth),
        "skinny ends": {each["value"] for each in truth.get("skinny") or () if each["field"] in SKINNY},
        "server names": {(each["name"].lower(), each["server"]) for each in hellos},
        "quic server names": {(each["name"].lower(), each["server"]) for each in quic},
        "dns answers": set(addresses),
        "dns addresses": {value for _, value in addresses},
        "stun ends": {(each["ip"], int(each["port"])) for each in stun.get("addresses", ())},
    }


SKINNY: Final = {f"skinny.{name}.ipv4" for name in ("ipAddr", "remoteIpAddr", "transmitIpAddr")}


def ports(truth: dict[str, Any]) -> set[int]:
    found = re.findall(r"(?:client|server)_port=(\d+)", " ".join(truth.get("rtsp_transport") or ()))
    return {int(port) for port in found}


def announced(truth: dict[str, Any]) -> set[Any]:
    ends = set()
    for body in truth.get("sdp") or ():
        for stream in body["media"]:
            where, port = (stream.get("c") or body["session_c"]).split()[2:3], stream["m"].split()[1].partition("/")[0]
            if where and port.isdigit():
                ends.add((where[0], int(port)))
    return ends


KINDS: Final = {"contact": "contact_hosts", "record-route": "record_route_hosts", "route": "route_hosts"}


def named(facts: list[Fact]) -> dict[str, set[Any]]:
    return {
        "sip calls": {fact.call_id for fact in of(facts, Dialog)},
        "sip elements": {(KINDS.get(fact.kind, "via_sent_by"), fact.host) for fact in of(facts, Hop)},
        "sdp ends": {(text(fact.address), fact.port) for fact in of(facts, Media)},
        "rtsp ports": {fact.port for fact in of(facts, Media)},
        "skinny ends": {text(fact.address) for fact in of(facts, Media)},
        "server names": {(fact.name, text(fact.flow[2])) for fact in of(facts, Hello)},
        "quic server names": {(fact.name, text(fact.flow[2])) for fact in of(facts, Hello) if fact.flow[4] == UDP},
        "dns answers": {(fact.name, text(fact.address)) for fact in of(facts, Name)},
        "dns addresses": {text(fact.address) for fact in of(facts, Name)},
        "stun ends": {(text(fact.address), fact.port) for fact in of(facts, Reflexive, Relayed, Peer, Redirect)}
        | {(text(fact.flow[0]), fact.flow[1]) for fact in of(facts, Exchange) if fact.answer},
    }


def missing(kind: str) -> dict[str, set[Any]]:
    """Return what tshark names and we don't, by file."""
    found = {truth["file"]: wanted(truth)[kind] - named(scanned.facts)[kind] for truth, scanned, _ in everything()}
    return {file: ends for file, ends in found.items() if ends}


@corpus.needed
def test_every_server_name() -> None:
    assert missing("server names") == missing("quic server names") == {}


@corpus.needed
def test_every_call_and_every_element() -> None:
    """An element that is an end of the signalling itself is told by its packets."""
    assert set(missing("sip calls")) <= {f"{FUZZED}-2006-06-26-2594.pcap"}
    ends = {
        truth["file"]: {text(end) for fact in of(scanned.facts, Dialog) for end in (fact.flow[0], fact.flow[2])}
        for truth, scanned, _ in everything()
    }
    left = {
        file: {(kind, host) for kind, host in elements if host not in ends[file]}
        for file, elements in missing("sip elements").items()
    }
    assert {file for file, elements in left.items() if elements} <= {f"{FUZZED}-2006-06-26-2594.pcap"}
    assert all(not _plain(host) for elements in left.values() for _, host in elements)


def _plain(host: str) -> bool:
    """Say whether tshark's text is a host that a message can have, and none that random bytes have changed."""
    return host.isascii() and host.replace(".", "").isdigit()


@corpus.needed
def test_every_announced_end() -> None:
    assert set().union(*missing("sdp ends").values()) <= MEDIA_CONTROL


@corpus.needed
def test_every_dns_answer() -> None:
    """tshark lists the addresses of name servers, in additional records, under the name of the question; we don't.

    The address of ns1.google.com, say, is in frames of ndpi_wechat.pcap that ask for docs.google.com.
    """
    assert missing("dns addresses") == {}
    called: dict[str, set[str]] = {}
    for _, scanned, _ in everything():
        for name, address in named(scanned.facts)["dns answers"]:
            called.setdefault(address, set()).add(name)
    server = re.compile(r"ns[-.0-9]|roland\.icir\.org|[ab]\.ns\.|[a-g]\.l\.google\.com")
    assert all(
        any(server.match(name) for name in called[address])
        for found in missing("dns answers").values()
        for _, address in found
    )


@corpus.needed
def test_every_end_of_rtsp_and_skinny() -> None:
    assert missing("rtsp ports") == missing("skinny ends") == {}


@corpus.needed
def test_most_ends_that_stun_names() -> None:
    have = sum(len(wanted(t)["stun ends"] & named(s.facts)["stun ends"]) for t, s, _ in everything())
    assert have >= 0.97 * sum(len(wanted(truth)["stun ends"]) for truth, _, _ in everything())


CALLS: Final = {"ndpi_skinny.pcap": "skinny:", "heplify_rtp_rtcp_sip_ipv4_udp.pcap": "mgcp:", "ndpi_rtsp.pcap": "rtsp:"}


@corpus.needed
def test_streams_that_other_protocols_than_sip_announced_are_of_their_calls() -> None:
    tied, streams = Counter[str](), Counter[str]()
    for truth, _, assembled in everything():
        name = truth["file"].rpartition("/")[2]
        if name not in CALLS:
            continue
        flows = assembled.flows.filter(pl.col("session").str.starts_with(CALLS[name]) & (pl.col("basis") == "observed"))
        tied[name] = flows.filter(pl.col("app") == "rtp").height
        streams[name] = flows.filter(pl.col("plane") == "signalling")["session"].n_unique()
    assert tied == {"ndpi_skinny.pcap": 5, "heplify_rtp_rtcp_sip_ipv4_udp.pcap": 1, "ndpi_rtsp.pcap": 0}
    assert streams == {"ndpi_skinny.pcap": 6, "heplify_rtp_rtcp_sip_ipv4_udp.pcap": 1, "ndpi_rtsp.pcap": 7}


def streams(truth: dict[str, Any], key: str) -> set[Any]:
    ends = truth.get(key) or ()
    return {(e["src"], int(e["sport"]), e["dst"], int(e["dport"]), int(e["ssrc"], 16)) for e in ends}


@corpus.needed
def test_streams_are_those_that_tshark_knows_from_signalling_and_none_that_it_does_not_even_suspect() -> None:
    """Of what tshark takes for RTP by its first bytes alone (`rtp_heuristic`) some is none.

    In pcpp_ip4_fragments, packets 29, 41 and 51 are fragments of NFS over UDP: the numbers of a remote procedure call
    begin like a version 2 header, and never progress.  In ndpi_imo, packets 5 to 11 keep one sequence number.
    """
    missing, invented = [], []
    for truth, _, assembled in everything():
        columns = ("src_addr", "src_port", "dst_addr", "dst_port", "ssrc")
        ours = set(assembled.streams.filter(pl.col("app") == "rtp").select(columns).rows())
        known = streams(truth, "rtp")
        missing += [(truth["file"], stream) for stream in known - ours]
        invented += [(truth["file"], stream) for stream in ours - known - streams(truth, "rtp_heuristic")]
        if truth["file"] in ("ndpi_imo.pcap", "pcpp_ip4_fragments.pcap"):
            assert not ours
    assert (missing, invented) == ([], [])


@corpus.needed
def test_every_stream_that_tshark_knows_from_signalling_is_media() -> None:
    missing = []
    for truth, _, assembled in everything():
        flows = assembled.flows.filter(pl.col("app") == "rtp")
        ends = flows.select("src_addr", "src_port", "dst_addr", "dst_port").rows()
        ours = set(ends) | {(*end[2:], *end[:2]) for end in ends}
        theirs = {(each["src"], int(each["sport"]), each["dst"], int(each["dport"])) for each in truth.get("rtp") or ()}
        missing += [(truth["file"], stream) for stream in theirs - ours]
    assert missing == []
