"""Earlier states out of repositories of every kind: what is read is what was there, whoever arranged the rest."""

import os
import subprocess
from pathlib import Path

import pytest

from auditor.model.errors import InputError
from auditor.model.report import KNOWN, NEW
from auditor.routing.repository import Revision
from auditor.routing.revision import earlier
from auditor.routing.store import Disk
from tests.routing.test_gate import folder as folder
from tests.routing.test_gate import gated, git, status
from tests.routing.test_gate_attacks import CANADA, HEAD, POOLS, verdicts

OLD = HEAD + POOLS + CANADA
WORSE = OLD.replace("[toronto, shanghai]", "[shanghai]")


def written(path: Path, text: str = OLD) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


@pytest.fixture
def committed(folder: Path) -> Path:
    """Make a repository whose only commit holds `conf/routing.yaml`."""
    written(folder / "conf" / "routing.yaml")
    git("init", "-q", "-b", "main", ".")
    git("add", ".")
    git("commit", "-qm", "one")
    return folder


class TestNames:
    def test_a_folder_that_is_called_like_a_revision_decides_nothing(self, committed: Path) -> None:
        """Who proposes a change could add a folder `main`, in which the change is there already."""
        written(committed / "main" / "conf" / "routing.yaml", WORSE)
        written(committed / "conf" / "routing.yaml", WORSE)
        with pytest.raises(InputError, match=r"`main` is a revision, and a folder or file too"):
            gated("conf", against="main")
        assert verdicts(gated("conf", against="refs/heads/main")) == [("shanghai", "fail", NEW)]
        assert verdicts(gated("conf", against="main^0")) == [("shanghai", "fail", NEW)]
        assert verdicts(gated("conf", against="./main")) == [("shanghai", "fail", KNOWN)]
        assert verdicts(gated("conf", against="main/")) == [("shanghai", "fail", KNOWN)]

    def test_a_file_that_is_called_like_a_revision_decides_nothing(self, committed: Path) -> None:
        written(committed / "HEAD", WORSE)
        with pytest.raises(InputError, match="is a revision, and a folder or file too"):
            gated("conf/routing.yaml", against="HEAD")

    @pytest.mark.parametrize("against", ["^HEAD", "HEAD..HEAD", "a\0b", "\ud800", "x" * 200_000, "", "HEAD\n", ":/one"])
    def test_what_no_revision_can_be(self, committed: Path, against: str) -> None:
        with pytest.raises(InputError, match="neither a folder nor a revision"):
            gated("conf", against=against)


