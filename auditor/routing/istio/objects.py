"""Objects of Kubernetes that bear on where Istio sends clients, out of YAML and JSON documents.

Reference: istio.io, "Destination Rule", "Service Entry", "Workload Entry", "Global Mesh Options"; merging of policies:
istio/istio, pilot/pkg/networking/util/util.go (`MergeTrafficPolicy`).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from auditor.model.errors import InputError
from auditor.routing.addresses import is_address
from auditor.routing.documents import Document, load
from auditor.routing.istio.localities import Locality, parsed
from auditor.routing.istio.parts import Part
from auditor.routing.model import File, Line

NETWORKING: Final = "networking.istio.io/"
KINDS: Final = ("DestinationRule", "ServiceEntry", "WorkloadEntry")


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Something that serves a host."""

    address: str
    locality: Locality
    labels: dict[str, str]
    at: Line


@dataclass(slots=True)
class Host:
    """A name that is served, and by what, as far as the configuration says it."""

    name: str
    at: Line
    endpoints: list[Endpoint] = field(default_factory=list)
    counted: bool = True  # False: there may be more endpoints, or several behind one
    fixed: bool = False  # False: nothing is known of its endpoints


@dataclass(frozen=True, slots=True)
class Policy:
    """The traffic policy of a host, a subset or a port."""

    balancer: Part
    outlier: Part


@dataclass(slots=True)
class Objects:
    """All that was found."""

    rules: list[Part] = field(default_factory=list)
    entries: list[Part] = field(default_factory=list)
    workloads: list[Part] = field(default_factory=list)
    services: list[Part] = field(default_factory=list)  # with a distribution of their own
    meshes: list[Part] = field(default_factory=list)  # settings of the whole mesh
    problems: list[tuple[Part, str]] = field(default_factory=list)


def gathered(files: Sequence[File]) -> Objects:
    """Read files.  Raise InputError for one that is no YAML or JSON."""
    found = Objects()
    for file in files:
        for document in documents(file):
            for part in _singles(Part(document, (), document.tree)):
                _sort(part, found, file)
    return found


def documents(file: File) -> list[Document]:
    """Read the documents of a file; say what to do with templates, which are none yet."""
    try:
        return load(file)
    except InputError as error:
        if b"{{" not in file.data:
            raise
        message = (
            f"holds placeholders of templates, so nobody knows what it will say ({error.message}); render it first"
        )
        raise InputError(file.name, f"{message}, as by `helm template`", error.record, error.column) from None


def _singles(part: Part) -> Iterator[Part]:
    """Yield objects, those of a list one by one."""
    if part.get("kind").text().endswith("List") and isinstance(part.get("items").value, list):
        for item in part.get("items").items():
            yield from _singles(item)
    elif isinstance(part.value, dict):
        yield part


def _sort(part: Part, found: Objects, file: File) -> None:
    kind, version = part.get("kind").text(), part.get("apiVersion").text()
    if version.startswith(NETWORKING) and kind in KINDS:
        {"DestinationRule": found.rules, "ServiceEntry": found.entries, "WorkloadEntry": found.workloads}[kind].append(
            part
        )
    elif kind == "IstioOperator":
        _mesh(part.get("spec", "meshConfig", "localityLbSetting"), found)
    elif kind == "ConfigMap" and part.get("data", "mesh").text():
        _embedded(part.get("data", "mesh"), found, file)
    elif kind == "Service" and version == "v1":
        key = "networking.istio.io/traffic-distribution"
        for own in (part.get("spec", "trafficDistribution"), part.get("metadata", "annotations", key)):
            if own.text() not in ("", "Any"):
                found.services.append(part)
                found.problems.append((own, "a Service's own distribution is not followed; give a DestinationRule"))


def _mesh(part: Part, found: Objects) -> None:
    if part.value is not None:
        found.meshes.append(part)


