"""An explained finding as plain text, for terminals: the same that the JSON says."""

import textwrap
from collections.abc import Iterator
from typing import Final

from auditor.evidence import shape
from auditor.model.report import Finding, Source
from auditor.report import grounds, phrases, waived, words
from auditor.report.clean import cleaned, visible
from auditor.report.shape import Rule

WIDTH: Final = 100


def render(finding: Finding, told: shape.Shown) -> str:
    """Write what `told` says of a finding."""
    finding = cleaned(finding)
    sections = [
        list(_head(finding)),
        ["RULE", *_rule(told.rule)],
        ["WHO TOOK PART", *_who(finding)],
        ["PLACE", *_place(finding)],
        ["WHAT RECORDS SAY", *_messages(told)] if told.messages else [],
        ["RECORDS", *_exchanges(told)],
        ["INPUTS", *(f"  {visible(each.name)}: {each.format}, sha256 {each.sha256}" for each in told.inputs)],
    ]
    return "\n\n".join("\n".join(section) for section in sections if section) + "\n"


def _head(finding: Finding) -> Iterator[str]:
    proven = "proven" if finding.proven else "indicated, not proven"
    state = proven if finding.verdict.value == "fail" else "open"
    tag = phrases.tag(finding)
    yield f"{tag}  {finding.severity}  {finding.rule}  [{finding.id}]  {state}"
    for text in (phrases.happened(finding), *waived.accepted(finding)):
        yield from _wrapped("  ", text)
    basis = phrases.BASES.get(finding.basis, finding.basis)
    yield from _wrapped("  ", f"{grounds.known(finding)} {basis}")
    when = words.span(finding.first_ns, finding.last_ns)
    yield from _wrapped("  ", f"{when + '; ' if when else ''}{phrases.volume(finding)}; {finding.plane}.")
    for settle in finding.settles:
        yield from _wrapped("  to settle it: ", settle.text)


def _rule(rule: Rule) -> Iterator[str]:
    yield from _wrapped("  ", visible(rule.title, 1000))
    yield from _wrapped("  ", visible(rule.speaks, 4000))
    for label, text in (("why", rule.why), ("fix", rule.fix)):
        yield from _wrapped(f"  {label:5}", visible(text, 4000))
    for each in rule.references:
        yield from _wrapped("  see  ", visible(" ".join(filter(None, (each.title, each.url))), 1000))
    yield from _wrapped("  file ", f"{visible(rule.file)}, sha256 {rule.sha256}")


def _who(finding: Finding) -> Iterator[str]:
    places = set(finding.endpoints)
    for entry in finding.participants:
        yield from _wrapped("  ", phrases.whose(entry))
    if not finding.participants:
        yield "  No participant was seen."
    for address, sources in finding.located_by:
        if address not in places:
            yield from _sources(address, sources)


def _place(finding: Finding) -> Iterator[str]:
    place = finding.place
    known = "; ".join(word for word in (place.site, place.operator) if word)
    yield from _wrapped("  ", words.capital(phrases.place(place)) + (f"; {known}" if known else ""))
    told = {address for address, _ in finding.located_by}
    for address, sources in finding.located_by:
        if address in finding.endpoints:
            yield from _sources(address, sources)
    others = [address for address in finding.endpoints if address not in told]
    more = finding.endpoint_count - len(finding.endpoints)
    others += [words.many(more, "more address", "more addresses")] * (more > 0)
    if others:
        yield from _wrapped("  and ", ", ".join(others))


def _sources(address: str, sources: tuple[Source, ...]) -> Iterator[str]:
    yield f"  {address or 'no address'}"
    for source in sources:
        where = words.capital(words.where(source.countries)) or "who, not where"
        yield from _wrapped(
            f"    {source.kind:10}",
            ", ".join(filter(None, (where, source.name, source.detail))),
        )
    if not sources:
        yield "    no source speaks of it"


def _messages(told: shape.Shown) -> Iterator[str]:
    for message in told.messages:
        at = (
            f"{visible(message.source)}, {message.unit} {message.record:,}"
            if message.record
            else visible(message.source)
        )
        yield from _wrapped("  ", f"{_time(message.time)}  {at}: {message.why}")
        for sentence in message.says:
            yield from _wrapped("    ", sentence)
        yield from (f"    | {line}" for line in message.text)
    rest = told.message_count - len(told.messages)
    if rest > 0:
        yield f"  and {words.many(rest, 'more record')} that say something"


def _exchanges(told: shape.Shown) -> Iterator[str]:
    for exchange in told.exchanges:
        yield from _exchange(exchange)
    rest = told.exchange_count - len(told.exchanges)
    if rest > 0:
        yield f"  and {words.many(rest, 'more exchange')}; `auditor extract` takes the packets of those in captures"
    if not told.exchanges:
        yield "  No packet went there: see what records say of it."


def _exchange(exchange: shape.Exchange) -> Iterator[str]:
    ends = f"{_end(exchange.src)} {'->' if exchange.opened else '--'} {_end(exchange.dst)}"
    kind = ", ".join(filter(None, (exchange.transport, exchange.app, exchange.plane, exchange.basis, exchange.outcome)))
    yield from _wrapped("  ", f"{exchange.why}: {ends}")
    yield from _wrapped("    ", "; ".join(filter(None, (kind, _opened(exchange.opened), _called(exchange.sessions)))))
    for side in (exchange.src, exchange.dst):
        known = ", ".join(visible(word) for word in (side.role, side.site, side.label, side.name) if word)
        yield from _wrapped("    ", f"{side.address}: {known}")
    for record in exchange.records:
        way = "->" if record.forward else "<-"
        size = f"{record.bytes:>6,} bytes, payload {record.payload:,}"
        name = f"{visible(record.source)}, packet {record.record:,}"
        yield f"    {_time(record.time)}  {way}  {size:28}  {record.kind or 'no payload':10}  {name}"
    rest = exchange.packets - len(exchange.records)
    if rest > 0:
        packets = words.many(rest, "more packet" if exchange.records else "packet")
        yield f"    {'and ' if exchange.records else ''}{packets}"


def _opened(how: str) -> str:
    return f"the first opened it ({how})" if how else "it is not known who opened it"


def _called(sessions: list[str]) -> str:
    few = ", ".join(visible(name) for name in sessions[:3])
    return f"call {few}" + (f" and {len(sessions) - 3} more" if len(sessions) > 3 else "") if sessions else ""


def _end(end: shape.End) -> str:
    address = f"[{end.address}]" if ":" in end.address else end.address
    return f"{address}:{end.port}" if end.port else end.address


def _time(time: str | None) -> str:
    return time.replace("T", " ").replace("Z", " UTC") if time else "no time"


def _wrapped(head: str, text: str) -> list[str]:
    indent = " " * len(head)
    return textwrap.wrap(
        text or "-",
        WIDTH,
        initial_indent=head,
        subsequent_indent=indent,
        break_on_hyphens=False,
        break_long_words=False,
    )
