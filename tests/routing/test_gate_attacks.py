"""What somebody may try to get a forbidden way past the gate, or to make it stop, hang or run something."""

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from auditor.gate import Gate
from auditor.model.errors import InputError
from auditor.model.report import KNOWN, NEW
from auditor.report import RENDERERS, baseline
from auditor.routing import revision
from auditor.routing.store import Disk
from tests.routing.test_gate import folder as folder
from tests.routing.test_gate import gated, git

HEAD = "routing: 1\nplanes: [media]\n"
POOLS = "pools:\n  - {name: toronto}\n  - {name: shanghai}\n"
CANADA = "clients:\n  - {name: canada, countries: [CA], population: overseas, first: [toronto, shanghai]}\n"


def verdicts(found: Gate) -> list[tuple[str, str, str]]:
    return [(each.place.site, str(each.verdict), each.standing) for each in found.report.findings]


class TestPlaces:
    @pytest.mark.parametrize("said", ["country: CN", "region: aws/cn-north-1", "addresses: [114.114.114.114]"])
    def test_a_name_does_not_excuse_what_is_elsewhere(self, folder: Path, said: str) -> None:
        clients = CANADA.replace(", shanghai]", "]")
        (folder / "own.yaml").write_text(f"{HEAD}sites:\n  - {{name: toronto, {said}}}\n{POOLS}{clients}")
        assert verdicts(gated("own.yaml")) == [("toronto", "open", "")]
        (folder / "own.yaml").write_text(f"{HEAD}sites:\n  - {{name: toronto, country: CA}}\n{POOLS}{clients}")
        assert gated("own.yaml").verdict == "pass"

    def test_a_proof_by_the_address_holds_whatever_is_claimed(self, folder: Path) -> None:
        sites = "sites:\n  - {name: toronto, country: CA, networks: [114.114.114.0/24], role: relay}\n"
        (folder / "inventory.yaml").write_text(sites)
        clients = CANADA.replace(", shanghai]", "]")
        site = "sites:\n  - {name: toronto, addresses: [114.114.114.114]}\n"
        (folder / "own.yaml").write_text(f"{HEAD}{site}pools:\n  - {{name: toronto}}\n{clients}")
        assert gated("own.yaml").verdict == "pass"


class TestAgainst:
    """A change is not known because something else was."""

    def compared(self, folder: Path, old: dict[str, str], new: dict[str, str]) -> Gate:
        for state, files in (("old", old), ("new", new)):
            for name, text in files.items():
                (folder / state / name).parent.mkdir(parents=True, exist_ok=True)
                (folder / state / name).write_text(text)
        return gated("new", against="old")

    def test_a_site_that_moved(self, folder: Path) -> None:
        text = f"{HEAD}sites:\n  - name: east\n    country: CA\npools:\n  - {{name: p, site: east}}\n" + (
            "clients:\n  - {name: canada, countries: [CA], population: overseas, first: [p]}\n"
        )
        found = self.compared(folder, {"a.yaml": text}, {"a.yaml": text.replace("country: CA", "country: CN")})
        assert verdicts(found) == [("east", "fail", NEW)]
        (route,) = found.report.findings[0].routes
        assert [(change.line, change.added) for change in route.changes] == [(5, ("    country: CN",))]
        assert route.before is None

    def test_clients_who_became_protected(self, folder: Path) -> None:
        text = HEAD + POOLS + CANADA
        old = text.replace("countries: [CA], population: overseas", "countries: [CN]")
        found = self.compared(folder, {"a.yaml": old}, {"a.yaml": text})
        assert ("shanghai", "fail", NEW) in verdicts(found)

    def test_a_second_file_with_the_same_names(self, folder: Path) -> None:
        bad, good = HEAD + POOLS + CANADA, HEAD + POOLS + CANADA.replace(", shanghai]", "]")
        found = self.compared(folder, {"a.yaml": bad, "b.yaml": good}, {"a.yaml": bad, "b.yaml": bad})
        assert verdicts(found) == [("shanghai", "fail", NEW)]
        assert found.report.findings[0].routes[0].edge.file == "new/b.yaml"

    def test_a_further_class_like_one_that_is_there(self, folder: Path) -> None:
        more = "  - {name: canada too, countries: [CA], population: overseas, tenant: acme, first: [shanghai]}\n"
        text = HEAD + POOLS + CANADA.replace("population: overseas", "population: overseas, tenant: acme")
        found = self.compared(folder, {"a.yaml": text}, {"a.yaml": text, "b.yaml": HEAD + POOLS + "clients:\n" + more})
        assert verdicts(found) == [("shanghai", "fail", NEW)]

    def test_a_file_or_a_class_of_another_name_is_the_same(self, folder: Path) -> None:
        text = HEAD + POOLS + CANADA
        found = self.compared(folder, {"a.yaml": text}, {"b.yaml": text.replace("name: canada", "name: north")})
        assert verdicts(found) == [("shanghai", "fail", KNOWN)]
        assert found.verdict == "pass"


