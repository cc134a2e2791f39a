"""Whole files or none; broken ones moved aside, and no file that is not shown to be broken."""

import csv
import errno
import io
import subprocess
import sys
from pathlib import Path

import h5py
import numpy as np
import pytest
import torch

from objectsounds.core.errors import BrokenFileError, ObjectsoundsError
from objectsounds.core.files import (
    RUN,
    folder_written_whole,
    format_lines,
    read_json_lines,
    read_lines,
    reading,
    write_json_lines,
    write_text_if_changed,
    written_whole,
)
from objectsounds.core.hdf5 import opened
from objectsounds.core.tables import format_table, read_persons_table, read_table, write_table
from objectsounds.core.weights import load_weights
from objectsounds.data.block_files import read_block_wav
from objectsounds.data.status import COLUMNS, clip_sizes, good_clips
from objectsounds.media.wav import read_wav, write_wav


def test_a_failed_write_leaves_the_old_file_and_nothing_else(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("old")
    with pytest.raises(RuntimeError), written_whole(path) as temporary:
        temporary.write_text("half")
        raise RuntimeError
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_failed_folder_leaves_the_old_one(tmp_path):
    path = tmp_path / "block"
    with folder_written_whole(path) as folder:
        (folder / "a").write_text("1")
    with pytest.raises(RuntimeError), folder_written_whole(path) as folder:
        raise RuntimeError
    assert (path / "a").read_text() == "1"
    assert list(tmp_path.iterdir()) == [path]


def test_an_unchanged_text_keeps_its_time_stamp(tmp_path):
    path = tmp_path / "a.txt"
    assert write_text_if_changed(path, "same")
    before = path.stat().st_mtime_ns
    assert not write_text_if_changed(path, "same")
    assert path.stat().st_mtime_ns == before


def test_a_table_comes_back(tmp_path):
    path = tmp_path / "t.tsv"
    rows = [{"a": '"quoted" -x', "b": "1"}, {"a": "tab\there", "b": ""}]
    write_table(path, ("a", "b"), rows)
    assert read_table(path, ("a", "b")) == rows


@pytest.mark.parametrize("text", ["a\tb\n1\t2\n3\t", "a\tb\n1\t2\n", "a\tb\n1\n\n", "x\ty\n1\t2\n\n", ""])
def test_a_cut_or_foreign_table_is_moved_aside_with_one_sentence(tmp_path, text):
    path = tmp_path / "t.tsv"
    path.write_text(text)
    with pytest.raises(BrokenFileError, match="start the run again"):
        read_table(path, ("a", "b"))
    assert not path.exists() and (tmp_path / "t.tsv.broken").exists()


def test_a_cut_part_of_a_block_moves_the_block_aside(tmp_path):
    block = tmp_path / "0"
    (block / "pair").mkdir(parents=True)
    path = block / "pair" / "mixture.wav"
    write_wav(path, np.zeros(100, np.float32), 8000)
    path.write_bytes(path.read_bytes()[:-10])
    with pytest.raises(BrokenFileError, match=f"mixture.wav .*{block} was moved to 0.broken: start the run"):
        read_block_wav(path)
    assert not block.exists() and (tmp_path / "0.broken" / "pair").exists()


def test_a_history_comes_back_and_a_cut_one_is_moved_aside(tmp_path):
    path = tmp_path / "history.jsonl"
    rows = [{"epoch": 0}, {"epoch": 1}]
    write_json_lines(path, rows)
    assert read_json_lines(path) == rows
    for cut in ('{"epoch": 0}\n{"epo', '{"epoch": 0}\n', ""):
        path.write_text(cut)
        with pytest.raises(BrokenFileError, match="start the run again"):
            read_json_lines(path)
        assert not path.exists()


def test_a_missing_file_is_not_called_broken(tmp_path):
    with pytest.raises(FileNotFoundError), reading(tmp_path / "none") as path:
        path.read_text()


def test_a_cut_wav_is_an_error_and_not_a_shorter_sound(tmp_path):
    path = tmp_path / "a.wav"
    waveform = np.linspace(-0.5, 0.5, 8000, dtype=np.float32)
    write_wav(path, waveform, 8000)
    back, rate = read_wav(path)
    assert rate == 8000 and (back == waveform).all()
    path.write_bytes(path.read_bytes()[:-1000])
    with pytest.raises(ValueError, match="is cut"):
        read_wav(path)


ROWS = [{"clip_id": f"clip{index}", "objects": "piano"} for index in range(4)]


def test_a_table_that_is_cut_anywhere_is_seen(tmp_path):
    whole, path = format_table(("clip_id", "objects"), ROWS), tmp_path / "t.tsv"
    path.write_text(whole)
    assert read_table(path) == ROWS
    for length in range(len(whole)):
        path.write_text(whole[:length])
        with pytest.raises(BrokenFileError):
            read_table(path, ("clip_id", "objects"))
        assert not path.exists()


def test_a_list_that_is_cut_between_two_lines_is_seen(tmp_path):
    path = tmp_path / "shards.txt"
    path.write_text(format_lines(["train-00000", "train-00001"]))
    assert read_lines(path) == ["train-00000", "train-00001"]
    path.write_text("train-00000\n")
    with pytest.raises(BrokenFileError, match="cut"):
        read_lines(path)


def test_the_empty_line_at_a_tables_end_is_no_row_to_others():
    text = format_table(("clip_id", "objects"), ROWS)
    assert list(csv.DictReader(io.StringIO(text), delimiter="\t")) == ROWS
    numbers = np.genfromtxt(io.StringIO(text), str, delimiter="\t", skip_header=1)
    assert numbers.tolist() == [list(row.values()) for row in ROWS]


@pytest.fixture
def good(tmp_path):
    """One good file of each kind of ours, by its ending."""
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["bases"] = np.arange(30000.0)
    torch.save({"state_dict": {"w": torch.arange(30000.0)}}, tmp_path / "a.pt")
    write_wav(tmp_path / "a.wav", np.zeros(30000, np.float32), 8000)
    write_table(tmp_path / "a.tsv", ("clip_id", "objects"), ROWS)
    (tmp_path / "a.txt").write_text(format_lines(["train-00000"]))
    write_json_lines(tmp_path / "a.jsonl", ROWS)
    return {path.suffix: path for path in tmp_path.iterdir()}


KINDS = (".h5", ".pt", ".wav", ".tsv", ".txt", ".jsonl")
FAILURES = {
    "a lock": BlockingIOError(errno.EAGAIN, "Resource temporarily unavailable"),
    "a lock in HDF5's words": OSError("unable to lock file, errno = 11, error message = 'busy'"),
    "an error of the disk": OSError(errno.EIO, "Input/output error"),
    "no permission": PermissionError(errno.EACCES, "Permission denied"),
    "a wrong key in the reader": KeyError("clips"),
    "a wrong shape in the reader": ValueError("operands could not be broadcast together"),
    "no memory": RuntimeError("DefaultCPUAllocator: can't allocate memory"),
}


@pytest.mark.parametrize("failure", FAILURES)
@pytest.mark.parametrize("kind", KINDS)
def test_a_good_file_whose_reading_fails_stays_where_it_is(good, kind, failure):
    error, path = FAILURES[failure], good[kind]
    with pytest.raises(type(error)) as raised, reading(path):
        raise error
    assert raised.value is error and path.exists() and not list(path.parent.glob("*.broken"))


def halve(path):
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def zero(path):
    path.write_bytes(bytes(path.stat().st_size))


@pytest.mark.parametrize("damage", [halve, zero])
@pytest.mark.parametrize("kind", KINDS)
def test_a_cut_or_zeroed_file_of_each_kind_is_moved_aside(good, kind, damage):
    path = good[kind]
    damage(path)
    readers = {".h5": h5py.File, ".pt": load_weights, ".wav": read_wav}
    readers |= {".tsv": read_table, ".txt": read_lines, ".jsonl": read_json_lines}
    with pytest.raises(BrokenFileError, match=f"{path.name} is broken"), reading(path):
        readers[kind](path)
    assert not path.exists() and path.with_name(f"{path.name}.broken").exists()


def test_garbled_bytes_in_the_middle_of_weights_are_seen(good):
    path = good[".pt"]
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 0xFF
    path.write_bytes(data)
    with pytest.raises(BrokenFileError, match="garbled"), reading(path):
        raise ValueError("of what the reader made of them")


def test_an_hdf5_without_a_data_set_is_moved_aside(good):
    with pytest.raises(BrokenFileError, match="holds no labels"), opened(good[".h5"], "bases", "labels"):
        pass
    assert not good[".h5"].exists()


def test_an_hdf5_that_another_process_holds_stays_where_it_is(good):
    path = good[".h5"]
    words = "import h5py, sys; f = h5py.File(sys.argv[1], 'r+'); print('held', flush=True); input()"
    holder = subprocess.Popen(
        [sys.executable, "-c", words, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert holder.stdout.readline() == "held\n"
    try:
        with pytest.raises(OSError, match="lock"), opened(path, "bases"):
            pass
    finally:
        holder.communicate("\n")
    assert path.exists()
    with opened(path, "bases") as file:
        assert file["bases"].shape == (30000,)


def fail_as_a_disk(*_, **__):
    raise OSError(errno.EIO, "Input/output error")


@pytest.mark.parametrize("kind", [".tsv", ".txt", ".jsonl"])
def test_an_error_of_the_disk_is_no_damage(good, kind, monkeypatch):
    for name in ("read_text", "read_bytes"):
        monkeypatch.setattr(Path, name, fail_as_a_disk)
    readers = {".tsv": read_table, ".txt": read_lines, ".jsonl": read_json_lines}
    with pytest.raises(OSError, match="Input/output error"):
        readers[kind](good[kind])
    assert good[kind].exists()


def test_a_disk_that_fails_under_a_clip_does_not_make_its_shard_again(tmp_path, monkeypatch):
    (tmp_path / "0" / "frames").mkdir(parents=True)
    write_wav(tmp_path / "0" / "audio.wav", np.zeros(100, np.float32), 8000)
    row = dict.fromkeys(COLUMNS, "") | {"clip_id": "a_0", "status": "ok", "folder": "0"}
    write_table(tmp_path / "status.tsv", COLUMNS, [row | clip_sizes(tmp_path / "0")])
    assert len(good_clips(tmp_path / "status.tsv")) == 1
    monkeypatch.setattr("objectsounds.data.status.clip_sizes", fail_as_a_disk)
    with pytest.raises(OSError, match="Input/output error"):
        good_clips(tmp_path / "status.tsv")
    assert (tmp_path / "status.tsv").exists()


@pytest.mark.parametrize("separator", ["\t", ",", ";"])
def test_a_persons_table_is_read_with_each_separator(tmp_path, separator):
    path = tmp_path / "t.csv"
    lines = [["media_id", "sounding", "visible"], ["a", '"piano;violin"', ""], ["b", "none"], []]
    path.write_text("\ufeff" + "\r\n".join(separator.join(line) for line in lines), newline="")
    columns, rows = read_persons_table(path, "catalogue.truth", "name another")
    assert columns == ["media_id", "sounding", "visible"]
    assert [row.cells["sounding"] for row in rows] == ["piano;violin", "none"]
    assert [row.line for row in rows] == [2, 3] and not any(row.problem for row in rows)


@pytest.mark.parametrize(("data", "words"), [(b"a\xff\xfe", "UTF-8"), (None, "cannot be read")])
def test_a_persons_file_that_cannot_be_read_is_named_and_stays(tmp_path, data, words):
    path = tmp_path / "t.csv"
    path.mkdir() if data is None else path.write_bytes(data)
    with pytest.raises(ObjectsoundsError, match=rf"catalogue\.truth: .*t\.csv.*{words}.*name another"):
        read_persons_table(path, "catalogue.truth", "name another")
    assert [item.name for item in tmp_path.iterdir()] == ["t.csv"]


@pytest.mark.parametrize("run", [None, "another"])
def test_a_broken_file_of_no_run_at_work_is_named_and_stays(good, run, monkeypatch):
    """Whoever calls a command by hand, naming weights or tables of his own, finds them where they were."""
    monkeypatch.delenv(RUN) if run is None else monkeypatch.setenv(RUN, str(good[".pt"].parent / run))
    halve(good[".pt"])
    halve(good[".tsv"])
    with pytest.raises(BrokenFileError, match=r"a\.pt is broken.*it stays there"), reading(good[".pt"]):
        load_weights(good[".pt"])
    with pytest.raises(BrokenFileError, match=r"a\.tsv is broken.*it stays there"):
        read_table(good[".tsv"])
    assert good[".pt"].exists() and good[".tsv"].exists()
