import pytest

from auditor.model.errors import InputError
from auditor.routing.gdnsd import vscf
from auditor.routing.gdnsd.vscf import Array, Hash, Text, Value
from auditor.routing.model import File, Line
from auditor.routing.store import Kept


def tree(text: bytes, **files: bytes) -> object:
    """Read a text; return plain lists, dictionaries and strings."""
    return plain(load(text, files))


def load(text: bytes, files: dict[str, bytes] | None = None) -> Hash | Array:
    kept = {"etc/config": text, **{f"etc/{name}": data for name, data in (files or {}).items()}}
    return vscf.load(File("etc/config", text), vscf.Budget(Kept(kept)))


def plain(value: Value) -> object:
    if isinstance(value, Text):
        return value.text
    if isinstance(value, Array):
        return [plain(each) for each in value.items]
    assert isinstance(value, Hash)
    return {name: plain(each) for name, each in value.values.items()}


def refused(text: bytes, **files: bytes) -> str:
    with pytest.raises(InputError) as error:
        load(text, files)
    return str(error.value)


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        (b"", {}),
        (b"a=1", {"a": "1"}),
        (b"a => 1, b=2,\nc=>[x y, z,] ; a comment\n", {"a": "1", "b": "2", "c": ["x", "y", "z"]}),
        (b"# only a comment\n", {}),
        (b"a={b={c=>[[1]{d=2}]}}", {"a": {"b": {"c": [["1"], {"d": "2"}]}}}),
        (b"a= >b", {"a": ">b"}),
        (b"a=>>b", {"a": ">b"}),
        (b"a=x$y", {"a": "x$y"}),
        (b"a=\r\n1\r\n", {"a": "1"}),
        (b'"a b" => "x\ny"', {"a b": "x\ny"}),
        (b"options={listen=[192.0.2.1 192.0.2.2]}", {"options": {"listen": ["192.0.2.1", "192.0.2.2"]}}),
        (b"a = # why\n  [ # because\n b ]", {"a": ["b"]}),
        (b"a=\xc3\xa9", {"a": "é"}),
        (b"a=\xff", {"a": "\\xff"}),
        (b"[1, [2]]", ["1", ["2"]]),
        (b"NO => no, NA = false", {"NO": "no", "NA": "false"}),
    ],
)
def test_what_is_written_is_what_is_read(text: bytes, meant: object) -> None:
    assert tree(text) == meant


@pytest.mark.parametrize(
    "written",
    [
        *(rb"white\ space", rb'"white space"', rb"white\032space", rb'"white\032space"'),
    ],
)
def test_escapes_are_those_of_zone_files(written: bytes) -> None:
    assert tree(b"a = " + written) == {"a": "white space"}


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        (rb"ex\097mpl\e", "example"),
        (rb"internal\"quote", 'internal"quote'),
        (rb"\\\=\=\=", "\\==="),
        (rb"\092\=\=\=", "\\==="),
        (rb'"\\==="', "\\==="),
        (rb"braces\{every\[where\]oh\}my", "braces{every[where]oh}my"),
        (b'"a\\\nb"', "a\nb"),
    ],
)
def test_more_escapes(written: bytes, meant: str) -> None:
    assert tree(b"a = " + written) == {"a": meant}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (b"a=1\n a=2", "etc/config:2:2: `a` stands here and in etc/config, line 1"),
        (b"a {b=1}", "etc/config:1:3: `=>` is expected behind the key `a`"),
        (b"a=[1,,2]", "etc/config:1:6: a value is expected here"),
        (b",a=1", "etc/config:1:1: a key is expected here, not `,`"),
        (b"a=1\n# no line's end", "etc/config:2:1: a comment without a line's end"),
        (b"a=$b", "etc/config:1:3: `$` begins no string"),
        (b"a=\\300", "an escape that is none"),
        (b"a=\\9", "an escape that is none"),
        (b"\n\na={", "etc/config:3:3: this bracket is never closed"),
        (b"a=}", "a value is expected here"),
        (b"}", "a key is expected here, not `}`"),
        (b"a=b]", "a key is expected here, not `]`"),
        (b"a=[b}", "a value is expected here"),
        (b"[1] 2", "something stands behind the array"),
        (b"[1", "never closed"),
        (b'a="b', "a string is not closed"),
        (b"a", "`=>` is expected"),
        (b"a=", "a value is expected"),
        (b"a=\0", "a NUL byte"),
        (b'a="\\000"', "NUL byte, at which gdnsd would cut it"),
        (b"a=b\rc=d", "carriage return"),
        (b"a=[=]", "a value is expected"),
        (b"$include{", "written `$include{file}`"),
        (b"$include{a b}", "written `$include{file}`"),
    ],
)
def test_what_gdnsd_refuses_is_refused_with_its_place(text: bytes, said: str) -> None:
    assert said in refused(text)


