"""Templates of Azure Resource Manager: expressions, loops, conditions, templates in templates."""

import json
from typing import Any

import pytest

from auditor.model.errors import InputError
from auditor.routing import trafficmanager
from auditor.routing.collect import collect
from auditor.routing.model import File, Routing
from auditor.routing.store import Kept
from tests.routing.trafficmanager.profiles import TYPE, Tree, answers, clients, remarks, texts, unread, ways

SCHEMA = "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#"


def template(*resources: Tree, **more: Any) -> str:
    """Write a template."""
    return json.dumps({"$schema": SCHEMA, "contentVersion": "1.0.0.0", **more, "resources": list(resources)}, indent=1)


def profile(name: str, method: str, *endpoints: Tree, **more: Any) -> Tree:
    properties = {
        "trafficRoutingMethod": method,
        "dnsConfig": {"relativeName": name, "ttl": 30},
        "endpoints": list(endpoints),
    }
    return {
        "type": TYPE,
        "apiVersion": "2022-04-01",
        "name": name,
        "location": "global",
        "properties": properties,
        **more,
    }


def external(name: str, **more: Any) -> Tree:
    return {"name": name, "type": f"{TYPE}/externalEndpoints", "properties": {"target": f"{name}.example.net", **more}}


def azure(name: str, resource: str) -> Tree:
    return {"name": name, "type": f"{TYPE}/azureEndpoints", "properties": {"targetResourceId": resource}}


def test_endpoints_have_the_lines_of_their_names() -> None:
    text = template(profile("p", "Geographic", external("a", geoMapping=["GEO-EU", "CN"])))
    routing = texts(a__json=text)
    assert unread(routing) == []
    lines = text.splitlines()
    assert lines[routing.sites["a.example.net"].at.line - 1].strip() == '"name": "a",'
    assert lines[clients(routing, "p CN")[0].at.line - 1].strip() == '"CN"'
    assert lines[routing.faults["target:a.example.net"].at.line - 1].strip() == '"name": "a",'


def test_parameters_and_variables_stand_for_their_values() -> None:
    text = template(
        profile(
            "[variables('all').name]",
            "[parameters('method')]",
            external("a", target="[concat(parameters('name'), '-', 1)]"),
            external("b"),
        ),
        parameters={"method": {"type": "string", "defaultValue": "Priority"}, "name": {"type": "string"}},
        variables={
            "all": {"name": "[format('{0}-{1}', toLower('TM'), parameters('name'))]"},
            "unused": "[reference('x')]",
        },
    )
    values = {"$schema": SCHEMA.replace("Template", "Parameters"), "parameters": {"name": {"value": "eu"}}}
    routing = texts(a__json=text, **{"a.parameters__json": json.dumps(values)})
    assert unread(routing) == []
    assert answers(routing, "tm-eu *") == {"eu-1"}
    assert set(routing.pools) == {"tm-eu/a", "tm-eu/b"}


def test_a_file_of_parameters_that_its_template_does_not_declare_is_told() -> None:
    text = template(
        profile("p", "[parameters('how')]", external("a")),
        parameters={"how": {"type": "string", "defaultValue": "Weighted"}},
    )
    given = {"how": {"value": "Priority"}, "more": {"value": 1}}
    values = json.dumps({"$schema": SCHEMA.replace("Template", "Parameters"), "parameters": given})
    (told,) = texts(a__json=text, **{"a.parameters__json": values}).unread
    assert (told.text, told.at.file) == ("more", "a.parameters.json")
    assert "is no parameter of the template" in told.why
    assert unread(texts(a__json=text, **{"other.parameters__json": values})) == []


def test_values_of_parameters_are_those_of_their_template() -> None:
    def values(**given: str) -> str:
        parameters = {name: {"value": value} for name, value in given.items()}
        return json.dumps({"$schema": SCHEMA.replace("Template", "Parameters"), "parameters": parameters})

    text = template(profile("p", "[parameters('how')]", external("a")), parameters={"how": {"type": "string"}})
    weighted, priority = values(how="Weighted"), values(how="Priority")
    assert unread(texts(a__json=text, **{"a.parameters__json": weighted})) == []
    for name, given in (("b.parameters__json", values(how="Weighted", more="x")), ("b.parameters__json", priority)):
        other = template(parameters={"how": {"type": "string"}})
        routing = texts(a__json=text, b__json=other, **{name: given})  # of the other template
        assert {each.text for each in routing.unread} - {"more"} == {"${parameters('how')}"}
    both = texts(a__json=text, **{"prod.parameters__json": weighted, "test.parameters__json": priority})
    assert [each.text for each in both.unread] == ["${parameters('how')}"]


