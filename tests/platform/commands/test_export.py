import json

import pytest

from diffsmith.tuner import folders


def test_the_exported_folder_generates_wherever_it_is_moved(cli, runs, tmp_path):
    done = cli("export", "tiny", "--runs", runs, "--out", tmp_path / "a" / "mine")
    assert done.exit_code == 0, done.stderr
    assert done.stdout == f"diffsmith generate {tmp_path / 'a' / 'mine'}\n"
    moved = (tmp_path / "a" / "mine").rename(tmp_path / "theirs")
    assert {path.name for path in moved.iterdir()} == {"README.md", "pipeline.yaml", "weights.safetensors"}
    made = cli("generate", moved, "--labels", "3,7", "--out", tmp_path / "samples")
    assert made.exit_code == 0, made.stderr
    assert (tmp_path / "samples" / "sheet.png").exists()


def test_any_complete_trial_is_exported(cli, runs, tmp_path):
    last = folders.reopen(runs, "tiny").leaderboard.ranked[-1]
    words = ["--trial", last.number, "--out", tmp_path / "x", "--json"]
    told = json.loads(cli("export", "tiny", "--runs", runs, *words).stdout)
    assert (told["trial"], told["folder"], told["scores"]) == (last.number, str(tmp_path / "x"), last.scores)
    assert f"trial {last.number}; 3 were made" in (tmp_path / "x" / "README.md").read_text()


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (["tiny", "--trial", "99"], 1, "trial 99 is not complete. Complete: [0, "),
        (["tinny"], 2, "unknown name 'tinny' — did you mean 'tiny'"),
        (["tiny", "--trial", "first"], 2, "'--trial'"),
    ],
)
def test_wrong_input_is_one_clear_sentence(cli, runs, tmp_path, words, code, told):
    done = cli("export", *words, "--runs", runs, "--out", tmp_path / "x")
    assert done.exit_code == code
    assert done.stdout == ""
    assert told in done.stderr
    assert not (tmp_path / "x").exists()


def test_what_is_there_already_is_left_alone(cli, runs, tmp_path):
    (tmp_path / "words.txt").write_text("mine")
    for out in (tmp_path, tmp_path / "words.txt", runs / "tiny" / "best"):
        done = cli("export", "tiny", "--runs", runs, "--out", out)
        assert done.exit_code == 2
        assert f"--out: {out} exists already; name another folder" in done.stderr
    assert (tmp_path / "words.txt").read_text() == "mine"
