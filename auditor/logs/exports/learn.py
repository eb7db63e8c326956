"""What exporters say once and mean of all that they send: twice over all inputs, for templates, then for options."""

from collections.abc import Iterable

import numpy as np

from auditor.logs.exports import sflow, wire
from auditor.logs.exports.fields import Fields, plan
from auditor.logs.exports.memory import Known, Missing, When
from auditor.logs.exports.messages import Datagram, Datagrams, records_of, when
from auditor.logs.exports.records import own_rates
from auditor.logs.exports.templates import templates


def learn(inputs: Iterable[Datagrams]) -> Known:
    """Gather what exporters say once from all inputs."""
    known, every = Known(), list(inputs)
    for datagrams in every:
        for each in datagrams():
            if each.kind in wire.TEMPLATES:
                _templates(each, known)
    for datagrams in every:
        for each in datagrams():
            if each.kind == wire.SFLOW:
                sflow.number(each.data, each.at, each.end, each.origin, known.numbers)
            else:
                _options(each, known)
    return known.settle()


def _templates(datagram: Datagram, known: Known) -> None:
    header = wire.header(datagram.data, datagram.at, datagram.kind)
    kinds, at = wire.TEMPLATES[datagram.kind], when(datagram, header)
    for number, begin, stop in wire.sets(datagram.data, datagram.at, datagram.end, datagram.kind):
        if number not in kinds:
            continue
        for name, template in templates(datagram.data, begin, min(stop, datagram.end), datagram.kind, number):
            key = header.version, header.domain, name
            if template is not None:
                known.templates.put(datagram.origin, key, at, template, 1 + len(template.fields) // 8)
                known.live.setdefault((datagram.origin, *key[:2], template.options), set()).add(key)
            elif name in kinds:  # all of a kind
                ours = known.live.pop((datagram.origin, *key[:2], name == kinds[1]), set())
                known.templates.withdraw(datagram.origin, ours, at)
            else:
                known.templates.withdraw(datagram.origin, [key], at)


def _options(datagram: Datagram, known: Known) -> None:
    """Read options, and the numbers of datagrams."""
    header, at, records, certain = wire.header(datagram.data, datagram.at, datagram.kind), (0, 0), 0, True
    at = when(datagram, header)
    if header.version in wire.FIXED:
        records = (datagram.end - datagram.at) // wire.FIXED[header.version][1]
    else:
        for number, begin, stop in wire.sets(datagram.data, datagram.at, datagram.end, datagram.kind):
            if number < wire.DATA:
                continue
            try:
                template = known.templates.find(datagram.origin, (header.version, header.domain, number), at)
            except Missing:
                certain = False
                continue
            layout = plan(template, header.version == wire.V9)
            raw, _, count, _ = records_of(datagram.data, begin, min(stop, datagram.end), layout)
            records += count
            if template.options and count and layout.size:
                _said(
                    Fields(layout, np.frombuffer(raw, np.uint8).reshape(-1, layout.size)), header, datagram, at, known
                )
    if header.version == wire.V1:
        return
    span = (records, records) if certain else (0, datagram.end - datagram.at)
    known.numbers.add(
        (datagram.origin, header.version, header.domain), header.export_ns // 10**9, header.sequence, span
    )


def _said(fields: Fields, header: wire.Header, datagram: Datagram, at: When, known: Known) -> None:
    """Keep sampling rates (of samplers, of interfaces, of all), and when an exporter started."""
    key, found = (header.version, header.domain), own_rates(fields)
    if fields.any_of("sampler", "selector"):
        kind, numbers = "sampler", fields.small("sampler", "selector")
    elif fields.plan.scope is not None and fields.plan.scope[1] <= 8:
        kind, numbers = "interface", fields.scope()
    else:
        kind, numbers = "all", np.zeros(len(fields), np.int64)
    for rate, number in zip(found.tolist(), numbers.tolist(), strict=True):
        if rate > 0:
            known.rates.put(datagram.origin, (*key, kind, number), at, rate)
    if "started_ms" in fields:
        for started in fields.count("started_ms").tolist():
            known.starts.put(datagram.origin, key, at, started)