def test_an_inventory_may_name_endpoints_if_only_one_has_the_name() -> None:
    one, other = external("main", target="[parameters('x')]"), external("main", target="b.example.net")
    routing = texts(a__json=template(profile("p", "Weighted", one, external("spare"))))
    assert unread(routing) == []
    assert routing.sites["${parameters('x')}"].also == ("main",)
    routing = texts(a__json=template(profile("p", "Weighted", one), profile("q", "Weighted", other)))
    assert [each.also for each in routing.sites.values()] == [(), ()]


def test_what_has_no_value_is_told_and_opens() -> None:
    text = template(
        profile("[parameters('name')]", "[parameters('method')]", external("a", geoMapping="[parameters('codes')]")),
        parameters={"name": {"type": "string"}, "method": {"type": "string"}, "codes": {"type": "array"}},
    )
    routing = texts(a__json=text)
    told = {each.text for each in routing.unread}
    assert told == {"${parameters('method')}", "${parameters('codes')}"}
    assert ways(routing, "${parameters('name')} *") == {"a.example.net": []}
    assert all("give its value" in why for why in unread(routing))


def test_profiles_find_each_other_though_their_names_are_not_known() -> None:
    child = {
        "name": "c", "type": f"{TYPE}/nestedEndpoints",
        "properties": {"targetResourceId": f"[resourceId('{TYPE}', parameters('child'))]"},
    }  # fmt: skip
    text = template(
        profile("p", "Priority", child, external("z")), profile("[parameters('child')]", "Weighted", external("a")),
        parameters={"child": {"type": "string"}},
    )  # fmt: skip
    routing = texts(a__json=text)
    assert unread(routing) == []
    assert ways(routing, "p *") == {"a.example.net": [], "z.example.net": ["target:a.example.net"]}


def test_a_profile_that_is_not_there_is_told() -> None:
    child = {"name": "c", "type": f"{TYPE}/nestedEndpoints", "properties": {"target": "other.trafficmanager.net"}}
    routing = texts(a__json=template(profile("p", "Priority", child, external("z"))))
    assert unread(routing) == ["the profile to which it leads is not in these files; give it"]
    assert ways(routing, "p *")["z.example.net"] == ["profile:other.trafficmanager.net"]
    known = profile("x", "Weighted", external("a"))
    known["properties"]["dnsConfig"]["relativeName"] = "other"
    assert unread(texts(a__json=template(profile("p", "Priority", child, external("z")), known))) == []


def test_endpoints_may_be_resources_of_their_own_or_within_their_profile() -> None:
    one = {"type": f"{TYPE}/externalEndpoints", "apiVersion": "2022-04-01", "name": "p/a",
           "properties": {"target": "a.example.net", "priority": 2}}  # fmt: skip
    inner = {"type": "azureEndpoints", "apiVersion": "2022-04-01", "name": "b",
             "properties": {"targetResourceId": "[resourceId('Microsoft.Web/sites', 'web-b')]",
                            "priority": 1}}  # fmt: skip
    site = {"type": "Microsoft.Web/sites", "name": "web-b", "location": "West Europe", "properties": {}}
    routing = texts(a__json=template(profile("p", "Priority", resources=[inner]), one, site))
    assert unread(routing) == []
    assert ways(routing, "p *") == {"web-b": [], "a.example.net": ["target:microsoft.web/sites/web-b"]}
    assert (routing.sites["web-b"].region, routing.sites["web-b"].also) == ("azure/westeurope", ("b",))
    for each in (one, inner):
        del each["properties"]["priority"]  # type: ignore[attr-defined]
    routing = texts(a__json=template(profile("p", "Priority", resources=[inner]), one, site))
    assert "has no priority, and the order in which endpoints are made is not known; give each one" in unread(routing)
    assert answers(routing, "p *") == {"web-b", "a"}
    alone = texts(a__json=template(one))
    assert unread(alone) == ["the profile of this endpoint is not in these files; give it"]


def test_loops_make_resources_endpoints_and_variables() -> None:
    resource = {
        "type": f"{TYPE}/externalEndpoints", "name": "[concat('p/', 'e', copyIndex(1))]",
        "copy": {"name": "own", "count": 2},
        "properties": {"target": "[concat(variables('hosts')[copyIndex('own')], '.example.net')]",
                       "priority": "[copyIndex(1)]"},
    }  # fmt: skip
    looped = profile("q", "Weighted")
    looped["properties"]["copy"] = [
        {"name": "endpoints", "count": "[length(variables('hosts'))]",
         "input": external("[variables('hosts')[copyIndex('endpoints')]]")},
    ]  # fmt: skip
    del looped["properties"]["endpoints"]
    text = template(profile("p", "Priority"), resource, looped, variables={"hosts": ["a", "b"]})
    routing = texts(a__json=text)
    assert unread(routing) == []
    assert ways(routing, "p *") == {"a.example.net": [], "b.example.net": ["target:a.example.net"]}
    assert set(routing.pools) == {"p/e1", "p/e2", "q/a", "q/b"}
    unknown = texts(a__json=text.replace('"count": 2', '"count": "[parameters(\'n\')]"'))
    assert any("whether it exists, or how often" in why for why in unread(unknown))


