"""One situation as one session: the packets between those who take part and the places that they touch."""

from dataclasses import dataclass, field
from random import Random
from typing import Final

from auditor.model.rule import Rule
from auditor.rules.format import Situation
from tests.staging import CannotStage, plot, wire
from tests.staging.cast import Cast, Place, unlisted
from tests.staging.ground import Ground
from tests.staging.signalling import Leg, Stream, invite
from tests.staging.wire import End, Frames

SIP: Final = 5060
PROFILES: Final = {
    "rtp": ("audio", "RTP/AVP", False), "clear": ("audio", "RTP/AVP", False), "srtp": ("audio", "RTP/SAVP", True),
    "dtls": ("audio", "UDP/TLS/RTP/SAVPF", False), "dim": ("audio", "RTP/SAVP", True),
}  # fmt: skip
"""What an exchange is announced as; all others as an application over TCP."""


@dataclass
class Scene:
    """What is on the wire, and where the places of the example are."""

    frames: Frames
    places: list[Place]
    people: list[str]


@dataclass
class Played:
    """Exchanges while they are put together, and what calls announce of them."""

    frames: Frames = field(default_factory=list)
    offers: dict[str, list[Stream]] = field(default_factory=dict)  # by participant
    answers: dict[str, list[Stream]] = field(default_factory=dict)

    def announce(self, person: str, own: End, other: End, kind: str) -> None:
        media, profile, keyed = PROFILES.get(kind, ("application", "TCP/TLS/BFCP", False))
        self.offers.setdefault(person, []).append(Stream(own, media, profile, keyed))
        if kind == "dim":  # they disagree on whether it is to be secure
            profile, keyed = "RTP/AVP", False
        self.answers.setdefault(person, []).append(Stream(other, media, profile, keyed))


def play(rule: Rule, told: Situation, ground: Ground, rng: Random) -> Scene:
    """Play a situation.  Raise CannotStage if no capture can show it."""
    if told.roster == "complete" and rule.applies.roster == "complete":
        raise CannotStage("`roster: complete`: a call record or a declaration says who was there, no capture")
    choice = rule.asserts.selection
    if told.account and choice is not None and choice.whose == "host":
        raise CannotStage("`account`: a call record says whose session it is, no capture")
    asked = plot.asks(rule)
    claims = any(touch.evidence == "claim" or unlisted(touch, asked) for touch in told.touches)
    serve = all(touch.role in ("server", "relay") and plot.plain(touch) for touch in told.touches)
    cast = Cast(rule, asked, ground, rng, 4 if claims or rng.random() < 0.6 else 6, serve)
    people = [cast.person(each) for each in told.participants]
    guests = [cast.guest(touch) for touch in told.touches if touch.role == "client"]
    places = [cast.place(touch, len(people)) for touch in told.touches if touch.role != "client"]
    if guests and not people:
        raise CannotStage("a client that nobody meets")
    if not people and len(places) > 1 and any(touch.holds for touch in told.touches):
        raise CannotStage("several exchanges between servers in one session: no call names those who hold its data")
    if asked.direction and not people:
        raise CannotStage("the direction of an exchange between servers: each is touched in one of both")
    together = bound(rule, cast, places + guests, len(people) + len(guests))
    media = [place for place in places + guests if place.touch.plane == "media" or place.kind in plot.TOLD]
    if together and [place.kind for place in media] == ["dtls"] and rng.random() < 0.5:
        media[0].kind = "srtp"  # descriptions speak for all media of a call
    made = Played()
    for place in (*places, *guests):
        _touch(made, place, people or [place.twin], together, cast)
    frames = made.frames
    if together or any(place.kind == "sip" for place in places):
        first, last = _calls(made, people, places, guests, cast)
        frames = first + frames + last
    return Scene(frames, places + guests, people + [guest.address for guest in guests])


def bound(rule: Rule, cast: Cast, places: list[Place], people: int) -> bool:
    """Say whether a call has to name the session; where none may, each exchange is a session of its own."""
    applies, asked = rule.applies, cast.asked
    told = any(place.kind in plot.TOLD for place in places)
    calls = [place for place in places if place.kind in ("sip", "met")]
    if not people and (told or any(place.kind in ("clear", "srtp") for place in places)):
        raise CannotStage("what signalling tells of a place, and nobody who signals")
    if told and "client" in rule.asserts.roles:
        raise CannotStage(
            "who is told of a place, where the ends of those count who are told: a call tells one of them"
        )
    if told and calls:
        raise CannotStage("what a call through a touched place tells of another one touches the first again")
    judged = asked.encrypted and not (asked.direction or asked.service)
    if judged and (applies.planes is None or "media" in applies.planes):
        calls += [place for place in places if place.kind == "clear"]  # what fails for their sake fails anyway
    unsure = any(place.touch.role == plot.UNKNOWN for place in places)
    if people == 1 and not calls and applies.quantifier and len(places) > 1 and unsure:
        raise CannotStage("several exchanges of one person, in one of which the other end may be a person")
    if asked.signalling and not calls:
        if told or any(place.kind == "clear" for place in places):
            raise CannotStage("what only a call tells of a place: among participants it is judged itself")
        if (
            people > 1
            and applies.quantifier not in ("", "any")
            and not (applies.quantifier != "mixed" and cast.alike())
        ):
            raise CannotStage(
                "several people of one session that no call names: among participants it is judged itself"
            )
        if asked.direction and any(place.kind == "srtp" for place in places):
            raise CannotStage("media that is keyed by nobody knows whom, without a call")
        for place in places:
            place.kind = "dtls" if place.kind == "srtp" else place.kind
        return False
    call = told or people > 1 or any(place.kind in ("clear", "met", "srtp") for place in places)
    if call and people == 1 and applies.quantifier == "mixed" and not any(place.kind == "sip" for place in places):
        raise CannotStage(
            "a call of one person: with whom it is nobody says, and on both sides of a border they may be"
        )
    return call


