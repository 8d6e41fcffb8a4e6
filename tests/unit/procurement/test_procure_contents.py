"""What a folder holds, which batch a file belongs to, and what `data.dvc` promises."""

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mergeline.errors import MergelineError
from mergeline.procurement.batch_names import check_available, check_held, find_batch, find_batches
from mergeline.procurement.contents import (
    Stamp,
    compare,
    compute_directory_hash,
    describe,
    hash_files,
    read_signatures,
    read_stamp,
    write_stamp,
)
from mergeline.procurement.pointer import read_promise, write_promise

MD5 = st.text("0123456789abcdef", min_size=32, max_size=32)
FILES = st.dictionaries(st.text("abcé-/.0", min_size=1, max_size=12), MD5, max_size=6)


@given(files=FILES)
def test_hash_does_not_depend_on_the_order_of_files(files):
    """The same files give the same hash, however the file system lists them."""
    assert compute_directory_hash(files) == compute_directory_hash(dict(reversed(files.items())))


@given(promised=FILES, found=FILES)
def test_differences_are_empty_exactly_when_the_hashes_agree(promised, found):
    """Every difference that changes the hash can be named, and nothing else is."""
    assert (compare(promised, found) == {}) == (compute_directory_hash(promised) == compute_directory_hash(found))


def test_description_names_five_files_and_counts_the_rest():
    """A long list stays readable."""
    words = describe({"changed": [f"{number}.csv" for number in range(7)], "missing": ["x.csv"]})
    assert words == "changed: 0.csv, 1.csv, 2.csv, 3.csv, 4.csv and 2 more; missing: x.csv"


@pytest.mark.parametrize(
    ("path", "batch"),
    [
        ("flights/2013-01.csv", "2013-01"),
        ("flights_2013-01.csv", "2013-01"),
        ("2013-01/flights.csv", "2013-01"),
        ("flights/2013-010.csv", None),
        ("flights/2013-01-15.csv", "2013-01-15"),
        ("airports.csv", None),
    ],
)
def test_file_belongs_to_the_batch_named_in_its_path(path, batch):
    """The name must stand alone, and the longest one counts."""
    assert find_batch(path, ["2013-01", "2013-01-15", "2013-02"]) == batch


def test_batches_are_found_in_the_order_of_their_names():
    """A shared file belongs to none."""
    assert find_batches(["b/2.csv", "a/1.csv", "shared.csv"], ["1", "2", "3"]) == ["1", "2"]


@pytest.mark.parametrize(
    ("batches", "fix"),
    [(("2", "9"), "name only these: 1, 2, 3"), (("2", "1"), "write them as: 1, 2"), (("1", "1"), "write them as: 1")],
)
def test_batches_that_the_source_does_not_list_so_are_refused(batches, fix):
    """An unknown, unordered or repeated batch is an error that lists the right ones."""
    with pytest.raises(MergelineError) as caught:
        check_available(batches, ["1", "2", "3"])
    assert fix in caught.value.fix


def test_batches_on_one_side_only_are_named():
    """The message says which batch stands in params.yaml alone and which in data.dvc alone, and both ways out."""
    with pytest.raises(MergelineError, match=r"adds 3 and params\.yaml leaves out 1") as caught:
        check_held(("2", "3"), ["1", "2"], "data.dvc")
    assert "--update" in caught.value.fix
    assert '"1", "2"' in caught.value.fix


def test_stamp_vouches_until_a_file_moves(tmp_path, monkeypatch):
    """An edit of the same size, a new file and a lost file are all noticed without reading a byte."""
    monkeypatch.chdir(tmp_path)
    data = tmp_path / "data"
    data.mkdir()
    (data / "a.csv").write_text("1")
    write_stamp(data, Stamp("hash", ["1"], "object", read_signatures(data)))
    assert read_stamp(data).vouches_for(data)
    (data / "b.csv").write_text("2")
    assert not read_stamp(data).vouches_for(data)
    (data / "b.csv").unlink()
    os.utime(data / "a.csv", ns=(1, 1))
    assert not read_stamp(data).vouches_for(data)
    (data / "a.csv").unlink()
    assert not read_stamp(data).vouches_for(data)


@pytest.mark.parametrize("text", ["", "{", '{"unknown": 1}', "[]"])
def test_unreadable_stamp_counts_as_none(text, tmp_path, monkeypatch):
    """A damaged stamp costs a look at the files, nothing else."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".mergeline").mkdir()
    (tmp_path / ".mergeline/data.stamp.json").write_text(text)
    assert read_stamp(tmp_path / "data") == Stamp()


def test_promise_is_read_as_it_was_written(tmp_path):
    """Names and hashes survive, also those that YAML would read as numbers or dates."""
    data, pointer = tmp_path / "data", tmp_path / "data.dvc"
    (data / "2013-01-01").mkdir(parents=True)
    for path in ("2013-01-01/x.csv", "no", "é: #.csv"):
        (data / path).write_text(path)
    files = hash_files(data) | {"no": "1" * 32}
    write_promise(pointer, data, files, ["2013-01-01", "7"])
    promise = read_promise(pointer)
    assert promise.files == files
    assert promise.batches == ["2013-01-01", "7"]
    assert promise.hash == compute_directory_hash(files)


def test_list_that_does_not_add_up_to_the_hash_is_not_believed(tmp_path):
    """After a `dvc add` by hand the old list is stale: the hash counts."""
    data, pointer = tmp_path / "data", tmp_path / "data.dvc"
    data.mkdir()
    (data / "a.csv").write_text("1")
    write_promise(pointer, data, hash_files(data), ["a"])
    pointer.write_text(pointer.read_text().replace(compute_directory_hash(hash_files(data)), "0" * 32 + ".dir"))
    promise = read_promise(pointer)
    assert (promise.files, promise.batches) == ({}, [])


def test_what_people_wrote_into_the_file_is_kept(tmp_path):
    """A description and other metadata outlive an update."""
    data, pointer = tmp_path / "data", tmp_path / "data.dvc"
    data.mkdir()
    pointer.write_text("desc: our flights\nmeta:\n  owner: me\nouts:\n- md5: x.dir\n  path: data\n  remote: archive\n")
    write_promise(pointer, data, {}, [])
    text = pointer.read_text()
    assert "desc: our flights" in text
    assert "owner: me" in text
    assert "remote: archive" in text


@pytest.mark.parametrize("text", ["outs: []\n", "outs:\n- path: data\n", "- 1\n", ""])
def test_malformed_pointer_says_how_to_restore_it(text, tmp_path):
    """A file that names no hash is an error, not an empty promise."""
    pointer = tmp_path / "data.dvc"
    pointer.write_text(text)
    with pytest.raises(MergelineError, match=r"\.dvc") as caught:
        read_promise(pointer)
    assert "git checkout" in caught.value.fix