def test_conditions_leave_out_what_is_not_made() -> None:
    off = profile("q", "Weighted", external("b"), condition="[parameters('on')]")
    asked = profile("r", "Weighted", external("c"), condition="[equals(parameters('x'), 'y')]")
    parameters = {"on": {"type": "bool", "defaultValue": False}, "x": {"type": "string"}}
    routing = texts(a__json=template(profile("p", "Weighted", external("a")), off, asked, parameters=parameters))
    assert {each.name.split()[0] for each in routing.clients} == {"p", "r"}
    assert ["whether it exists" in why for why in unread(routing)] == [True]


def test_templates_in_templates_and_symbolic_names_are_what_bicep_is_built_into() -> None:
    endpoint = {**external("a"), "properties": {"target": "[parameters('host')]"}}
    inner = {
        "$schema": SCHEMA, "languageVersion": "2.0", "parameters": {"host": {"type": "string"}},
        "resources": {"tm": profile("p", "Weighted", endpoint),
                      "other": {"existing": True, "type": TYPE, "apiVersion": "2022-04-01", "name": "elsewhere"}},
    }  # fmt: skip
    deployment = {
        "type": "Microsoft.Resources/deployments", "apiVersion": "2022-09-01", "name": "tm",
        "properties": {"expressionEvaluationOptions": {"scope": "inner"}, "mode": "Incremental", "template": inner,
                       "parameters": {"host": {"value": "[format('{0}.example.net', variables('h'))]"}}},
    }  # fmt: skip
    routing = texts(a__json=template(deployment, variables={"h": "x"}))
    assert unread(routing) == []
    assert ways(routing, "p *") == {"x.example.net": []}
    linked = {**deployment, "properties": {"templateLink": {"uri": "https://example.net/x.json"}}}
    told = unread(texts(a__json=template(profile("p", "Weighted", external("a")), linked)))
    assert told == ["what a linked template makes is not known; give that template"]


def test_comments_are_no_part_of_a_template() -> None:
    text = template(profile("p", "Weighted", external("a")))
    text = "// a // b\n" + text.replace('"name": "a",', '/* "x": 1,\n */ "name": "a", // https://example.net')
    routing = texts(a__json=text)
    line = text.splitlines()[routing.sites["a.example.net"].at.line - 1]
    assert '"name": "a"' in line


def test_bicep_is_refused_with_what_to_do() -> None:
    code = f"resource tm '{TYPE}@2022-04-01' = {{\n}}\n".encode()
    with pytest.raises(InputError, match="az bicep build"):
        collect(["main.bicep"], Kept({"main.bicep": code}))
    built = {"main.bicep": code, "main.json": template(profile("p", "Weighted", external("a"))).encode()}
    (routing,) = collect(["main.bicep", "main.json"], Kept(built)).routings
    assert set(routing.pools) == {"p/a"}


def test_other_templates_are_no_matter_unless_endpoints_lead_there() -> None:
    address = {"type": "Microsoft.Network/publicIPAddresses", "name": "ip", "location": "[parameters('where')]"}
    other = template(address, parameters={"where": {"type": "string", "defaultValue": "chinanorth3"}}).encode()
    assert not trafficmanager.sniff(File("ip.json", other))
    ours = template(
        profile("p", "Weighted", azure("a", "[resourceId('Microsoft.Network/publicIPAddresses', 'ip')]"))
    ).encode()
    files = {"ip.json": other, "tm.json": ours, "notes.json": b"{}"}
    found = collect(["ip.json", "tm.json"], Kept(files))
    (routing,) = found.routings
    assert routing.sites["ip"].region == "azure/chinanorth3"
    assert [each.name for each in found.files] == ["ip.json", "tm.json"]