class TestRepositories:
    @pytest.mark.parametrize(
        "name",
        ["GIT_DIR", "GIT_WORK_TREE", "GIT_COMMON_DIR", "GIT_INDEX_FILE", "GIT_OBJECT_DIRECTORY", "GIT_NAMESPACE",
         "GIT_ALTERNATE_OBJECT_DIRECTORIES", "GIT_PREFIX", "GIT_SHALLOW_FILE", "GIT_GRAFT_FILE"],
    )  # fmt: skip
    def test_what_a_hook_has_in_its_environment(
        self, committed: Path, name: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        other = committed / "other"
        other.mkdir()
        git("init", "-q", "other")
        monkeypatch.setenv(name, str(other / ".git"))
        monkeypatch.chdir("conf")
        found = gated("routing.yaml", against="HEAD", inventory="../inventory.yaml")
        assert verdicts(found) == [("shanghai", "fail", KNOWN)]

    def test_a_repository_of_somebody_else_is_told_as_git_tells_it(
        self, committed: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")
        monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
        monkeypatch.setenv("GIT_CONFIG_SYSTEM", os.devnull)
        with pytest.raises(InputError, match=r"git says: fatal: .*ownership"):
            gated("conf", against="HEAD")

    def test_a_clone_without_the_revision_or_without_a_work_tree(
        self, committed: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        git("commit", "-qm", "two", "--allow-empty")
        git("clone", "-q", "--depth", "1", committed.as_uri(), "shallow")
        git("clone", "-q", "--bare", ".", "bare.git")
        inventory = str(committed / "inventory.yaml")
        monkeypatch.chdir("shallow")
        assert verdicts(gated("conf", against="HEAD", inventory=inventory)) == [("shanghai", "fail", KNOWN)]
        with pytest.raises(InputError, match="a shallow clone lacks others"):
            gated("conf", against="HEAD~1", inventory=inventory)
        monkeypatch.chdir("../bare.git")
        with pytest.raises(InputError, match="has no work tree"):
            gated("../conf", against="main", inventory=inventory)

    def test_a_branch_that_was_only_fetched(self, committed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        git("branch", "next/step")
        git("checkout", "-q", "-b", "work")
        git("clone", "-q", ".", "clone")
        inventory = str(committed / "inventory.yaml")
        monkeypatch.chdir("clone")
        for name in ("main", "refs/heads/main"):
            with pytest.raises(InputError, match="no branch of that name here, but `origin/main`: give that"):
                gated("conf", against=name, inventory=inventory)
        with pytest.raises(InputError, match="`origin/next/step`: give that"):
            gated("conf", against="next/step", inventory=inventory)
        with pytest.raises(InputError, match="fetch it"):
            gated("conf", against="step", inventory=inventory)
        assert verdicts(gated("conf", against="origin/main", inventory=inventory)) == [("shanghai", "fail", KNOWN)]

    def test_what_lies_outside_or_in_a_submodule(
        self, committed: Path, tmp_path_factory: pytest.TempPathFactory
    ) -> None:
        away = written(tmp_path_factory.mktemp("away") / "routing.yaml")
        with pytest.raises(InputError, match="lies outside of the repository"):
            gated(str(away), against="HEAD")
        written(committed / "conf" / "module" / "routing.yaml")
        git("update-index", "--add", "--cacheinfo", "160000,0123456789012345678901234567890123456789,conf/module")
        git("commit", "-qm", "two")
        for path in ("conf/module", "conf/module/routing.yaml"):
            with pytest.raises(InputError, match="lies in a submodule"):
                gated(path, against="HEAD")
        assert {standing for *_, standing in verdicts(gated("conf", against="HEAD"))} == {NEW}

    def test_paths_from_the_root_of_the_disk(self, committed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        (committed / "below").mkdir()
        monkeypatch.chdir("below")
        for path in (str(committed / "conf"), str(committed / "conf" / "routing.yaml"), "../conf"):
            found = gated(path, against="HEAD", inventory="../inventory.yaml")
            assert verdicts(found) == [("shanghai", "fail", KNOWN)]

    def test_a_sparse_work_tree_holds_less_than_its_commit(self, committed: Path) -> None:
        written(committed / "more" / "routing.yaml", WORSE)
        git("add", ".")
        git("commit", "-qm", "two")
        git("sparse-checkout", "set", "--no-cone", "/conf/", "/inventory.yaml")
        assert not (committed / "more").exists()
        before = status()
        assert verdicts(gated("conf", against="HEAD")) == [("shanghai", "fail", KNOWN)]
        assert verdicts(gated(".", against="HEAD"))[0][2] == KNOWN
        assert status() == before


class TestFiles:
    def test_links_to_folders_are_followed_as_on_a_disk(self, committed: Path) -> None:
        os.rename("conf", "real")
        os.symlink("real", "conf")
        written(committed / "real" / "deep" / "more.yaml", "x: 1\n")
        for name, target in (
            ("real/again", "deep"), ("real/round", "."), ("real/up", ".."), ("real/.git2", "../conf/deep/more.yaml"),
            ("real/chain", "up/conf/deep"), ("real/lost", "nowhere"), ("real/out", "../../nothing"),
        ):  # fmt: skip
            os.symlink(target, name)
        git("add", ".")
        git("commit", "-qm", "two")
        then = earlier("HEAD", ["conf"])
        for shown in ("conf", "real", "."):
            theirs, ours = (store.inside(shown) or [] for store in (Disk(), then))
            assert ours == theirs
            assert len(ours) > 2
            for name in ours:
                now, before = Disk().read(name), then.read(name)
                assert (before.data if before else None) == (now.data if now else None), name
        for pattern in ("conf/*.yaml", "conf/*", "real/deep/*", "conf/chain/m*"):
            assert then.glob(pattern) == Disk().glob(pattern)
        assert {standing for *_, standing in verdicts(gated("conf", against="HEAD"))} == {KNOWN}
        assert verdicts(gated("conf/routing.yaml", against="HEAD")) == [("shanghai", "fail", KNOWN)]

    def test_links_without_end_are_left(self, committed: Path) -> None:
        for name, target in (
            ("a", "b"),
            ("b", "a"),
            ("conf/long", "/".join(["x"] * 2_000)),
            ("conf/root", "/etc/hosts"),
        ):
            os.symlink(target, name)
        git("add", ".")
        git("commit", "-qm", "two")
        then = earlier("HEAD", ["conf"])
        assert [then.read(name) for name in ("a", "b", "conf/long", "conf/root")] == [None] * 4
        assert then.inside("a") is None

    def test_thousands_of_files_are_read_at_once(self, committed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        for number in range(1_200):
            written(committed / "many" / f"{number % 7}" / f"{number}.yaml", f"x: {number % 900}\n")
        git("add", ".")
        git("commit", "-qm", "two")
        runs: list[list[str]] = []
        run = subprocess.run
        monkeypatch.setattr(subprocess, "run", lambda words, **how: runs.append(words) or run(words, **how))  # type: ignore[func-returns-value]
        then = earlier("HEAD", ["many"])
        names = then.inside("many")
        assert names is not None
        assert len(names) == 1_200
        for name in names:
            file = then.read(name)
            assert file is not None
            assert file.data == Path(name).read_bytes()
        assert len(runs) < 620  # of content that is there twice, what was read too long ago is read again

    def test_a_file_that_was_large(self, committed: Path) -> None:
        with (committed / "conf" / "large.bin").open("wb") as stream:
            stream.truncate(70 << 20)
        git("add", ".")
        git("commit", "-qm", "two")
        (committed / "conf" / "large.bin").unlink()
        with pytest.raises(InputError, match=r"^HEAD:conf/large.bin: was larger than 64 MiB"):
            gated("conf", against="HEAD")
        assert verdicts(gated("conf/routing.yaml", against="HEAD")) == [("shanghai", "fail", KNOWN)]

    def test_a_file_that_was_renamed_or_taken_out(self, committed: Path) -> None:
        git("mv", "conf/routing.yaml", "conf/other.yaml")
        assert verdicts(gated("conf", against="HEAD")) == [("shanghai", "fail", KNOWN)]
        assert verdicts(gated("conf/other.yaml", against="HEAD")) == [("shanghai", "fail", NEW)]
        with pytest.raises(InputError, match="is no file that exists"):
            gated("conf/routing.yaml", against="HEAD")

    def test_other_ends_of_lines_are_no_change(self, committed: Path) -> None:
        spare = "".join(f"  - {{name: spare {number}}}\n" for number in range(60))
        text = HEAD + POOLS + spare + CANADA
        written(committed / "conf" / "routing.yaml", text)
        git("-c", "core.autocrlf=false", "commit", "-qam", "two")
        turned = text.replace("\n", "\r\n").encode()
        (committed / "conf" / "routing.yaml").write_bytes(turned)
        assert verdicts(gated("conf", against="HEAD")) == [("shanghai", "fail", KNOWN)]
        (committed / "conf" / "routing.yaml").write_bytes(turned.replace(b"[toronto, shanghai]", b"[shanghai]"))
        found = gated("conf", against="HEAD")
        assert verdicts(found) == [("shanghai", "fail", NEW)]
        changes = [change for route in found.report.findings[0].routes for change in route.changes]
        assert [(change.line, "[shanghai]" in change.added[0]) for change in changes] == [(67, True)]


def test_a_revision_is_a_store_like_others(committed: Path) -> None:
    then = earlier("HEAD", ["conf"])
    assert isinstance(then, Revision)
    assert then.inside("nowhere") is None
    assert then.inside("conf/routing.yaml") is None
    assert then.glob("nowhere/*") == []
    assert then.read("conf") is None
    assert then.read("../conf/routing.yaml") is None
