"""What is wrong with destination rules, and what their authors may not have meant.

What Istio refuses: istio/istio, pkg/config/validation (`ValidateLocalityLbSetting`).
"""

from collections.abc import Iterator, Mapping
from typing import Final

from auditor.routing.documents import Document
from auditor.routing.istio.levels import REGION, SUBZONE, ZONE, Setting
from auditor.routing.istio.objects import Policy, namespaced
from auditor.routing.istio.parts import Part
from auditor.routing.model import Remark

Problem = tuple[Part, str, str]
"""Where it stands, what stands there, and why it matters."""

NOTHING: Final = Document("", None)
LONGEST: Final = 200

_SPEC: Final = frozenset({"host", "trafficPolicy", "subsets", "exportTo", "workloadSelector"})
_POLICY: Final = frozenset(
    {"loadBalancer", "connectionPool", "outlierDetection", "tls", "portLevelSettings", "tunnel", "proxyProtocol",
     "retryBudget"}
)  # fmt: skip
_PORT: Final = frozenset({"port", "loadBalancer", "connectionPool", "outlierDetection", "tls"})
_SUBSET: Final = frozenset({"name", "labels", "trafficPolicy"})
_BALANCER: Final = frozenset({"simple", "consistentHash", "localityLbSetting", "warmup", "warmupDurationSecs"})
_LOCALITY: Final = frozenset({"distribute", "failover", "failoverPriority", "enabled"})


def problems(rule: Part, first: Mapping[str, Part]) -> Iterator[Problem]:
    """Find what is not known in a rule, and what of it can't be followed."""
    spec = rule.get("spec")
    yield from _unknown(spec, _SPEC)
    if not spec.get("host").text():
        yield spec, "spec", "Istio refuses a rule without host; write one"
    for policy in (spec.get("trafficPolicy"), *(each.get("trafficPolicy") for each in spec.get("subsets").items())):
        yield from _unknown(policy, _POLICY)
        yield from _balancer(policy.get("loadBalancer"))
        for port in policy.get("portLevelSettings").items():
            yield from _unknown(port, _PORT)
            yield from _balancer(port.get("loadBalancer"))
            if not port.get("port", "number").text():
                yield port, "portLevelSettings", "nobody knows for which port this holds; write `port: {number: …}`"
    for subset in spec.get("subsets").items():
        yield from _unknown(subset, _SUBSET)
    host = namespaced(spec.get("host").text(), rule)
    if first.get(host) is not rule:
        yield spec.get("host"), host, "another rule is for this host too, and Istio takes the older one; keep one"


def _balancer(part: Part) -> Iterator[Problem]:
    yield from _unknown(part, _BALANCER)
    if part.get("simple").text() == "PASSTHROUGH":
        why = "callers choose the address themselves, so nothing here decides where they go; choose another one"
        yield part.get("simple"), "PASSTHROUGH", why
    setting = part.get("localityLbSetting")
    if setting.value is not None and not isinstance(setting.value, dict):
        yield setting, setting.text(), "no setting for localities; write a mapping"


def _unknown(part: Part, known: frozenset[str]) -> Iterator[Problem]:
    for key, inner in part.entries().items():
        if key not in known:
            yield inner, key[:LONGEST], "no known field of Istio, which may refuse or ignore it; remove it"


def refused(holds: Setting) -> Iterator[Problem]:
    """Find what Istio refuses in a setting for localities."""
    if holds.part is None:
        return
    yield from _unknown(holds.part, _LOCALITY)
    enabled = holds.part.get("enabled")
    if enabled.value not in (True, False, None):
        yield enabled, enabled.text(), "no truth value, and Istio refuses it; write true or false"
    if holds.distribute and holds.failover:
        yield holds.part.get("failover"), "failover", "Istio refuses `failover` beside `distribute`; remove one"
    seen: set[str] = set()
    for each in holds.distribute:
        yield from _unknown(each, frozenset({"from", "to"}))
        yield from _weights(each)
        source = each.get("from").text()
        if not source or source in seen:
            yield each.get("from"), source, "Istio refuses a source without name or a second time; mend it"
        seen.add(source)
    for each in holds.failover:
        yield from _unknown(each, frozenset({"from", "to"}))
        source, target = each.get("from").text(), each.get("to").text()
        if not source or not target or source == target:
            yield each, f"{source} to {target}", "Istio refuses a failover without two different regions; mend it"
        elif "/" in source + target or "*" in source + target:
            yield each, f"{source} to {target}", "`failover` takes regions alone, so this matches nothing; mend it"
    topology = [each for each in holds.priority if each.text() in (REGION, ZONE, SUBZONE)]
    if holds.failover and topology:
        yield topology[0], topology[0].text(), "Istio refuses labels of places beside `failover`; remove one"


def _weights(each: Part) -> Iterator[Problem]:
    weights = each.get("to").entries()
    numbers = [part.value for part in weights.values()]
    if not all(isinstance(number, int) and not isinstance(number, bool) and 0 < number <= 100 for number in numbers):
        why = "Istio refuses weights other than 1 to 100; leave out what shall get nothing"
        bad = next(part for part in weights.values() if type(part.value) is not int or not 0 < part.value <= 100)
        yield bad, bad.text(), why
    elif sum(numbers) != 100:
        yield each.get("to"), "to", "Istio refuses weights whose sum is not 100; mend them"


def remarks(title: str, policy: Policy, holds: Setting) -> Iterator[Remark]:
    """Say what is no fence, though it may look like one."""
    outlier = policy.outlier
    for each in holds.failover if not holds.distribute else []:
        source, target = each.get("from").text(), each.get("to").text()
        if holds.checked:
            text = f"`failover` from {source} to {target} is no fence: what {target} can't take goes on to any region"
        else:
            text = f"`failover` from {source} to {target} does nothing: without `outlierDetection` any region answers"
        yield Remark(each.at, f"{title}: {text}; `distribute` fences")
    if holds.part and not holds.checked and not holds.distribute and not holds.failover:
        yield Remark(holds.part.at, f"{title}: without `outlierDetection` localities are not told apart: any answers")
    if holds.distribute and not any(each.get("from").text().startswith("*") for each in holds.distribute):
        text = 'callers from places that no `from` names may go anywhere; add `from: "*"`'
        yield Remark(holds.distribute[0].at, f"{title}: {text}")
    percent = outlier.get("maxEjectionPercent").value
    if holds.checked and (holds.failover or holds.priority) and percent != 100:
        shown = percent if isinstance(percent, int) else 10
        text = f"at most {shown} % of the endpoints are ever taken out, so a region that fails may keep its traffic"
        yield Remark(outlier.at, f"{title}: {text}")
    if holds.part is None and holds.enabled and holds.checked:
        text = "no setting for localities is given, so Istio's own holds: the nearest first, and then all others"
        yield Remark(holds.at, f"{title}: {text}")
    if holds.panic:
        text = f"below {holds.panic} % healthy endpoints health is no longer asked, and any region may answer"
        yield Remark(outlier.get("minHealthPercent").at, f"{title}: {text}")
