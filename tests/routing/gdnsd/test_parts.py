import pytest

from auditor.model.errors import InputError
from auditor.routing import gdnsd
from auditor.routing.formats import FORMATS
from auditor.routing.gdnsd.reader import read
from auditor.routing.model import File
from auditor.routing.store import Kept
from tests.routing.gdnsd.samples import MAPS, RESOURCES, answers, config, fewest, several, whole

GEOIP = f"geoip => {{ maps => {{ {MAPS} }}, resources => {{ {RESOURCES} }} }}\n"


@pytest.mark.parametrize(
    "text",
    [
        MAPS,
        RESOURCES,
        config(GEOIP),
        GEOIP,
        "# a comment\n; another\n\nplugins = { null => {} }\n",
        '"my map" => { "datacenters" => [a] }',
        "$include{plugins.cfg}\n",
        "www=>{datacenters=[a]dcmap={a=192.0.2.1}}",
        "geoip/prod/ams => DOWN\n",
        "# only now\n*/sin = up/30,\n\n192.0.2.1/web => DOWN # why\n",
    ],
)
def test_what_is_known(text: str) -> None:
    assert gdnsd.sniff(File("f", text.encode()))
    assert next(name for name, each in FORMATS.items() if each.sniff(File("f", text.encode()))) == "gdnsd"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\n\n# nothing\n",
        '{"datacenters": []}',
        "datacenters:\n  - a\n",
        "routing: 1\n# datacenters => {}\n",
        'resource "aws_route53_record" "www" {\n  datacenters = []\n}\n',
        'job "docs" {\n  datacenters = ["dc1"]\n}\n',
        'job = {\n  datacenters = ["dc1"]\n  plugins = { docker = {} }\n}\n',
        "options => { listen => any }\n",
        "www 300 IN A 192.0.2.1\n",
        "192.0.2.1 => DOWN\n192.0.2.2 => UP/300\n",
        "export A=UP\n",
        "apiVersion: v1\nkind: ConfigMap\ndata:\n  plugins: a => {\n",
        "a => [datacenters]\n",
        "\0" * 1_000,
    ],
)
def test_what_is_none(text: str) -> None:
    assert not gdnsd.sniff(File("f", text.encode()))


@pytest.mark.parametrize(
    "data",
    [
        b"a" * 10_000_000,
        b"#" * 10_000_000,
        b'"' * 10_000_000,
        b"\n" * 10_000_000,
        b"a/b => UP\n" * 1_000_000,
        bytes(range(256)) * 40_000,
    ],
)
def test_ten_megabytes_are_told_apart(data: bytes) -> None:
    assert gdnsd.sniff(File("f", data)) == data.startswith(b"a/b => UP")  # a file of forced states


def test_a_configuration_of_many_files_is_one_of_one() -> None:
    parts = {
        "config": "service_types => { $include{services} }\nplugins => { geoip => {\n"
        "maps => { $include{maps} } resources => { $include{parts/*} } } }\n",
        "services": "",
        "maps": MAPS,
        "parts/www": RESOURCES,
    }
    data = {name: text.encode() for name, text in parts.items()}
    (split,) = read([File("config", data["config"])], Kept(data))
    joined = whole({"config": config(GEOIP)})
    assert [client.name for client in split.clients] == [client.name for client in joined.clients]
    assert set(split.pools.values()) == set(joined.pools.values())
    assert [file.name for file in split.files] == ["config", "maps", "parts/www", "services"]
    assert answers(split, "geoip!www EU/DE", "geoip/prod/ams") == {"geoip!www/iad"}


def test_files_that_are_included_are_not_read_again() -> None:
    data = {
        "config": b"plugins => { geoip => { maps => { $include{maps} } resources => { $include{www} } } }\n",
        "maps": MAPS.encode(), "www": RESOURCES.encode(), "admin_state": b"geoip/prod/ams => DOWN\n",
    }  # fmt: skip
    (routing,) = read([File(name, data[name]) for name in ("maps", "www", "config", "admin_state")], Kept(data))
    assert fewest(routing, "geoip!www EU/FR") == {"geoip!www/iad": 0, "geoip!www/ams": 1}


def test_whole_configurations_are_each_their_own() -> None:
    found = several({"config": config(GEOIP), "other": config(metafo())})
    assert [routing.files[0].name for routing in found] == ["config", "other"]


def metafo() -> str:
    return "metafo => { resources => { www => { datacenters => [a], dcmap => { a => 192.0.2.1 } } } }\n"


def test_parts_of_a_configuration_belong_together() -> None:
    routing = whole({"maps": MAPS, "resources": RESOURCES, "services": "web => { plugin => null }\n# service_types\n"})
    assert fewest(routing, "geoip!www EU/FR") == {"geoip!www/ams": 0, "geoip!www/iad": 1}
    whole_plugin = whole({"geoip.cfg": f"maps => {{ {MAPS} }}\nresources => {{ {RESOURCES} }}\n"})
    assert fewest(whole_plugin, "geoip!www EU/FR") == {"geoip!www/ams": 0, "geoip!www/iad": 1}


def test_resources_whose_map_is_not_given_may_begin_with_any_and_stay_open() -> None:
    routing = whole({"resources": RESOURCES})
    found = [client for client in routing.clients if client.name == "geoip!www *"]
    assert len(found) == 3
    assert {pool for client in found for pool in routing.replay(client, frozenset()).pools} == set(routing.pools)
    (unread,) = routing.unread
    assert (unread.text, unread.names) == ("prod", ())
    assert "give the file that has it" in unread.why


def test_a_reference_out_of_the_given_files_stays_open() -> None:
    routing = whole({"resources": "www => { datacenters => [a], dcmap => { a => %multifo!far } }\n"})
    assert [unread.text for unread in routing.unread] == ["multifo!far"]
    assert routing.sites["a"].addresses == ()


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({"config": config("geoip => 1\n")}, "config:4:10: the configuration of `geoip` has to be a hash"),
        ({"f": "plugins => { null => {} }\nplugin => {}\n"}, "f:1:1: `plugins` is no map"),
        ({"config": config(GEOIP) + "extra => { datacenters => [a] }\n"}, "`service_types` is no map"),
        ({"a": RESOURCES, "b": RESOURCES}, "b:1:1: `www` stands here and in a, line 1"),
        (
            {"a": f"maps => {{ {MAPS} }} resources => {{}}", "b": f"maps => {{ {MAPS} }} resources => {{}}"},
            "`geoip` stands here and in a",
        ),
        ({"a": MAPS + "x => y\n"}, "`x` is no map"),
        ({"a": "prod => { datacenters => [a }\n"}, "a:1:29: a value is expected here"),
    ],
)
def test_what_can_not_be_read(files: dict[str, str], said: str) -> None:
    with pytest.raises(InputError) as error:
        several(files)
    assert said in str(error.value)


@pytest.mark.parametrize("name", ["=cmd()", "<script>", "\x1b[31m", "a" * 100_000, "é", "日本"])
def test_names_of_strangers_stay_text(name: str) -> None:
    file = File("maps", f'"{name}" => {{ datacenters => [a] }}\n'.encode())
    if len(name) > 500:
        with pytest.raises(InputError, match="can't be the name of a map"):
            read([file], Kept({}))
        return
    (routing,) = read([file], Kept({}))
    assert {client.name.rpartition(" ")[0] for client in routing.clients} == {name}