def test_a_baseline_knows_how_many_outages_it_took(folder: Path) -> None:
    text = HEAD + POOLS + CANADA
    (folder / "own.yaml").write_text(text)
    past = baseline.of_report(RENDERERS["json"](gated("own.yaml").report).encode(), "report.json")
    assert [each.outages for each in past] == [1]
    (folder / "known.json").write_text(baseline.written(past))
    assert baseline.load(folder / "known.json").findings == past
    assert verdicts(gated("own.yaml", baseline="known.json")) == [("shanghai", "fail", KNOWN)]
    (folder / "own.yaml").write_text(text.replace("[toronto, shanghai]", "[shanghai, toronto]"))
    worse = gated("own.yaml", baseline="known.json")
    assert verdicts(worse) == [("shanghai", "fail", NEW)]
    assert worse.verdict == "fail"
    assert worse.report.baseline is not None
    assert (worse.report.baseline.known, worse.report.baseline.new) == (0, 1)
    older = json.loads((folder / "known.json").read_text())
    del older["findings"][0]["outages"]
    (folder / "known.json").write_text(json.dumps(older))
    assert gated("own.yaml", baseline="known.json").verdict == "pass"


class TestFolders:
    def test_what_is_no_file_is_counted_and_not_waited_for(self, folder: Path) -> None:
        (folder / "conf").mkdir()
        (folder / "conf" / "routing.yaml").write_text(HEAD + POOLS + CANADA)
        os.mkfifo(folder / "conf" / "pipe")
        (folder / "conf" / "nothing").symlink_to("nowhere")
        (folder / "conf" / "zero").symlink_to("/dev/zero")
        (folder / "conf" / "circle").symlink_to(".")
        found = gated("conf")
        assert verdicts(found) == [("shanghai", "fail", "")]
        assert any(note.startswith("3 other files") for note in found.report.notes)
        with pytest.raises(InputError, match="is no file that exists"):
            gated("conf/pipe")

    def test_links_to_folders_are_followed_once(self, folder: Path) -> None:
        for name in ("conf", "other"):
            (folder / name).mkdir()
        (folder / "conf" / "one").symlink_to("../other")
        (folder / "conf" / "two").symlink_to("../other")
        (folder / "other" / "routing.yaml").write_text(HEAD + POOLS + CANADA)
        (folder / "other" / "up").symlink_to("..")
        assert Disk().inside("conf") == ["conf/one/routing.yaml", *(Disk().inside("conf") or [])[1:]]
        found = gated("conf")
        assert [name for each in found.report.configurations for name in each.files].count("conf/one/routing.yaml") == 1
        assert not any("two" in name for each in found.report.configurations for name in each.files)

    def test_a_folder_that_can_not_be_looked_into_is_told(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        (folder / "conf" / "closed").mkdir(parents=True)
        (folder / "conf" / "routing.yaml").write_text(HEAD + POOLS + CANADA)
        scan = os.scandir

        def refused(path: Any) -> Any:
            if str(path).endswith("closed"):
                raise PermissionError(13, "Permission denied", str(path))
            return scan(path)

        monkeypatch.setattr(os, "scandir", refused)
        with pytest.raises(InputError, match="can't be looked into"):
            gated("conf")

    def test_a_routing_yaml_may_be_json(self, folder: Path) -> None:
        pools = [{"name": "toronto"}, {"name": "shanghai"}]
        canada = {"name": "canada", "countries": ["CA"], "population": "overseas", "first": ["toronto", "shanghai"]}
        tree = {"routing": 1, "planes": ["media"], "pools": pools, "clients": [canada]}
        for indent in (None, 2):
            (folder / "own.json").write_text(json.dumps(tree, indent=indent))
            assert verdicts(gated("own.json")) == [("shanghai", "fail", "")]

    @pytest.mark.parametrize("amount", ["1e400", ".inf", "1e300", "1" + "0" * 16])
    def test_amounts_without_end(self, folder: Path, amount: str) -> None:
        for key in ("capacity", "demand"):
            old = "{name: shanghai" if key == "capacity" else "{name: canada"
            (folder / "own.yaml").write_text((HEAD + POOLS + CANADA).replace(old, f"{old}, {key}: {amount}"))
            with pytest.raises(InputError, match="take a larger unit"):
                gated("own.yaml")


class TestRepository:
    def test_no_program_of_its_settings_runs(self, folder: Path) -> None:
        git("init", "-q", ".")
        (folder / "conf").mkdir()
        (folder / "conf" / "routing.yaml").write_bytes((folder / "routing.yaml").read_bytes())
        (folder / ".gitattributes").write_text("* diff=evil filter=evil\n")
        git("add", ".")
        git("commit", "-qm", "one")
        program = f"touch {folder}/ran; false"
        for key in (
            "core.fsmonitor", "core.pager", "core.sshCommand", "core.editor", "core.askPass", "diff.external",
            "diff.evil.textconv", "filter.evil.smudge", "filter.evil.clean", "alias.ls-tree", "credential.helper",
            "remote.origin.uploadpack", "gpg.program",
        ):  # fmt: skip
            git("config", key, f"!{program}" if key.startswith("alias") else program)
        (folder / "hooks").mkdir()
        for hook in ("post-checkout", "post-index-change", "reference-transaction", "fsmonitor-watchman"):
            (folder / "hooks" / hook).write_text(f"#!/bin/sh\n{program}\n")
            (folder / "hooks" / hook).chmod(0o755)
        git("config", "core.hooksPath", str(folder / "hooks"))
        (folder / "conf" / "routing.yaml").write_bytes((folder / "surge.yaml").read_bytes())
        (folder / "ran").unlink(missing_ok=True)
        assert gated("conf", against="HEAD").verdict == "fail"
        assert not (folder / "ran").exists()

    def test_nothing_is_fetched(self, folder: Path) -> None:
        """A partial clone asks its remote for objects that it lacks, by a program that its settings name."""
        git("init", "-q", ".")
        (folder / "routing.yaml").write_text(HEAD + POOLS + CANADA)
        git("add", "routing.yaml")
        git("commit", "-qm", "one")
        (blob,) = subprocess.run(
            ["git", "rev-parse", "HEAD:routing.yaml"], check=True, capture_output=True, text=True
        ).stdout.split()
        (folder / ".git" / "objects" / blob[:2] / blob[2:]).unlink()
        git("config", "extensions.partialClone", "origin")
        git("config", "core.repositoryFormatVersion", "1")
        git("config", "remote.origin.url", f"ext::sh -c touch% {folder}/ran")
        git("config", "remote.origin.promisor", "true")
        git("config", "protocol.ext.allow", "always")
        with pytest.raises(InputError, match="git says"):
            gated("routing.yaml", against="HEAD")
        assert not (folder / "ran").exists()

    def test_names_and_kinds_of_entries(self, folder: Path) -> None:
        git("init", "-q", ".")
        conf = folder / "conf"
        conf.mkdir()
        (conf / "a\nb.yaml").write_text(HEAD + POOLS + CANADA)
        (conf / "-x.yaml").symlink_to("../../../../etc/passwd")
        (conf / "round").symlink_to("round")
        git("add", ".")
        git("update-index", "--add", "--cacheinfo", "160000,0123456789012345678901234567890123456789,conf/module")
        git("commit", "-qm", "one")
        found = gated("conf/a\nb.yaml", against="HEAD")
        assert verdicts(found) == [("shanghai", "fail", KNOWN)]
        then = revision.earlier("HEAD", ["conf"])
        assert then.read("conf/-x.yaml") is None
        assert then.read("conf/round") is None
        assert then.read("conf/module") is None


def test_groups_in_groups_are_replayed_once_each(folder: Path) -> None:
    groups = "groups:\n  - {name: g0, first: [toronto, shanghai], when_all_down: any}\n"
    for at in range(1, 60):
        groups += f"  - {{name: g{at}, any: [g{at - 1}, g{at - 1}], when_all_down: any}}\n"
    (folder / "own.yaml").write_text(HEAD + POOLS + groups + CANADA.replace("[toronto, shanghai]", "[g59]"))
    assert verdicts(gated("own.yaml")) == [("shanghai", "fail", "")]
