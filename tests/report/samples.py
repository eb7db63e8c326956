"""Reports built by hand, one of each kind, and one whose every text is hostile."""

from dataclasses import fields, is_dataclass, replace
from enum import Enum
from typing import Any

from auditor.model.coverage import LINE, Coverage, Judged, Unread
from auditor.model.report import (
    BaselineUse,
    Conflict,
    Database,
    Evidence,
    Finding,
    Input,
    Participants,
    Past,
    Place,
    Report,
    RuleText,
    Settle,
    Source,
    Touched,
    Verdict,
    WaiverText,
    WaiverUse,
)

START = 1_585_897_200_123_456_789  # 2020-04-03T07:00:00Z and a little
SECOND = 1_000_000_000
BEIJING = "52.81.151.250"

KEYS_RULE = RuleText(
    id="overseas-keys-avoid-mainland",
    title="Keys of overseas meetings never come from mainland China",
    severity="critical",
    why="The service promises that meetings without mainland participants get no keys from servers in the mainland.",
    fix="Remove the mainland key servers from the pools of the client countries named here, and from their fallbacks.",
    references=(
        (
            "Zoom, response to research from University of Toronto's Citizen Lab",
            "policy",
            "https://example.com/response",
            "",
            "2020-04-03",
        ),
        ("Move Fast and Roll Your Own Crypto", "report", "", "Article 3", ""),
    ),
    file="zoom-2020/overseas-keys-avoid-mainland.yaml",
    sha256="1" * 64,
    path="rules/zoom-2020/overseas-keys-avoid-mainland.yaml",
    line=3,
    speaks="Sessions of whose participants all belong to overseas: keys must not touch mainland China.",
)
MEDIA_RULE = replace(
    KEYS_RULE,
    id="overseas-media-avoids-mainland",
    title="Media of overseas meetings stays outside mainland China",
    severity="high",
    file="zoom-2020/overseas-media-avoids-mainland.yaml",
    sha256="2" * 64,
    path="policies/überseeische regeln/media.yaml",
    line=1,
    speaks="Sessions of whose participants all belong to overseas: media must not touch mainland China.",
)
DATABASES = (
    Database("DB-IP Lite country", "a" * 64, "2026-10-01", "IP Geolocation by DB-IP", "https://db-ip.com", "country"),
    Database("AWS ranges", "b" * 64, "2026-10-26", "", "", "ranges"),
    Database("inventory", "c" * 64, "", "", "", "inventory"),
)
CANADA = Participants("CA", "", "142.1.0.5")
AMERICA = Participants("US", "", "24.5.0.9")

KEYS = Finding(
    id="f-5b1c0a9d2e77",
    rule=KEYS_RULE.id,
    verdict=Verdict.FAIL,
    severity="critical",
    basis="observed",
    plane="keys",
    population="all overseas",
    place=Place("CN", "located", "", "AWS China (Beijing)"),
    proven=True,
    sessions=2,
    first_sessions=("a84b4c76e66710@pc33.example.com", "meeting 711-322-011"),
    participants=(CANADA, AMERICA),
    endpoints=(BEIJING,),
    endpoint_count=1,
    packets=24,
    bytes=9_216,
    first_ns=START,
    last_ns=START + 312 * SECOND,
    evidence=(
        Evidence("2020-incident.pcap", 118, f"TLS ClientHello 142.1.0.5:51812 -> {BEIJING}:443", START),
        Evidence("2020-incident.pcap", 131, f"TLS 24.5.0.9:49221 -> {BEIJING}:443", START + 2 * SECOND),
    ),
    located_by=(
        (
            BEIJING,
            (
                Source("AWS ranges 2026-10-26, region cn-north-1", "proof", "CN", "52.80.0.0/15"),
                Source("DB-IP Lite country 2026-10-01", "claim", "CN", "52.80.0.0/14"),
                Source("vendor.mmdb", "overruled", "US", "52.0.0.0/8"),
                Source("DB-IP Lite ASN 2026-10-01", "operator", "", "AS55960 Beijing Guanghuan Xinwang Digital"),
            ),
        ),
    ),
    settles=(),
)
OPEN = replace(
    KEYS,
    id="f-77aa01b2c3d4",
    rule=MEDIA_RULE.id,
    verdict=Verdict.OPEN,
    severity="high",
    plane="media",
    place=Place("CN+HK", "located", "", "Example Transit"),
    proven=False,
    sessions=1,
    first_sessions=("2020-incident.pcap #204",),
    participants=(CANADA, Participants("*", "", "10.0.0.7", certain=False)),
    endpoints=("103.122.166.55",),
    packets=3_180,
    bytes=3_402_112,
    evidence=(Evidence("2020-incident.pcap", 204, "RTP 10.0.0.7:8801 -> 103.122.166.55:8801", START + SECOND),),
    located_by=(
        (
            "103.122.166.55",
            (
                Source("DB-IP Lite country 2026-10-01", "claim", "HK", "103.122.164.0/22"),
                Source("vendor.mmdb", "claim", "CN", "103.122.166.0/24"),
            ),
        ),
    ),
    settles=(
        Settle("site", "103.122.166.55", "List 103.122.166.55 in the inventory as a site with its country."),
        Settle("vantage", "2020-incident.pcap", "Declare where 2020-incident.pcap was captured: 10.0.0.7 is private."),
    ),
)
ANYWHERE = replace(
    OPEN,
    id="f-90ff12e3a4b5",
    place=Place("*", "anywhere", "", "Cloudflare"),
    basis="offered",
    endpoints=("104.16.1.1",),
    located_by=(("104.16.1.1", (Source("anycast", "claim", "*", "104.16.0.0/13"),)),),
    settles=(Settle("site", "104.16.1.1", "List 104.16.1.1 in the inventory as a site with its country."),),
)
TOUCHED = (
    Touched(Place("CN", "located", "", "AWS China (Beijing)"), Verdict.FAIL, ("keys",), 2, 24, 9_216),
    Touched(Place("CN+HK", "located", "", "Example Transit"), Verdict.OPEN, ("media",), 1, 3_180, 3_402_112),
    Touched(Place("*", "anywhere", "", "Cloudflare"), Verdict.OPEN, ("unknown",), 1, 9, 700),
    Touched(Place("US", "located", "us-west", "Zoom"), Verdict.PASS, ("media", "signalling"), 2, 41_210, 38_400_000),
)

