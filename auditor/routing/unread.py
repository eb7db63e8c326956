"""Files that decide who is sent where and that no reader reads: they are told, and keep a gate open.

Objects of Kubernetes by which controllers make record sets and profiles at the providers that are read here: Config
Connector (`dns.cnrm.cloud.google.com`), Crossplane (`route53.aws.crossplane.io`, `*.upbound.io`), ACK
(`route53.services.k8s.aws`), Azure Service Operator (`network.azure.com`), and external-dns with its DNSEndpoint and
its annotations.  Programs of Pulumi that are YAML, and tasks of Ansible, make them too.  What of them is not routing
(a zone, a health check alone) is passed over.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from auditor.model.errors import InputError
from auditor.routing.documents import load
from auditor.routing.model import Answer, Client, File, Line, Routing, Unread
from auditor.routing.store import Store

FORMAT: Final = "unread"
"""What such files are called where formats are named."""

_KUBERNETES: Final = (
    (re.compile(r"dns\.cnrm\.cloud\.google\.com"), re.compile(r"DNSRecordSet|DNSResponsePolicy(?:Rule)?"), "clouddns"),
    (re.compile(r"dns\.gcp\.(?:m\.)?(?:upbound|crossplane)\.io"),
     re.compile(r"(?:Resource)?RecordSet|ResponsePolicy(?:Rule)?"), "clouddns"),
    (re.compile(r"route53\.aws\.(?:m\.)?(?:upbound|crossplane)\.io|route53\.services\.k8s\.aws"),
     re.compile(r"(?:Resource)?Record(?:Set)?|TrafficPolic(?:y|yInstance)"), "route53"),
    (re.compile(r"network\.azure\.(?:com|(?:m\.)?upbound\.io)"), re.compile(r"TrafficManager\w+"), "trafficmanager"),
    (re.compile(r"(?:\w+\.)?cloudflare\.(?:m\.)?(?:upbound|crossplane)\.io"), re.compile(r"LoadBalancer(?:Pool)?"),
     "cloudflare"),
    (re.compile(r"externaldns\.k8s\.io|externaldns\.nginx\.org"), re.compile(r"DNSEndpoint"), ""),
)  # fmt: skip
"""Groups of the API, kinds in them that send somebody somewhere, and the format in which the provider tells it."""

_ANNOTATION: Final = re.compile(r"external-dns\.(?:alpha\.)?kubernetes\.io/(.+)", re.S)
_IDLE: Final = frozenset({"controller", "exclude", "ttl"})
"""Annotations of external-dns that name nobody whom they send anywhere."""

_OTHERS: Final = (
    (re.compile(r"(?:aws|aws-native):route53(?:/\w+)?:(?:Record|RecordSet|RecordSetGroup|TrafficPolicy)\w*"),
     "route53"),
    (re.compile(r"(?:gcp|google-native):dns(?:/\w+)?:(?:RecordSet|ResourceRecordSet)"), "clouddns"),
    (re.compile(r"(?:azure|azure-native|azure-nextgen):(?:network|trafficmanager)(?:/\w+)?:"
                        r"(?:TrafficManager\w+|Profile|Endpoint|NestedEndpoint|AzureEndpoint|ExternalEndpoint)"),
     "trafficmanager"),
    (re.compile(r"cloudflare:(?:index/\w+:)?LoadBalancer(?:Pool)?"), "cloudflare"),
)  # fmt: skip
"""Types of resources of Pulumi (YAML), and the format in which the provider tells the same."""

_TASKS: Final = {
    "route53": "route53", "gcp_dns_resource_record_set": "clouddns", "azure_rm_trafficmanagerprofile": "trafficmanager",
    "azure_rm_trafficmanagerendpoint": "trafficmanager",
}  # fmt: skip
"""Modules of Ansible, without their collections."""
_COLLECTION: Final = re.compile(r"(?:(?:amazon|community)\.aws|google\.cloud|azure\.azcollection)\.(\w+)")

_SEEN: Final = re.compile(
    rb"cnrm\.cloud\.google|upbound\.io|crossplane\.io|services\.k8s\.aws|network\.azure\.com|externaldns\.(?:k8s\.io|nginx)"
    rb"|external-dns\.(?:alpha\.)?kubernetes|:(?:route53|dns|network|trafficmanager)[:/]|cloudflare:"
    rb"|route53[\"']?\s*:|gcp_dns_resource_record_set|azure_rm_trafficmanager|\\[xuU]"
)
_SURE: Final = re.compile(
    rb"""^\s*(?:-\s+)?["']?(?:apiVersion["']?\s*:\s*["']?(?:dns\.cnrm\.cloud\.google\.com|route53\.(?:services|aws)\.
    |externaldns\.k8s\.io)|external-dns\.(?:alpha\.)?kubernetes\.io/(?:hostname|internal-hostname|target))""",
    re.M | re.X,
)
_ENDS: Final = (".yaml", ".yml", ".json", ".tpl")
_HOW: Final = "is not read; give what the provider lists once it is made, or say in a routing.yaml where it leads"
_READ: Final = {
    "clouddns": "is not read; give what `gcloud dns record-sets list` prints, or say in a routing.yaml where it leads",
    "route53": "is not read; give what `aws route53 list-resource-record-sets` prints, or say it in a routing.yaml",
    "trafficmanager": "is not read; give what `az network traffic-manager profile list` prints, or a routing.yaml",
    "cloudflare": "is not read; give the API's answers (balancers and pools), or say in a routing.yaml where it leads",
}  # fmt: skip
_BROKEN: Final = "speaks of record sets and can't be read (a template?); give what is made of it, or a routing.yaml"

Found = tuple[Line, str, str]
"""A place, what stands there, and why it is not read."""


def sniff(file: File) -> bool:
    """Say whether a file holds anything that is known to send somebody somewhere, and that nobody reads."""
    if not file.name.endswith(_ENDS) or not _SEEN.search(file.data):
        return False
    return next(_found(file), None) is not None


def read(files: Sequence[File], store: Store) -> list[Routing]:
    """Make each file a configuration of which nothing is known but the lines that were not understood."""
    return [
        Routing(FORMAT, (file,), (), {}, {}, {}, _nobody, tuple(Unread(*each) for each in dict.fromkeys(_found(file))))
        for file in files
    ]


def _nobody(client: Client, down: frozenset[str]) -> Answer:
    return Answer(frozenset(), ())


def _found(file: File) -> Iterator[Found]:
    """Yield what of a file is known and not read."""
    try:
        documents = load(file)
    except InputError:
        for each in _SURE.finditer(file.data):
            start = each.end() - len(each[0].lstrip())
            text = file.data[start:].partition(b"\n")[0].decode("utf-8", "replace").strip()[:200]
            yield Line(file.name, file.data.count(b"\n", 0, start) + 1), text, _BROKEN
        return
    for document in documents:
        for tree, marks in _mappings(document.tree, document.marks):
            yield from _told(tree, marks, file.name)


def _mappings(tree: Any, marks: Any) -> Iterator[tuple[Mapping[str, Any], Any]]:
    """Yield all mappings of a document, in the order in which they stand."""
    stack = [(tree, marks)]
    while stack:
        each, places = stack.pop()
        if isinstance(each, list):
            stack.extend(reversed(list(zip(each, places[1], strict=True))))
        elif isinstance(each, dict):
            yield each, places
            stack.extend((value, places[1][key][1]) for key, value in reversed(each.items()))


def _told(tree: Mapping[str, Any], marks: Any, file: str) -> Iterator[Found]:
    kind, group = tree.get("kind"), tree.get("apiVersion")
    for key, value in tree.items():
        at = Line(file, marks[1][key][0].line + 1)
        annotation = _ANNOTATION.fullmatch(key)
        if annotation and annotation[1] not in _IDLE and isinstance(value, str):
            yield at, f"{key}: {value}"[:200], f"what external-dns makes of it {_HOW}"
        elif key == "kind" and isinstance(kind, str) and isinstance(group, str):
            name = group.partition("/")[0]
            for groups, kinds, provider in _KUBERNETES:
                if groups.fullmatch(name) and kinds.fullmatch(kind):
                    yield at, f"{kind} ({name})"[:200], _READ.get(provider, _HOW)
        elif key == "type" and isinstance(value, str):
            for types, provider in _OTHERS:
                if types.fullmatch(value):
                    yield at, value[:200], _READ[provider]
        elif isinstance(value, dict) and (task := _task(key)) and _makes(value):
            yield at, key[:200], _READ[task]


def _task(key: str) -> str:
    """Return the format of the provider at which a task of Ansible makes something."""
    own = _COLLECTION.fullmatch(key)
    return _TASKS.get(own[1] if own else key, "")


def _makes(task: Mapping[str, Any]) -> bool:
    """Say whether a mapping is what a task of Ansible takes: it says what there has to be."""
    return bool({"state", "command", "record", "value", "zone", "routing_method"} & task.keys())
