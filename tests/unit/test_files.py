"""Whole files or none, and broken ones moved aside."""

import numpy as np
import pytest

from objectsounds.audio import read_wav, write_wav
from objectsounds.block_files import read_block_wav
from objectsounds.errors import BrokenFileError
from objectsounds.files import (
    folder_written_whole,
    read_json_lines,
    reading,
    write_text_if_changed,
    written_whole,
)
from objectsounds.tables import read_table, write_table


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


@pytest.mark.parametrize("text", ["a\tb\n1\t2\n3\t", "a\tb\n1\n", "x\ty\n1\t2\n", ""])
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
    path.write_text('{"epoch": 0}\n{"epoch": 1}\n')
    assert [row["epoch"] for row in read_json_lines(path)] == [0, 1]
    path.write_text('{"epoch": 0}\n{"epo')
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