def test_places_of_keys_and_values() -> None:
    found = load(b"one = 1\n\n  two => [\n    a,\n    b ]\nthree = { x => y }\n")
    assert isinstance(found, Hash)
    two = found.values["two"]
    assert isinstance(two, Array)
    assert [each.at for each in two.items] == [Line("etc/config", 4), Line("etc/config", 5)]
    assert found.keys["two"].source.place(found.keys["two"].offset) == (3, 3)
    assert two.source.place(two.offset) == (3, 10)
    quoted = load(b'a = "x"')
    assert isinstance(quoted, Hash)
    assert quoted.values["a"].source.place(quoted.values["a"].offset) == (1, 5)


def test_includes_are_values_or_are_merged() -> None:
    assert tree(b"a = $include{ list }\nb=[$include{list}]", list=b"[1 2]") == {"a": ["1", "2"], "b": [["1", "2"]]}
    assert tree(b'x=1, $include{"more"}, y=3', more=b"z=2") == {"x": "1", "z": "2", "y": "3"}
    assert tree(b"a = $include{more}", more=b"z=2") == {"a": {"z": "2"}}
    assert tree(b"p = { $include{d/*} }", **{"d/1": b"a=1", "d/2": b"b=2", "d/.hidden": b"c=3"}) == {
        "p": {"a": "1", "b": "2"}
    }
    assert tree(b"p = { $include{d} }", **{"d/1": b"a=1", "d/2": b"b=2"}) == {"p": {"a": "1", "b": "2"}}


def test_lines_of_included_files_are_theirs() -> None:
    found = load(b"\n\n$include{d/more}", {"d/more": b"\nx = $include{deep}", "d/deep": b"[\n1]"})
    assert isinstance(found, Hash)
    x = found.values["x"]
    assert isinstance(x, Array)
    assert found.keys["x"].at == Line("etc/d/more", 2)
    assert x.items[0].at == Line("etc/d/deep", 2)


@pytest.mark.parametrize(
    ("text", "files", "said"),
    [
        (b"\n$include{nope}", {}, "etc/config:2:10: there is no file `etc/nope`, which is included here; put it there"),
        (b"$include{d/*}", {}, "there is no file `etc/d/*`"),
        (b"$include{config}", {}, "files include each other in a circle: etc/config -> etc/config"),
        (b"$include{a}", {"a": b"$include{b}", "b": b"$include{a}"}, "etc/b:1:1: files include each other in a circle"),
        (b"$include{../x}", {}, None),
        (b"$include{/etc/passwd}", {}, "leads out of the folder"),
        (b"$include{../../x}", {}, "leads out of the folder"),
        (b"x=1 $include{a}", {"a": b"\nx=2"}, "etc/a:2:1: `x` stands here and in etc/config, line 1"),
        (b"$include{a}", {"a": b"[1]"}, "which can't be merged into a hash"),
        (b"x = $include{d/*}", {"d/1": b"a=1", "d/2": b"b=2"}, "is 2 files, and a value can be one"),
        (b"$include{a}", {"a": b"x={"}, "etc/a:1:3: this bracket is never closed"),
    ],
)
def test_includes_that_can_not_be(text: bytes, files: dict[str, bytes], said: str | None) -> None:
    assert (said or "there is no file `x`") in refused(text, **files)


def test_a_file_given_by_an_absolute_path_includes_what_lies_beside_it_only() -> None:
    kept = Kept({"/etc/gdnsd/config": b"$include{a}", "/etc/gdnsd/a": b"x=1", "/etc/shadow": b"y=1"})
    assert plain(vscf.load(File("/etc/gdnsd/config", b"$include{a}"), vscf.Budget(kept))) == {"x": "1"}
    with pytest.raises(InputError, match="leads out"):
        vscf.load(File("/etc/gdnsd/config", b"$include{../shadow}"), vscf.Budget(kept))


def test_chains_of_includes_end() -> None:
    chain = {f"f{n}": f"$include{{f{n + 1}}}".encode() for n in range(30)}
    assert "more than 20 files include each other" in refused(b"$include{f0}", **chain)


def test_files_that_multiply_each_other_end() -> None:
    files = {f"f{n}": f"a=$include{{f{n + 1}}} b=$include{{f{n + 1}}}".encode() for n in range(15)}
    assert "too many files" in refused(b"$include{f0}", **files, f15=b"x=1")


@pytest.mark.parametrize(
    "text",
    [
        b"[" * 100_000,
        b"a={" * 3_000_000,
        b"[" + b"1 " * 5_000_000,
        b'"' + b"a" * 10_000_000,
        b"a=" + b"x" * 10_000_000 + b"]",
        b"#" * 10_000_000,
        b"\\" * 10_000_000,
        b"a=1 " * 2_500_000,
        b"$include{" * 1_000_000,
        b'"\n' * 5_000_000,
        b"\0" * 10_000_000,
        b"\n" * 9_999_999 + b"]",
        bytes(range(256)) * 40_000,
    ],
    ids=lambda text: repr(text[:8]),
)
def test_ten_megabytes_of_malice_are_refused_in_time(text: bytes) -> None:
    assert len(refused(text)) < 2_000