def test_names_tell_regions_and_declared_ones_only_of_azure() -> None:
    targets = {"a": "x.germanywestcentral.cloudapp.azure.com", "b": "web-abc.northeurope-01.azurewebsites.net",
               "c": "lb.eu-west-1.elb.amazonaws.com", "d": "dc.example.net",
               "e": "plain.azurewebsites.net"}  # fmt: skip
    endpoints = [external(name, target=host, endpointLocation="West US") for name, host in targets.items()]
    routing = texts(a__json=template(profile("p", "Performance", *endpoints)))
    assert [routing.sites[host].region for host in targets.values()] == [
        "azure/germanywestcentral", "azure/northeurope", "aws/eu-west-1", "", "azure/westus",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"geoMapping": ["UK"]}, "is no region of Traffic Manager"),
        ({"geoMapping": ["US-XX"]}, "is no region of Traffic Manager"),
        ({"geoMapping": []}, "needs regions"),
        ({"geoMapping": ["DE", "WORLD"], "color": "red"}, "this property is not known"),
        ({"geoMapping": ["DE"], "endpointStatus": "Off"}, "is no endpointStatus".lower()),
        ({"geoMapping": ["DE"], "weight": 5000}, "is no weight from 1 to 1000"),
        ({"geoMapping": ["CN"]}, "a region can be mapped to one endpoint"),
        ({"geoMapping": ["DE"], "subnets": [{"first": "198.51.100.9", "scope": 24}]}, "is no subnet"),
        ({"geoMapping": ["DE"], "subnets": [{"first": "x"}]}, "is no subnet"),
        ({"geoMapping": ["DE"], "target": ""}, "needs a target"),
        ({"geoMapping": ["DE"], "minChildEndpoints": 2}, ""),
    ],
)
def test_what_azure_would_refuse_is_told(change: Tree, why: str) -> None:
    routing = texts(
        a__json=template(profile("p", "Geographic", external("a", **change), external("b", geoMapping=["CN"])))
    )
    assert [each for each in unread(routing) if why in each] or not why, unread(routing)
    if not why:
        assert unread(routing) == []
        assert "is no nested endpoint: minchildendpoints is ignored" in remarks(routing)


def test_priorities_that_are_the_same_leave_open_who_comes_first() -> None:
    routing = texts(a__json=template(profile("p", "Priority", external("a", priority=1), external("b", priority=1))))
    assert unread(routing) == ["no two endpoints of a profile have the same priority; change one"]
    assert answers(routing, "p *") == {"a", "b"}


def test_circles_and_deep_nesting_are_cut_and_told() -> None:
    def child(name: str) -> Tree:
        inner = {"targetResourceId": f"[resourceId('{TYPE}', '{name}')]"}
        return {"name": name, "type": f"{TYPE}/nestedEndpoints", "properties": inner}

    routing = texts(
        a__json=template(
            profile("a", "Priority", child("b"), external("x")), profile("b", "Priority", child("a"), external("y"))
        )
    )
    assert any("leads back to itself" in why for why in unread(routing))
    assert set(ways(routing, "a *")) == {"x.example.net", "y.example.net"}
    chain = [profile(f"n{at}", "Weighted", child(f"n{at + 1}")) for at in range(14)]
    routing = texts(a__json=template(*chain, profile("n14", "Weighted", external("z"))))
    assert any("more than 10 profiles" in why for why in unread(routing))


def test_resources_that_exist_are_not_made_and_nothing_else_is_left_out() -> None:
    def more(**changed: Any) -> Tree:
        made = {"type": f"{TYPE}/externalEndpoints", "name": "p/b", "properties": {"target": "b.example.net"}}
        return {**made, **changed}

    def reading(**changed: Any) -> Routing:
        return texts(a__json=template(profile("p", "Weighted", external("a")), more(**changed)))

    assert answers(reading(existing=True), "p *") == {"a"}
    assert answers(reading(existing=False), "p *") == {"a", "b"}
    assert unread(reading(existing=False)) == unread(reading(existing=True)) == []
    odd = reading(existing="false")
    assert unread(odd) == ["`existing` is true or false; correct it"]
    assert answers(odd, "p *") == {"a", "b"}
    versioned = reading(type=f"{TYPE}/externalEndpoints@2022-04-01")
    assert [each.split(";")[0] for each in unread(versioned)] == ["a type with its version is not read"]
    assert unread(reading(type="Microsoft.Network/publicIPAddresses@2022-01-01")) == []
    alone = template(more(type=f"{TYPE}/externalEndpoints@2022-04-01"))
    assert trafficmanager.sniff(File("a.json", alone.encode()))


def test_the_scope_of_a_deployment_may_be_an_expression() -> None:
    target = "[concat(parameters('t'), '.example.net')]"
    inner = {"$schema": SCHEMA, "parameters": {"t": {"type": "string", "defaultValue": "a"}},
             "resources": [profile("p", "Weighted", external("x", target=target))]}  # fmt: skip
    for scope, found in (
        ("[variables('s')]", {"b"}),
        ("Outer", {"c"}),
        ("inner", {"b"}),
        ("[reference('x').y]", {"c"}),
    ):
        properties = {"mode": "Incremental", "expressionEvaluationOptions": {"scope": scope},
                      "parameters": {"t": {"value": "b"}}, "template": inner}  # fmt: skip
        made = {"type": "Microsoft.Resources/deployments", "name": "d", "properties": properties}
        routing = texts(
            a__json=template(made, variables={"s": "inner"}, parameters={"t": {"type": "string", "defaultValue": "c"}})
        )
        assert {each.removesuffix(".example.net") for each in routing.sites} == found
        assert len(unread(routing)) == (scope.startswith("[ref")), unread(routing)
