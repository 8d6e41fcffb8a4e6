"""Procuring: `data/` ends with the promised bytes or stays as it was, whatever was edited, moved or killed.

DVC is played by a small script that does the same with files (`FAKE_DVC`), because a hundred starts of the real one
would take minutes; `test_procure_dvc.py` walks the main ways with the real one.
"""

import importlib
import os
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from mergeline.errors import MergelineError
from mergeline.procurement.contents import hash_files, read_signatures, read_stamp, write_stamp
from mergeline.procurement.pointer import read_promise
from mergeline.procurement.renew import renew
from mergeline.procurement.store import find_store
from mergeline.stages.procure import main, procure, render_renewal

SRC = Path(__file__).resolve().parents[3] / "src"
DATA = Path("data")
JAN_FEB = ("2020-01", "2020-02")
JAN_MAR = (*JAN_FEB, "2020-03")

SOURCE = """
import os
from pathlib import Path

def list_batches():
    return ["2020-01", "2020-02", "2020-03"]

def fetch(batches, directory):
    assert not any(directory.iterdir())
    with Path("asked.txt").open("a") as asked:
        asked.write(" ".join(batches) + "\\n")
    (directory / "flights").mkdir()
    for batch in batches:
        (directory / "flights" / f"{batch}.csv").write_text(f"day,late\\n{batch},1\\n")
    (directory / "airports.csv").write_text("faa\\nJFK\\n")
"""

FAKE_DVC = """
import hashlib, json, os, shutil, sys
from pathlib import Path

def place(oid):
    return Path(".dvc/cache/files/md5") / oid[:2] / oid[2:]

def put(content, suffix=""):
    oid = hashlib.md5(content).hexdigest() + suffix
    place(oid).parent.mkdir(parents=True, exist_ok=True)
    if not place(oid).exists():
        place(oid).write_bytes(content)
    return oid

command, data = sys.argv[1], Path("data")
with Path("dvc.log").open("a") as log:
    log.write(command + "\\n")
if command == "commit" and Path(".dvc/full").exists():
    put((data / "airports.csv").read_bytes())
    print("ERROR: failed to transfer 'x' - [Errno 28] No space left on device", file=sys.stderr)
elif command == "commit" and Path(".dvc/ignoring").exists():
    text = Path("data.dvc").read_text()
    Path("data.dvc").write_text(text.replace("md5: ", "md5: 0", 1))
elif command == "commit":
    files = sorted(path for path in data.rglob("*") if path.is_file())
    listing = [{"md5": put(path.read_bytes()), "relpath": path.relative_to(data).as_posix()} for path in files]
    listing.sort(key=lambda entry: entry["relpath"])
    oid = put(json.dumps(listing, sort_keys=True).encode(), ".dir")
    assert oid in Path("data.dvc").read_text()
elif command == "checkout":
    oid = next(line.split()[-1] for line in Path("data.dvc").read_text().splitlines() if "md5: " in line)
    shutil.rmtree(data, ignore_errors=True)
    for entry in json.loads(place(oid).read_bytes()):
        (data / entry["relpath"]).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(place(entry["md5"]), data / entry["relpath"])
"""

KILLED = """
import importlib, os, sys
module, name = sys.argv[1].rsplit(".", 1)
honest = getattr(importlib.import_module(module), name)
def die(*arguments, **_):
    if name != "replace" or str(arguments[0]).endswith(".data.new"):
        os.kill(os.getpid(), 9)
    return honest(*arguments)
setattr(importlib.import_module(module), name, die)
from mergeline.stages.procure import main
main(sys.argv[2:])
"""


@pytest.fixture(scope="module")
def template(tmp_path_factory):
    """Return a folder with `clone/`, procured for January and February, and `modules/`, its source and its DVC."""
    folder = tmp_path_factory.mktemp("template")
    (folder / "clone/.dvc").mkdir(parents=True)
    for path, text in (("usecase/__init__.py", ""), ("usecase/source.py", SOURCE), ("dvc.py", FAKE_DVC)):
        (folder / "modules" / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / "modules" / path).write_text(text)
    with pytest.MonkeyPatch.context() as patch:
        enter(folder / "clone", folder / "modules", patch)
        write_params(JAN_FEB)
        renew(DATA, JAN_FEB, find_store())
    return folder