FAIL = Report(
    verdict=Verdict.FAIL,
    empty=False,
    findings=(KEYS, OPEN, ANYWHERE),
    coverage=Coverage(
        packets=44_480,
        bytes=41_812_028,
        records=(("malformed", 2), ("no_address", 41), ("ok", 44_436), ("truncated", 1)),
        unread=(
            Unread("2020-incident.pcap", "malformed", "IPv4 header cut", 2, 7),
            Unread("2020-incident.pcap", "no_address", "ARP", 41, 1),
            Unread("2020-incident.pcap", "truncated", "capture length", 1, 44_480),
        ),
        unread_bytes=(("2020-incident.pcap", 120, "the file ends inside a record"),),
        outcomes=(("rejected", 1), ("unanswered", 4)),
        flows=37,
        decided=6,
        touches=8,
        judged=((KEYS_RULE.id, Judged(1, 2, 0, 5, 0)), (MEDIA_RULE.id, Judged(4, 0, 2, 2, 3))),
    ),
    rules=(KEYS_RULE, MEDIA_RULE),
    inputs=(Input("2020-incident.pcap", "d" * 64, 42_000_120, "pcap", 44_480),),
    databases=DATABASES,
    touched=TOUCHED,
    participants=(CANADA, AMERICA, Participants("*", "", "10.0.0.7", certain=False)),
    first_ns=START,
    last_ns=START + 312 * SECOND,
    notes=("No rules were named, so the built-in pack zoom-2020 was used.",),
    version="0.1.0",
)
CLEAN = replace(
    FAIL.coverage,
    packets=44_436,
    records=(("ok", 44_436),),
    unread=(),
    unread_bytes=(),
    outcomes=(),
    decided=8,
    judged=((KEYS_RULE.id, Judged(8)), (MEDIA_RULE.id, Judged(8, on_claims=5))),
)
UNDECIDED = replace(FAIL, verdict=Verdict.OPEN, findings=(OPEN, ANYWHERE), touched=TOUCHED[1:])
PASS = replace(FAIL, verdict=Verdict.PASS, findings=(), coverage=CLEAN, touched=TOUCHED[3:], notes=())
EMPTY = replace(
    FAIL,
    verdict=Verdict.OPEN,
    empty=True,
    findings=(),
    coverage=Coverage(0, 0, (), (), (), (), 0, 0, 0, tuple((rule.id, Judged()) for rule in FAIL.rules)),
    touched=(),
    participants=(),
    inputs=(Input("empty.pcap", "e" * 64, 24, "pcap", 0),),
    first_ns=0,
    last_ns=0,
)

WAIVER = WaiverText(
    rule=KEYS_RULE.id,
    speaks="Accepts violations of overseas-keys-avoid-mainland where the place lies within CN.",
    reason="The key servers are moved to Frankfurt until December.",
    owner="network operations",
    approved_by="A. Example",
    ticket="NET-42",
    approved="2026-11-01",
    expires="2026-12-01",
    file="waivers.yaml",
    line=2,
)
LAPSED = replace(WAIVER, rule=MEDIA_RULE.id, approved_by="", ticket="", expires="2026-11-15", line=11)
NEEDLESS, IDLE = replace(WAIVER, line=20), replace(WAIVER, line=29)
UNKNOWN = replace(WAIVER, rule="overseas-keys", line=38)
LATER = replace(WAIVER, approved="2026-11-30", line=47)
USES = (
    WaiverUse(WAIVER, "applied", (KEYS.id,), ()),
    WaiverUse(LAPSED, "expired", (OPEN.id,), ()),
    WaiverUse(NEEDLESS, "shadowed", (), (KEYS.id,)),
    WaiverUse(IDLE, "unused", (), ()),
    WaiverUse(UNKNOWN, "no rule", (), ()),
    WaiverUse(LATER, "pending", (), ()),
)
ACCEPTED = replace(KEYS, waiver=WAIVER)
UNKNOWN_ACCEPTED = replace(ANYWHERE, waiver=replace(WAIVER, rule=MEDIA_RULE.id, line=56))
WAIVED = replace(
    FAIL,
    verdict=Verdict.OPEN,
    findings=(OPEN, ACCEPTED, UNKNOWN_ACCEPTED),
    coverage=CLEAN,
    waivers=(*USES, WaiverUse(replace(WAIVER, rule=MEDIA_RULE.id, line=56), "applied", (ANYWHERE.id,), ())),
    as_of="2026-11-23",
)
ALL_WAIVED = replace(WAIVED, verdict=Verdict.PASS, findings=WAIVED.findings[1:])