def _embedded(part: Part, found: Objects, file: File) -> None:
    """Read the settings of the mesh that stand as text within a ConfigMap."""
    text = part.text()
    above = part.at.line if "\n" in text else part.at.line - 1
    try:
        inner = load(File(file.name, text.encode()))
    except InputError as error:
        message = f"the text of `mesh` does not read: {error.message}"
        raise InputError(file.name, message, error.record + above, error.column) from None
    for document in inner:
        _mesh(Part(document, (), document.tree, above).get("localityLbSetting"), found)


def namespaced(name: str, part: Part) -> str:
    """Write a short name of a host out, as Istio does: in the namespace of the object that names it."""
    if "." in name or "*" in name:
        return name
    return f"{name}.{part.get('metadata', 'namespace').text() or 'default'}.svc.cluster.local"


def hosts(found: Objects) -> dict[str, Host]:
    """Return the hosts of service entries with their endpoints."""
    made: dict[str, Host] = {}
    workloads: dict[str, list[tuple[dict[str, str], Part]]] = {}
    for each in found.workloads:
        spec = each.get("spec")
        workloads.setdefault(_namespace(each), []).append((spec.get("labels").labels(), spec))
    for entry in found.entries:
        for name in entry.get("spec", "hosts").items():
            host = made.setdefault(name.text(), Host(name.text(), name.at, fixed=True))
            _endpoints(entry, host, workloads.get(_namespace(entry), []))
    return made


def _namespace(part: Part) -> str:
    return part.get("metadata", "namespace").text()


def _endpoints(entry: Part, host: Host, workloads: Sequence[tuple[dict[str, str], Part]]) -> None:
    spec = entry.get("spec")
    static = spec.get("resolution").text() == "STATIC"
    listed = spec.get("endpoints").items()
    wanted = spec.get("workloadSelector", "labels").labels()
    if wanted:
        listed += [spec for labels, spec in workloads if wanted.items() <= labels.items()]
        host.fixed = host.counted = False  # pods are selected too, and no configuration names them
    for each in listed:
        address = each.get("address").text() or host.name
        host.counted &= static and is_address(address)
        host.endpoints.append(
            Endpoint(address, parsed(each.get("locality").text()), each.get("labels").labels(), each.at)
        )
    if not listed and not wanted:
        addresses = [part.text() for part in spec.get("addresses").items() if static and is_address(part.text())]
        host.endpoints += [Endpoint(each, parsed(""), {}, host.at) for each in addresses or [host.name]]
        host.counted &= bool(addresses)


def policies(rule: Part) -> Iterator[tuple[str, dict[str, str], Policy]]:
    """Yield the policies of a rule: what they are for (empty: the host), labels of a subset, and what holds."""
    spec = rule.get("spec")
    top = spec.get("trafficPolicy")
    yield from _ports("", {}, [top])
    for subset in spec.get("subsets").items():
        name = subset.get("name").text() or "without name"
        yield from _ports(f"subset {name}", subset.get("labels").labels(), [top, subset.get("trafficPolicy")])


def _ports(title: str, labels: dict[str, str], layers: list[Part]) -> Iterator[tuple[str, dict[str, str], Policy]]:
    """Yield what holds for ports without settings of their own, and for each that has some."""
    yield title, labels, _merged(layers, "")
    numbers = [port.get("port", "number").text() for layer in layers for port in layer.get("portLevelSettings").items()]
    for number in dict.fromkeys(numbers):
        yield f"{title} port {number}".strip(), labels, _merged(layers, number)


def _merged(layers: list[Part], port: str) -> Policy:
    """Put policies over each other: a subset's parts replace the host's; settings of a port replace all of them."""
    balancer, outlier = layers[0].get("loadBalancer"), layers[0].get("outlierDetection")
    for layer in layers:
        if layer.get("loadBalancer").value is not None:
            balancer = layer.get("loadBalancer")
        if layer.get("outlierDetection").value is not None:
            outlier = layer.get("outlierDetection")
        own = next((each for each in layer.get("portLevelSettings").items()
                    if port and each.get("port", "number").text() == port), None)  # fmt: skip
        if own is not None:
            balancer, outlier = own.get("loadBalancer"), own.get("outlierDetection")
    return Policy(balancer, outlier)