@pytest.fixture
def clone(template, tmp_path, monkeypatch):
    """Return a copy of the procured repository; the current folder."""
    folder = shutil.copytree(template / "clone", tmp_path / "clone")
    enter(folder, template / "modules", monkeypatch)
    write_stamp(DATA, replace(read_stamp(DATA), files=read_signatures(DATA)))
    return folder


def enter(folder, modules, patch):
    """Make `folder` the current one, with the small source and the script that plays DVC."""
    patch.chdir(folder)
    patch.setenv("PYTHONPATH", f"{modules}{os.pathsep}{SRC}")
    use_source(patch, modules)


def use_source(monkeypatch, modules):
    """Let this process import the small source too."""
    monkeypatch.syspath_prepend(str(modules))
    for name in ("usecase", "usecase.source"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    for name in ("usecase", "usecase.source"):
        monkeypatch.setitem(sys.modules, name, importlib.import_module(name))


def write_params(batches):
    """Write the repository's params.yaml with other batches."""
    lines = (SRC.parent / "params.yaml").read_text().splitlines()
    quoted = ", ".join(f'"{batch}"' for batch in batches)
    changed = [f"  batches: [{quoted}]" if line.startswith("  batches:") else line for line in lines]
    Path("params.yaml").write_text("\n".join(changed) + "\n")


def read_data():
    """Return the files of data/ by relative path."""
    return {path.relative_to(DATA).as_posix(): path.read_text() for path in DATA.rglob("*") if path.is_file()}


def forget_cache():
    """Lose the DVC cache, as on another machine."""
    shutil.rmtree(".dvc/cache")


def forget_list():
    """Take the list of files out of data.dvc, as `dvc add` by hand leaves it."""
    text = Path("data.dvc").read_text()
    Path("data.dvc").write_text(text[: text.index("meta:")])


def test_first_update_writes_the_promise(clone):
    """`data.dvc` lists hash, batches and files of what was fetched, and the cache has them."""
    promise = read_promise(Path("data.dvc"))
    assert promise.batches == list(JAN_FEB)
    assert promise.files == hash_files(DATA)
    assert sorted(promise.files) == ["airports.csv", "flights/2020-01.csv", "flights/2020-02.csv"]
    assert find_store().find_damage(promise.hash) == []


def test_second_run_reads_no_file_and_starts_no_dvc(clone):
    """Nothing to do is told from file sizes and times alone, in a process that has neither dvc nor the source."""
    started = Path("dvc.log").read_text()
    code = (
        "import sys; from mergeline.stages.procure import main; status = main([]); "
        "print(sorted({'dvc', 'polars', 'usecase'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "data/ is up to date: 2 batches, 2020-01 to 2020-02\n[]\n"
    assert Path("dvc.log").read_text() == started


@pytest.mark.parametrize(
    ("has_list", "has_cache", "option"),
    [(True, True, []), (True, False, ["--update"]), (False, True, ["--update"]), (False, False, [])],
)
def test_edited_raw_file_is_named_and_kept(has_list, has_cache, option, clone):
    """An edit is never overwritten, by no option; the message says where a correction belongs."""
    edited = DATA / "flights/2020-02.csv"
    edited.write_text(edited.read_text().replace(",1", ",0"))
    before = read_data()
    if not has_list:
        forget_list()
    if not has_cache:
        forget_cache()
    with pytest.raises(MergelineError, match=r"flights/2020-02\.csv") as caught:
        main(option)
    assert "src/usecase/corrections.csv" in caught.value.fix
    assert str(edited) in caught.value.where
    if has_list or has_cache:
        assert "airports.csv" not in str(caught.value)
    assert read_data() == before


def test_foreign_file_in_data_is_named_and_kept(clone):
    """What the source did not bring does not belong there."""
    (DATA / "notes.txt").write_text("mine")
    with pytest.raises(MergelineError, match=r"not promised: notes\.txt") as caught:
        procure(DATA, JAN_FEB)
    assert "move the named files away" in caught.value.fix
    assert (DATA / "notes.txt").read_text() == "mine"


@pytest.mark.parametrize("has_cache", [True, False])
def test_lost_file_comes_back(has_cache, clone):
    """A deleted raw file is restored from the cache, else from the source."""
    before = read_data()
    (DATA / "flights/2020-01.csv").unlink()
    if not has_cache:
        forget_cache()
    assert procure(DATA, JAN_FEB)
    assert read_data() == before
    assert find_store().find_damage(read_promise(Path("data.dvc")).hash) == []


def test_lost_cache_is_filled_again(clone):
    """`data/` alone is not enough: DVC must be able to hand it on."""
    forget_cache()
    assert procure(DATA, JAN_FEB)
    assert find_store().find_damage(read_promise(Path("data.dvc")).hash) == []
    assert not procure(DATA, JAN_FEB)


def test_cache_that_could_not_be_filled_is_an_error(clone):
    """On a full disk `dvc commit` saves a part and exits with status 0: that is said, and the next run ends it."""
    forget_cache()
    Path(".dvc/full").touch()
    with pytest.raises(MergelineError, match=r"saved 1 of 4 files in its cache: failed to transfer") as caught:
        procure(DATA, JAN_FEB)
    assert "free some space" in caught.value.fix
    Path(".dvc/full").unlink()
    assert procure(DATA, JAN_FEB)
    assert find_store().find_damage(read_promise(Path("data.dvc")).hash) == []


def test_file_that_dvc_ignores_is_an_error(clone):
    """If DVC leaves a file out, its hash is another one: the message points at .dvcignore, and the promise is kept."""
    forget_cache()
    Path(".dvc/ignoring").touch()
    with pytest.raises(MergelineError, match="DVC gives data/ another hash") as caught:
        procure(DATA, JAN_FEB)
    assert ".dvcignore" in caught.value.fix


def test_damaged_cache_object_is_not_handed_out(clone):
    """DVC would copy a damaged object into data/; here the source replaces it, in the cache too."""
    before = read_data()
    find_store().find_object(hash_files(DATA)["airports.csv"]).write_text("damaged")
    shutil.rmtree(DATA)
    assert procure(DATA, JAN_FEB)
    assert read_data() == before
    assert find_store().find_damage(read_promise(Path("data.dvc")).hash) == []


@pytest.mark.parametrize("has_list", [True, False])
def test_changed_source_stops_and_leaves_data_as_it_was(has_list, clone, monkeypatch):
    """Other bytes than promised never reach data/; the file is named if the list is known."""
    (DATA / "airports.csv").unlink()
    before, promised = read_data(), Path("data.dvc").read_text()
    forget_cache()
    if not has_list:
        forget_list()
        promised = Path("data.dvc").read_text()
        shutil.rmtree(DATA)
        before = {}
    change_source(monkeypatch, "2020-02", "the source corrected this month\n")
    with pytest.raises(MergelineError, match="other bytes than data.dvc promises") as caught:
        procure(DATA, JAN_FEB)
    assert ("changed: flights/2020-02.csv" in caught.value.what) == has_list
    assert "begin anew: delete data.dvc" in caught.value.fix
    assert read_data() == before
    assert Path("data.dvc").read_text() == promised


def change_source(monkeypatch, batch, text):
    """Let the source write other bytes for `batch`, whatever it is asked for."""
    source = sys.modules["usecase.source"]
    honest = source.fetch

    def fetch(batches, directory):
        honest(batches, directory)
        (directory / "flights" / f"{batch}.csv").write_text(text)

    monkeypatch.setattr(source, "fetch", fetch)


def test_missing_pointer_says_how_to_write_it(clone):
    """Without `data.dvc` nothing is promised, and plain procuring invents nothing."""
    Path("data.dvc").unlink()
    with pytest.raises(MergelineError, match=r"data\.dvc is missing") as caught:
        procure(DATA, JAN_FEB)
    assert "--update" in caught.value.fix


def test_batch_that_data_does_not_hold_yet_asks_for_update(clone):
    """A batch added to params.yaml is named, with the command that takes it in; data.dvc stays."""
    promised = Path("data.dvc").read_text()
    for forget in (lambda: None, forget_list):
        forget()
        with pytest.raises(MergelineError, match=r"params\.yaml adds 2020-03") as caught:
            procure(DATA, JAN_MAR)
        assert "--update" in caught.value.fix
    assert promised.startswith(Path("data.dvc").read_text())


def test_unknown_batch_lists_the_available_ones(clone):
    """A batch that the source does not have is refused before anything is fetched."""
    with pytest.raises(MergelineError, match="no batch 2020-13") as caught:
        renew(DATA, (*JAN_FEB, "2020-13"), find_store())
    assert "2020-01, 2020-02, 2020-03" in caught.value.fix


def test_update_asks_for_the_fresh_batch_alone(clone):
    """A new month costs a month: the others are carried over, byte for byte, and nothing is asked of them."""
    before, held = read_promise(Path("data.dvc")), read_data()
    renewal = renew(DATA, JAN_MAR, find_store())
    assert Path("asked.txt").read_text().splitlines() == ["2020-01 2020-02", "2020-03"]
    assert (renewal.before, renewal.added, renewal.dropped, renewal.changed) == (before.hash, ["2020-03"], [], [])
    assert renewal.after == read_promise(Path("data.dvc")).hash != before.hash
    assert read_data() == held | {"flights/2020-03.csv": "day,late\n2020-03,1\n"}
    assert not procure(DATA, JAN_MAR)
    words = render_renewal(renewal, Path("data.dvc"))
    assert f"{renewal.before} -> {renewal.after}" in words
    assert "git add data.dvc params.yaml" in words


def test_update_twice_changes_nothing(clone):
    """With nothing to add, the file and the hash stay."""
    text = Path("data.dvc").read_text()
    write_params(JAN_FEB)
    assert main(["--update"]) == 0
    assert Path("data.dvc").read_text() == text


def test_update_lets_go_of_a_batch_that_params_leave_out(clone):
    """The files of the batch leave data/; the others and the shared file stay."""
    renewal = renew(DATA, ("2020-02",), find_store())
    assert renewal.dropped == ["2020-01"]
    assert sorted(read_data()) == ["airports.csv", "flights/2020-02.csv"]
    assert not procure(DATA, ("2020-02",))


def test_update_gives_the_hash_of_fetching_everything(clone):
    """Growing month by month and fetching all at once make the same data.dvc."""
    grown = renew(DATA, JAN_MAR, find_store()).after
    text = Path("data.dvc").read_text()
    Path("data.dvc").unlink()
    assert renew(DATA, JAN_MAR, find_store()).after == grown
    assert Path("data.dvc").read_text() == text


def test_update_reports_a_shared_file_that_changed(clone, monkeypatch):
    """A table without batches may grow with a fresh one; that is said."""
    source = sys.modules["usecase.source"]
    honest = source.fetch

    def fetch(batches, directory):
        honest(batches, directory)
        (directory / "airports.csv").write_text("faa\nJFK\nLGA\n")

    monkeypatch.setattr(source, "fetch", fetch)
    renewal = renew(DATA, JAN_MAR, find_store())
    assert renewal.changed == ["airports.csv"]
    assert "changed: airports.csv" in render_renewal(renewal, Path("data.dvc"))
    assert read_data()["airports.csv"] == "faa\nJFK\nLGA\n"


def test_update_stops_if_the_source_rewrites_a_batch_already_held(clone, monkeypatch):
    """A held batch comes out byte-identical or the command stops with everything as it was."""
    before, promised = read_data(), Path("data.dvc").read_text()
    change_source(monkeypatch, "2020-01", "rewritten\n")
    with pytest.raises(MergelineError, match=r"already holds: flights/2020-01\.csv") as caught:
        renew(DATA, JAN_MAR, find_store())
    assert "take it out of procure.batches" in caught.value.fix
    assert (read_data(), Path("data.dvc").read_text()) == (before, promised)


def test_update_stops_if_the_source_writes_nothing_for_a_batch(clone, monkeypatch):
    """A batch without a file would be a hole in the data."""
    before = read_data()
    monkeypatch.setattr(sys.modules["usecase.source"], "fetch", lambda batches, directory: None)
    with pytest.raises(MergelineError, match="no file for batch 2020-03") as caught:
        renew(DATA, JAN_MAR, find_store())
    assert "with the batch's name in their path" in caught.value.fix
    assert read_data() == before


def test_another_commit_s_data_takes_the_place_of_this_one_s(clone):
    """After `git checkout` of an older data.dvc and back, data/ follows without a word about edits."""
    older, january = Path("data.dvc").read_text(), read_data()
    renew(DATA, JAN_MAR, find_store())
    newer = Path("data.dvc").read_text()
    for text, batches, count in ((older, JAN_FEB, 3), (newer, JAN_MAR, 4)):
        Path("data.dvc").write_text(text)
        assert procure(DATA, batches)
        assert len(read_data()) == count
    assert january.items() <= read_data().items()


def test_unmoved_data_follows_data_dvc_without_a_cache(clone):
    """Files that the machinery itself wrote and nobody touched may be replaced, even if the cache is gone."""
    older = Path("data.dvc").read_text()
    renew(DATA, JAN_MAR, find_store())
    forget_cache()
    Path("data.dvc").write_text(older)
    assert procure(DATA, JAN_FEB)
    assert sorted(read_data()) == ["airports.csv", "flights/2020-01.csv", "flights/2020-02.csv"]


@pytest.mark.parametrize(
    "point",
    [
        "mergeline.procurement.renew._check_fetched",
        "mergeline.procurement.renew.write_stamp",
        "os.replace",
        "mergeline.procurement.renew.write_promise",
        "mergeline.procurement.renew.settle",
        "mergeline.procurement.restore.commit",
    ],
)
def test_killed_update_leaves_a_state_that_the_next_run_mends(point, clone):
    """Killed at any point, the plain command serves the data.dvc that is there, and the same update then succeeds."""
    held = read_data()
    write_params(JAN_MAR)
    kill_at(point, "--update")
    promise = read_promise(Path("data.dvc"))
    procure(DATA, promise.batches)
    assert hash_files(DATA) == promise.files
    assert main(["--update"]) == 0
    assert read_data() == held | {"flights/2020-03.csv": "day,late\n2020-03,1\n"}
    assert read_promise(Path("data.dvc")).batches == list(JAN_MAR)
    assert find_store().find_damage(read_promise(Path("data.dvc")).hash) == []
    assert not list(Path().glob(".data.*"))


@pytest.mark.parametrize(
    ("point", "has_cache"),
    [
        ("mergeline.procurement.restore.checkout", True),
        ("mergeline.procurement.restore._check_fetched", False),
        ("mergeline.procurement.restore.commit", False),
        ("mergeline.procurement.restore.write_stamp", False),
    ],
)
def test_killed_restore_is_ended_by_the_next_run(point, has_cache, clone):
    """Killed while data/ was being restored, the next run ends in the same bytes."""
    held = read_data()
    shutil.rmtree(DATA)
    if not has_cache:
        forget_cache()
    kill_at(point)
    assert procure(DATA, JAN_FEB)
    assert read_data() == held
    assert not procure(DATA, JAN_FEB)


def test_half_done_checkout_is_not_mistaken_for_an_edit(clone):
    """DVC killed while writing leaves cut and temporary files; they are replaced, not reported."""
    held = read_data()
    shutil.rmtree(DATA)
    kill_at("mergeline.procurement.restore.checkout")
    assert read_stamp(DATA).busy
    DATA.mkdir()
    (DATA / "airports.csv").write_text("fa")
    (DATA / ".dvc-temporary").write_text("half")
    assert procure(DATA, JAN_FEB)
    assert read_data() == held


def kill_at(point, *arguments):
    """Run the command in a process that is killed when it reaches `point`."""
    done = subprocess.run([sys.executable, "-c", KILLED, point, *arguments], capture_output=True, check=False)
    assert done.returncode == -9, done.stderr.decode()


def test_data_that_nothing_promises_is_not_overwritten_by_the_first_update(clone):
    """Files put into data/ by hand before the first update are named and kept."""
    Path("data.dvc").unlink()
    (DATA / "mine.csv").write_text("mine")
    with pytest.raises(MergelineError, match=r"mine\.csv"):
        renew(DATA, JAN_FEB, find_store())
    assert (DATA / "mine.csv").read_text() == "mine"