FAMILIAR = replace(KEYS, id="b" * 16, standing="known")
FRESH = replace(OPEN, standing="new")
PAST = BaselineUse(
    "known.json",
    "b" * 64,
    known=1,
    new=1,
    fixed=(Past("0123456789abcdef", KEYS_RULE.id, "fail"),),
    unasked=(Past("fedcba9876543210", "another-rule", "open"),),
)
HELD = replace(FAIL, verdict=Verdict.OPEN, findings=(FRESH, FAMILIAR), coverage=CLEAN, baseline=PAST)
ALL_KNOWN = replace(HELD, verdict=Verdict.PASS, findings=(FAMILIAR,), baseline=replace(PAST, new=0))

CONFIGURED = replace(
    KEYS,
    id="c" * 16,
    basis="configured",
    evidence=(
        Evidence("dns/over seas.yaml", 42, "pool overflow may answer clients in CA", unit=LINE),
        Evidence("dns/geo.conf", 7, "pool overflow: site 52.81.151.250", unit=LINE),
    ),
    first_ns=0,
    last_ns=0,
    packets=0,
    bytes=0,
)
GATE = replace(FAIL, findings=(CONFIGURED,), coverage=CLEAN, first_ns=0, last_ns=0)

CLASH = Conflict((KEYS_RULE.id, MEDIA_RULE.id), 3, ("call-1", "call-2"), ("keys", "media"), START, START + SECOND)
TORN = replace(
    FAIL,
    findings=(replace(KEYS, conflicts=(MEDIA_RULE.id,)), *FAIL.findings[1:]),
    rules=(replace(KEYS_RULE, controls=(("ISO/IEC 27001:2022", "A.5.14"),)), *FAIL.rules[1:]),
    conflicts=(CLASH,),
)

POISON = (
    "<script>alert(1)</script>\"><img src=x onerror=alert(1)>'{{7*7}}{%raw%}"
    "\x00\x1b[31m\x1b]8;;http://evil\x07\x9b2J\r\n\u202e\u2066\u200b\u2028\ud800\ufffe</style></title>&lt;]]>"
    + "A"
    * 5_000
)
STATES = set("countries state verdict severity basis plane kind status format as_of standing".split())
"""Fields that hold words of ours."""


def poisoned(value: Any, field: str = "") -> Any:
    """Return the same report with POISON in every field that a stranger can reach."""
    if isinstance(value, Enum) or field in STATES:
        return value
    if isinstance(value, str):
        return POISON
    if isinstance(value, tuple):
        return tuple(poisoned(item, field) for item in value)
    if is_dataclass(value) and not isinstance(value, type):
        return type(value)(**{f.name: poisoned(getattr(value, f.name), f.name) for f in fields(value)})
    return value


HOSTILE = poisoned(
    replace(
        WAIVED,
        verdict=Verdict.FAIL,
        findings=(*TORN.findings, FAMILIAR, ACCEPTED),
        conflicts=TORN.conflicts,
        rules=TORN.rules,
        baseline=PAST,
    )
)
SAMPLES = {
    "fail": FAIL,
    "open": UNDECIDED,
    "pass": PASS,
    "empty": EMPTY,
    "waived": WAIVED,
    "all waived": ALL_WAIVED,
    "torn": TORN,
    "gate": GATE,
    "held": HELD,
    "all known": ALL_KNOWN,
    "hostile": HOSTILE,
}


def crowd(count: int) -> Report:
    """Return a report with this many findings in many countries."""
    codes = ("CN", "RU", "BR", "HK", "SG", "DE", "ZA", "IN", "CN+HK", "*", "-CN", "!")
    findings = tuple(
        replace(
            KEYS if i < count // 2 else OPEN,
            id=f"f-{i:012x}",
            place=Place(codes[i % len(codes)], "located", f"site-{i}", f"operator {i % 50}"),
            endpoints=(f"198.51.100.{i % 256}",),
            settles=() if i < count // 2 else (Settle("site", f"host {i}", f"List host {i} in the inventory."),),
        )
        for i in range(count)
    )
    touched = tuple(Touched(f.place, f.verdict, (f.plane,), 1, 10, 1_000) for f in findings)
    return replace(FAIL, findings=findings, touched=touched)
