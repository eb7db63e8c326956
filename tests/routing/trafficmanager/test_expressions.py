"""Expressions of templates, one by one."""

from typing import Any

import pytest

from auditor.routing.model import Line
from auditor.routing.terraform.values import Value, plain
from auditor.routing.trafficmanager.expressions import Scope
from auditor.routing.trafficmanager.functions import COPIES
from auditor.routing.trafficmanager.model import Symbol

AT = Line("t.json", 7)


def value(data: Any) -> Value:
    """Make plain data a value."""
    if isinstance(data, dict):
        return Value({key: value(each) for key, each in data.items()}, AT)
    return Value([value(each) for each in data], AT) if isinstance(data, list) else Value(data, AT)


def scope(**variables: Any) -> Scope:
    parameters = {
        "a": value({"defaultValue": "x"}),
        "none": value({"type": "string"}),
        "o": value({"defaultValue": {"k": [1, "z"]}}),
    }
    return Scope(parameters, {"given": value("here")}, {name: value(each) for name, each in variables.items()})


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("plain", "plain"),
        ("[[literal]", "[literal]"),
        ("[parameters('A')]", "x"),
        ("[parameters('given')]", "here"),
        ("[parameters('o').k[1]]", "z"),
        ("[parameters('o')['k'][sub(3, 2)]]", "z"),
        ("[concat('it''s ', parameters('a'), 1, true())]", "it's x1True"),
        ("[format('{1}-{0}', 'a', 'b')]", "b-a"),
        ("[if(equals(parameters('a'), 'x'), 'yes', parameters('none'))]", "yes"),
        ("[if(not(equals(1, 2)), 'yes', 'no')]", "yes"),
        ("[if(and(true(), false()), 1, 2)]", 2),
        ("[if(equals('A', 'a'), 1, 2)]", 2),
        ("[concat(createArray('a'), createArray('b', 'c'))]", ["a", "b", "c"]),
        ("[length(parameters('o').k)]", 2),
        ("[last(createArray(1, 2))]", 2),
        ("[int('12')]", 12),
        ("[replace('a.b', '.', '-')]", "a-b"),
        ("[resourceId('Microsoft.Web/sites/slots', 's', 'x')]", "/providers/Microsoft.Web/sites/s/slots/x"),
        ("[resourceId('rg', 'Microsoft.Web/sites', 's')]", "/resourceGroups/rg/providers/Microsoft.Web/sites/s"),
        ("[empty('')]", True),
        ("[length(range(0, 3))]", 3),
        ("[range(5, 2)[range(1, 1)[0]]]", 6),
        ("[split('a,b', ',')]", ["a", "b"]),
        ("[join(createArray('a', 'b'), '-')]", "a-b"),
        ("[if(contains(parameters('o'), 'K'), coalesce(null(), 'y'), 'n')]", "y"),
        ("[createObject('a', mul(2, 3)).a]", 6),
        ("[if(less(mod(7, 4), max(3, 4)), div(9, 2), 0)]", 4),
    ],
)
def test_what_is_known(text: str, meant: Any) -> None:
    found = scope().value(value(text))
    assert plain(found) == meant
    assert not isinstance(found.data, Symbol)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("[parameters('none')]", "${parameters('none')}"),
        ("[concat('a-', parameters( 'none' ))]", "a-${parameters( 'none' )}"),
        (
            "[resourceId('Microsoft.Web/sites', parameters('none'))]",
            "/providers/Microsoft.Web/sites/${parameters('none')}",
        ),
        ("[reference('x').id]", "${${reference('x')}.id}"),
        ("[toLower(parameters('none'))]", "${toLower(parameters('none'))}"),
        ("[parameters('o').missing]", "${…}"),
        ("[concat('a', ]", "${concat('a', }"),
        ("[x?.y]", "${x?.y}"),
        ("[uniqueString(resourceGroup().id)]", "${uniqueString(resourceGroup().id)}"),
        ("[copyIndex()]", "${copyIndex()}"),
        ("[format('{9}', 'a')]", "${format('{9}', 'a')}"),
        ("[variables('me')]", "${variables('me')}"),
        ("[range(0, 100000)]", "${range(0, 100000)}"),
        ("[div(1, 0)]", "${div(1, 0)}"),
        ("[contains(createArray(parameters('none')), 'a')]", "${contains(createArray(parameters('none')), 'a')}"),
    ],
)
def test_what_is_known_only_when_it_is_deployed(text: str, shown: str) -> None:
    found = scope(me="[variables('me')]").value(value(text))
    assert isinstance(found.data, Symbol)
    assert found.data == shown


def test_few_lines_that_stand_for_billions_are_not_written_out() -> None:
    doubled = {f"v{at}": f"[concat(variables('v{at + 1}'), variables('v{at + 1}'))]" for at in range(40)}
    assert isinstance(scope(**doubled, v40="x" * 100).value(value("[variables('v0')]")).data, Symbol)
    listed = {f"v{at}": f"[createArray(variables('v{at + 1}'), variables('v{at + 1}'))]" for at in range(40)}
    found = scope(**listed, v40="x").value(value("[variables('v0')]"))
    assert found.size < 1 << 20
    deep = "[" + "concat(" * 5000 + "'a'" + ")" * 5000 + "]"
    assert isinstance(scope().value(value(deep)).data, Symbol)
    assert scope().count(value(COPIES + 1)) is None
    chain = {f"w{at}": f"[variables('w{at + 1}')]" for at in range(5000)}
    assert isinstance(scope(**chain, w5000="x").value(value("[variables('w0')]")).data, Symbol)
