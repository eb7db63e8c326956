"""What record sets say that is understood, and that may not have been meant."""

from auditor.routing.route53 import hosts
from auditor.routing.route53.records import Config, Record, clipped


def remark(config: Config) -> None:
    """Remark what is understood, and may not have been meant."""
    for group in config.records.values():
        led: dict[str, Record] = {}  # host -> the first record that leads there
        for record in group:
            for host in _leads(record):
                led.setdefault(host, record)
            if record.alias and record.alias.evaluate and hosts.unfailing(record.alias.name):
                config.remark(
                    record.alias.at,
                    f"{clipped(record.label)} evaluates the health of a CloudFront distribution, which has none: "
                    "it is never unhealthy",
                )
        for record in group:
            _probed(config, record, led)


def _probed(config: Config, record: Record, led: dict[str, Record]) -> None:
    """Remark a health check that probes something else than its record leads to."""
    check = config.checks.get(config.also.get(record.check, record.check))
    if check is None or not check.host:
        return
    if check.host == record.name:
        config.remark(
            check.at,
            f"health check {clipped(check.id)} of {clipped(record.label)} probes the name of the record itself: "
            "what it finds is unpredictable",
        )
    other = led.get(check.host)
    if other is not None and check.host not in _leads(record):
        config.remark(
            check.at,
            f"health check {clipped(check.id)} guards {clipped(record.label)} (line {record.at.line}), but probes "
            f"{clipped(check.host)}, where {clipped(other.label)} (line {other.at.line}) leads",
        )


def _leads(record: Record) -> tuple[str, ...]:
    """List the addresses and names to which a record leads."""
    return (*record.values, record.alias.name) if record.alias else record.values
