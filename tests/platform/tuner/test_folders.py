import pytest

from diffsmith.documents import read_yaml, write_yaml
from diffsmith.errors import DiffsmithError, SpecError
from diffsmith.tuner import folders


def test_a_name_that_is_taken_gets_a_number(new_sweep, tmp_path):
    assert [new_sweep().name for _ in range(3)] == ["sweep", "sweep-2", "sweep-3"]
    assert len({folders.reopen(tmp_path, name).study for name in ("sweep", "sweep-2", "sweep-3")}) == 3


def test_a_sweep_opens_as_it_was_by_its_name_or_its_folder(new_sweep, searched, evaluate, tmp_path):
    sweep = new_sweep(constraints={"latency": 1.0}, patience=9)
    search = searched(sweep, evaluate, trials=2)
    reopened = folders.reopen(tmp_path, "sweep")
    assert reopened.spec == sweep.spec
    assert reopened.trials == tuple(search.trials.values())
    assert reopened == folders.reopen(tmp_path / "nowhere", str(tmp_path / "sweep"))


def test_floors_that_are_no_number_are_kept(new_sweep, tmp_path):
    from dataclasses import replace

    folders.write(replace(new_sweep(), floors={"quality": float("inf")}))
    assert folders.reopen(tmp_path, "sweep").floors == {"quality": float("inf")}


def test_a_wrong_name_is_told_with_the_near_miss(new_sweep, tmp_path):
    new_sweep()
    with pytest.raises(SpecError, match="unknown name 'sweeep' — did you mean 'sweep'"):
        folders.reopen(tmp_path, "sweeep")
    with pytest.raises(SpecError, match="Known: none"):
        folders.reopen(tmp_path / "nowhere", "sweep")


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"spec": None}, "spec: input should be a valid dictionary"),
        ({"floors": 5}, "floors: input should be a valid dictionary"),
        ({"floors": {"quality": "low"}}, "floors.quality: input should be a valid number"),
        ({"stopped": None}, "stopped: input should be a valid string"),
        ({"study": "another"}, "there is no study 'another'"),
        ({"more": 1}, "unknown name 'more'"),
    ],
)
def test_a_damaged_sweep_file_is_one_clear_sentence(change, told, new_sweep, tmp_path):
    path = new_sweep().folder / folders.SWEEP_FILE
    write_yaml(path, {**read_yaml(path), **change})
    with pytest.raises(DiffsmithError, match=told) as caught:
        folders.reopen(tmp_path, "sweep")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("content", ["", "spec: [", "spec: {}", "\x00"])
def test_a_sweep_file_that_was_cut_is_a_clear_error(content, new_sweep, tmp_path):
    path = new_sweep().folder / folders.SWEEP_FILE
    path.write_text(content)
    with pytest.raises(DiffsmithError) as caught:
        folders.reopen(tmp_path, "sweep")
    assert all(line.startswith(str(path)) for line in str(caught.value).splitlines())