def _touch(made: Played, place: Place, comers: list[str], together: bool, cast: Cast) -> None:
    """Play what each of those who come exchanges with a place."""
    kind, touch, rng = place.kind, place.touch, cast.rng
    if kind in ("sip", "met", *plot.TOLD):
        return  # the call itself shows it
    if kind == "tunnel":
        _tunnel(made, place, comers, cast)
        return
    announced = "dim" if kind == "rtp" and cast.asked.encrypted else kind
    for comer in comers:
        own, port = plot.ports(kind, touch, rng)
        begun = kind != "opaque" or touch.direction is not None
        one, other = (comer, own), (place.address, port)
        if kind == "opaque" and touch.direction is not None and touch.role != plot.UNKNOWN:
            other = (place.address, 443)
        if place.resolver:
            made.frames += wire.lookup((comer, rng.randrange(49152, 65000)), place.resolver, place.name, place.address)
        made.frames += plot.played(kind, touch, one, other, place.name, begun, rng)
        if together:
            made.announce(comer, one, other, announced)


def _tunnel(made: Played, place: Place, comers: list[str], cast: Cast) -> None:
    """Let what two participants exchange pass through a tunnel between two machines of the place."""
    rng, (near, far) = cast.rng, comers[:2]
    one, other = (near, rng.randrange(16384, 32000, 2)), (far, rng.randrange(16384, 32000, 2))
    if place.touch.plane == "other":
        inner = wire.ping(near, far, rng)
    elif place.touch.plane == "media":
        inner = wire.rtp(one, other, rng)
        made.announce(near, one, other, "rtp")
    else:
        one, other = (near, rng.randrange(49152, 60000)), (far, rng.randrange(49152, 60000))
        inner = wire.connection(one, other, wire.opaque(rng), rng, begun=False)
        made.announce(near, one, other, "opaque")
    made.frames += wire.tunnelled(inner, place.address, place.twin, rng)


def _calls(
    made: Played, people: list[str], places: list[Place], guests: list[Place], cast: Cast
) -> tuple[Frames, Frames]:
    """Signal: each participant with each place of that plane, or, where there is none, in a ring among themselves."""
    rng = cast.rng
    call = f"{rng.randrange(1 << 40):x}@{rng.choice(('voice', 'meet', 'pbx'))}.example.com"
    proxies = [place for place in places if place.kind == "sip"]
    tellers = [place for place in places if place.kind in plot.TOLD]
    ring = people + [guest.address for guest in guests]
    legs: list[Leg] = []
    if proxies:
        for person in ring or [proxies[0].twin]:
            for number, place in enumerate(proxies):
                pair = ((person, SIP), (place.address, SIP))
                caller, callee = reversed(pair) if place.touch.direction == "from" else pair
                legs.append(Leg(caller, callee, call))
                if not number:
                    _described(legs[-1], made, person, swapped=place.touch.direction == "from")
    else:
        if len(ring) == 1:
            ring.append(cast.double())
        for at, person in enumerate(ring):
            legs.append(Leg((person, SIP), (ring[(at + 1) % len(ring)], SIP), call))
            _described(legs[-1], made, person)
    for place in tellers:
        _tell(legs, place, cast)
    if len(legs) > 1 and not tellers and rng.random() < 0.4:
        _part(legs, rng)
    first, last = zip(*(invite(leg, rng) for leg in legs), strict=True)
    return [frame for frames in first for frame in frames], [frame for frames in last for frame in frames]


def _described(leg: Leg, made: Played, person: str, swapped: bool = False) -> None:
    """Let a leg announce what a participant exchanges."""
    both = made.offers.get(person, []), made.answers.get(person, [])
    leg.offers, leg.answers = reversed(both) if swapped else both  # type: ignore[assignment]


def _tell(legs: list[Leg], place: Place, cast: Cast) -> None:
    """Let the first leg say of a place that it handed the call on, or offer it."""
    leg, rng = legs[0], cast.rng
    if place.kind == "attested":
        leg.passed.append((place.address, place.touch.role in ("server", "relay")))
    elif place.touch.plane == "signalling" or rng.random() < 0.3:
        legs.insert(0, Leg(leg.caller, leg.callee, leg.call_id, redirect=place.address))
    else:
        leg.offers.append(Stream((place.address, rng.randrange(16384, 32000, 2))))


def _part(legs: list[Leg], rng: Random) -> None:
    """Give each leg a name of its own, and the session an identifier by which they belong together (RFC 7989)."""
    identities = {end: f"{rng.getrandbits(128):032x}" for leg in legs for end in (leg.caller, leg.callee)}
    for number, leg in enumerate(legs):
        leg.call_id = f"{number}-{leg.call_id}"
        leg.identity = identities[leg.caller], identities[leg.callee]
