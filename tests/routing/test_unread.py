# ruff: noqa: E501 - a case stands on a line
"""Files that make record sets by other tools are told, and keep a gate open; what only speaks of them is passed over."""

import json
from pathlib import Path
from typing import Final

import pytest

from auditor.model.errors import InputError
from auditor.routing.collect import collect
from auditor.routing.store import Kept
from tests.routing.test_false_clear import outcome
from tests.routing.test_gate import folder as folder
from tests.routing.test_gate import gated

GOOD: Final = "routing: 1\nclients:\n- {name: all, everybody_else: true, first: [allowed]}\npools: [{name: allowed}]\n"
MANIFEST: Final = "apiVersion: %s\nkind: %s\nmetadata: {name: www}\nspec: {name: www.example.com.}\n"
KINDS: Final = {
    "dns.cnrm.cloud.google.com/v1beta1": "DNSRecordSet",
    "dns.gcp.upbound.io/v1beta2": "RecordSet",
    "dns.gcp.crossplane.io/v1alpha1": "ResourceRecordSet",
    "route53.aws.crossplane.io/v1alpha1": "ResourceRecordSet",
    "route53.aws.upbound.io/v1beta1": "Record",
    "route53.aws.m.upbound.io/v1beta1": "TrafficPolicyInstance",
    "route53.services.k8s.aws/v1alpha1": "RecordSet",
    "network.azure.com/v1api20220401": "TrafficManagerProfilesAzureEndpoint",
    "network.azure.upbound.io/v1beta2": "TrafficManagerProfile",
    "externaldns.k8s.io/v1alpha1": "DNSEndpoint",
}
ANNOTATED: Final = """apiVersion: v1
kind: Service
metadata:
  name: www
  annotations:
    %s: %s
"""
OTHERS: Final = {
    "annotation": ANNOTATED % ("external-dns.alpha.kubernetes.io/hostname", "www.example.com"),
    "annotation of today": ANNOTATED % ("external-dns.kubernetes.io/target", "198.51.100.1"),
    "annotation of a place": ANNOTATED % ("external-dns.alpha.kubernetes.io/aws-geolocation-country-code", "CA"),
    "template": "{{- if .Values.dns }}\napiVersion: externaldns.k8s.io/v1alpha1\nkind: DNSEndpoint\n{{- end }}\n",
    "annotated template": "{{- if .x }}\nmetadata:\n  annotations:\n    external-dns.alpha.kubernetes.io/hostname: {{ .host }}\n",
    "second document": "apiVersion: v1\nkind: ConfigMap\n---\n"
    + MANIFEST % ("externaldns.k8s.io/v1alpha1", "DNSEndpoint"),
    "list": 'apiVersion: v1\nkind: List\nitems:\n- {apiVersion: "route53.services.k8s.aws/v1", kind: RecordSet}\n',
    "json": json.dumps({"kind": "DNSRecordSet", "apiVersion": "dns.cnrm.cloud.google.com/v1beta1"}),
    "escapes": '{"kind": "DNSRec\\u006frdSet", "apiVersion": "dns.cnrm.cl\\u006fud.google.com/v1beta1"}',
    "composition": "apiVersion: apiextensions.crossplane.io/v1\nkind: Composition\nspec:\n  resources:\n  - base:\n      "
    "apiVersion: route53.aws.upbound.io/v1beta1\n      kind: Record\n",
    "pulumi": "name: x\nruntime: yaml\nresources:\n  www:\n    type: aws:route53:Record\n    properties: {name: www}\n",
    "ansible": "- hosts: localhost\n  tasks:\n  - amazon.aws.route53:\n      state: present\n      record: www.example.com\n",
}
BESIDE: Final = {
    "zone": MANIFEST % ("dns.cnrm.cloud.google.com/v1beta1", "DNSManagedZone"),
    "health check": MANIFEST % ("route53.services.k8s.aws/v1alpha1", "HealthCheck"),
    "definition": "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nspec:\n  group: externaldns.k8s.io\n"
    "  names: {kind: DNSEndpoint}\n",
    "annotation": ANNOTATED % ("external-dns.alpha.kubernetes.io/ttl", "'60'"),
    "certificates": "apiVersion: cert-manager.io/v1\nkind: Issuer\nspec: {acme: {solvers: [{dns01: {route53: {region: x}}}]}}\n",
    "text": "apiVersion: v1\nkind: ConfigMap\ndata:\n  a: 'kind: DNSEndpoint of externaldns.k8s.io'\n",
}


def told(text: str, name: str) -> list[tuple[int, str, str]]:
    try:
        found = collect(["."], Kept({name: text.encode(), "routing.yaml": GOOD.encode()}))
    except InputError:
        return []
    return [(each.at.line, each.text, each.why) for routing in found.routings for each in routing.unread]


@pytest.mark.parametrize("group", KINDS)
def test_objects_of_controllers_are_told(group: str) -> None:
    ((line, text, why),) = told(MANIFEST % (group, KINDS[group]), "www.yaml")
    assert (line, text) == (2, f"{KINDS[group]} ({group.partition('/')[0]})")
    assert "is not read" in why
    assert "routing.yaml" in why


@pytest.mark.parametrize("name", OTHERS)
def test_other_tools_are_told_and_keep_the_gate_open(folder: Path, name: str) -> None:
    end = "json" if OTHERS[name].startswith('{"') else "yaml"
    assert told(OTHERS[name], f"a.{end}")
    assert outcome(folder, {f"a.{end}": OTHERS[name], "routing.yaml": GOOD}) == "open"
    found = gated("conf", planes=["media"])
    assert found.verdict == "open"
    assert f"conf/a.{end}" in [each.name for each in found.report.inputs]


@pytest.mark.parametrize("name", BESIDE)
def test_what_sends_nobody_anywhere_is_passed_over(name: str) -> None:
    assert told(BESIDE[name], "a.yaml") == []
    assert collect(["."], Kept({"a.yaml": BESIDE[name].encode(), "routing.yaml": GOOD.encode()})).passed == 1


def test_a_file_of_istio_may_hold_them_too() -> None:
    rule = "apiVersion: networking.istio.io/v1\nkind: DestinationRule\nmetadata: {name: a}\nspec: {host: a.example.com}\n---\n"
    found = collect(["a.yaml"], Kept({"a.yaml": (rule + MANIFEST % ("externaldns.k8s.io/v1", "DNSEndpoint")).encode()}))
    assert {routing.format for routing in found.routings} == {"istio", "unread"}


def plan(text: str) -> str:
    record = {"zone_id": "Z1", "name": "www.example.com", "type": "A", "records": ["198.51.100.1"]}
    made = {"address": "aws_route53_record.www", "type": "aws_route53_record", "name": "www", "mode": "managed"}
    tree = {"format_version": "1.2", "planned_values": {"root_module": {"resources": [{**made, "values": record}]}}}
    if text == "escaped":
        return json.dumps(tree).replace("_", "\\u005f")
    return json.dumps({"configuration": {"x": "y" * 2000}, **tree} if text == "sorted" else tree)


@pytest.mark.parametrize("how", ["plain", "escaped", "sorted"])
def test_plans_are_known_however_their_keys_are_written(folder: Path, how: str) -> None:
    assert outcome(folder, {"plan.json": plan(how), "routing.yaml": GOOD}) == "found"
    assert outcome(folder, {"plan.json": "{}", "plan.txt": plan(how), "routing.yaml": GOOD}) == "found"


def template(kind: str, variables: dict[str, str] | None = None) -> str:
    schema = "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#"
    properties = {"trafficRoutingMethod": "Weighted", "dnsConfig": {"relativeName": "www"}, "endpoints": []}
    resource = {"type": kind, "apiVersion": "2022-04-01", "name": "www", "properties": properties}
    return json.dumps({"$schema": schema, "parameters": {"k": {"type": "string"}}, "resources": [resource],
                       "variables": variables or {}})  # fmt: skip


@pytest.mark.parametrize("kind", ["[parameters('k')]", "[concat('Microsoft.Network/', parameters('k'))]"])
def test_a_resource_of_an_unknown_type_keeps_the_gate_open(folder: Path, kind: str) -> None:
    assert outcome(folder, {"main.json": template(kind), "routing.yaml": GOOD}) == "open"


def test_a_type_that_is_evaluated_counts(folder: Path) -> None:
    kind = "[concat('Microsoft.Network/', variables('k'))]"
    of = [
        routing.format
        for routing in collect(
            ["a.json"], Kept({"a.json": template(kind, {"k": "trafficManagerProfiles"}).encode()})
        ).routings
    ]
    assert of == ["trafficmanager"]
    files = {"a.json": template(kind, {"k": "dnsZones"}).encode(), "routing.yaml": GOOD.encode()}
    assert collect(["."], Kept(files)).passed == 1  # nothing of ours
