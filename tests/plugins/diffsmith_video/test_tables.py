import json

import pyarrow
import pyarrow.parquet
import pytest
from tests.films import counted, film, numbers

from diffsmith.errors import FileFault
from diffsmith_video.folders import Clips, Form, Window, clips_of
from diffsmith_video.parquet import Stored
from diffsmith_video.reading import read_clip

FORM = Form(frames=4, rate=8.0, size=(32, 64), channels=1, fit="crop")


def filmed(root, *names):
    for name in names:
        film(root / name, counted(8))


def parquet(path, columns, told=None, rows=2):
    """A table with `rows` rows a group; told: what the library `datasets` writes into the schema."""
    table = pyarrow.table(columns)
    if told is not None:
        table = table.replace_schema_metadata({"huggingface": json.dumps({"info": {"features": told}})})
    path.parent.mkdir(parents=True, exist_ok=True)
    pyarrow.parquet.write_table(table, path, row_group_size=rows)
    return path


def told(root):
    clips, labels, names = clips_of(root)
    return [(getattr(clip, "name", None), names[label]) for clip, label in zip(clips, labels, strict=True)]


@pytest.mark.parametrize("column", ["text", "caption", "label"])
def test_a_csv_names_files_and_what_they_show(tmp_path, column):
    filmed(tmp_path, "a.mp4", "deep/b.mp4", "unlisted.mp4")
    (tmp_path / "metadata.csv").write_text(
        f'file_name,{column}\ndeep/b.mp4,"a dog, ü"\na.mp4,a cat\n', "utf-8"
    )
    assert told(tmp_path) == [("b.mp4", "a dog, ü"), ("a.mp4", "a cat")]


def test_jsonl_names_files_in_its_own_folder(tmp_path):
    for part in ("train", "test"):
        filmed(tmp_path, f"{part}/a.mp4")
        line = json.dumps({"file_name": "a.mp4", "text": f"for {part}", "label": 3})
        (tmp_path / part / "metadata.jsonl").write_text(line + "\n\n")
    clips, labels, names = clips_of(tmp_path)
    assert clips == [tmp_path / "test/a.mp4", tmp_path / "train/a.mp4"]
    assert (labels, names) == ([0, 1], ("for test", "for train"))


def test_a_table_without_words_tells_no_classes(tmp_path):
    filmed(tmp_path, "a.mp4", "b.mp4")
    (tmp_path / "metadata.csv").write_text("file_name,fps\na.mp4,8\nb.mp4,8\n")
    assert clips_of(tmp_path)[1:] == ([0, 0], ())


@pytest.mark.parametrize(
    ("name", "content", "what"),
    [
        (
            "metadata.csv",
            "name,text\na.mp4,x\n",
            "names no file in one of its rows, expected a column file_name",
        ),
        (
            "metadata.csv",
            "file_name,text\n../a.mp4,x\n",
            r"names '\.\./a\.mp4', which lies outside of its folder",
        ),
        (
            "metadata.csv",
            "file_name,text\n/etc/a.mp4,x\n",
            "names '/etc/a.mp4', which lies outside of its folder",
        ),
        ("metadata.jsonl", '{"file_name": "a.mp4"', "is no table that can be read"),
        ("metadata.jsonl", "[1, 2]\n", "is no table that can be read"),
        ("train.parquet", "PAR1 and more", "is no Parquet file that can be read"),
    ],
)
def test_what_is_wrong_with_a_table_is_told(tmp_path, name, content, what):
    (tmp_path / name).write_text(content)
    with pytest.raises(FileFault, match=rf"{name}: {what}"):
        clips_of(tmp_path)


def test_a_row_that_tells_nothing_among_others_that_do_is_named(tmp_path):
    lines = [{"file_name": "a.mp4", "text": "x"}, {"file_name": "b.mp4", "text": None}]
    (tmp_path / "metadata.jsonl").write_text("\n".join(map(json.dumps, lines)))
    with pytest.raises(FileFault, match=r"b\.mp4: has no class or caption, as other clips beside it have"):
        clips_of(tmp_path)


def test_clips_inside_parquet_files_are_read_when_they_are_wanted(tmp_path):
    filmed(tmp_path / "src", "a.mp4")
    held = (tmp_path / "src/a.mp4").read_bytes()
    videos = [{"bytes": held, "path": f"{place}.mp4"} for place in range(5)]
    root = tmp_path / "data"
    parquet(root / "train-00000-of-00001.parquet", {"video": videos, "text": list("abcab")})
    clips, labels, names = clips_of(root)
    assert [(clip.group, clip.row) for clip in clips] == [(0, 0), (0, 1), (1, 0), (1, 1), (2, 0)]
    assert (labels, names) == ([0, 1, 2, 0, 1], ("a", "b", "c"))
    x = Clips([Window(clip, 4) for clip in clips], FORM).read()
    assert all(numbers(row) == [4, 5, 6, 7] for row in x)


def test_classes_by_number_are_called_by_their_names(tmp_path):
    filmed(tmp_path, "a.mp4")
    features = {"label": {"_type": "ClassLabel", "names": ["run", "jump"]}, "video": {"_type": "Video"}}
    paths = ["a.mp4"] * 3
    path = parquet(tmp_path / "all.parquet", {"video": paths, "label": [1, 0, 1]}, features)
    clips, labels, names = clips_of(path)
    assert (labels, names) == ([0, 1, 0], ("jump", "run"))
    assert numbers(read_clip(clips[0].clip(), 1)) == [*range(8)]


def test_numbers_without_names_are_classes_too(tmp_path):
    filmed(tmp_path, "a.mp4")
    parquet(tmp_path / "all.parquet", {"file_name": ["a.mp4"] * 2, "label": [4, 2]})
    assert clips_of(tmp_path)[1:] == ([1, 0], ("2", "4"))


@pytest.mark.parametrize("held", [{"bytes": None, "path": "a.mp4"}, "a.mp4", b""])
def test_a_row_holds_a_clip_or_names_one(tmp_path, held):
    filmed(tmp_path, "a.mp4")
    held = held if held != b"" else (tmp_path / "a.mp4").read_bytes()
    kind = pyarrow.struct([("bytes", pyarrow.binary()), ("path", pyarrow.string())])
    column = pyarrow.array([held], kind if isinstance(held, dict) else None)
    path = parquet(tmp_path / "all.parquet", {"video": column})
    assert numbers(read_clip(Stored(path, 0, 0, "video").clip(), 1)) == [*range(8)]


def test_rows_that_hold_nothing_or_lead_outside_are_told(tmp_path):
    path = parquet(tmp_path / "in/all.parquet", {"video": ["../a.mp4", None]})
    with pytest.raises(FileFault, match=r"all\.parquet: names '\.\./a\.mp4', which lies outside"):
        Stored(path, 0, 0, "video").clip()
    with pytest.raises(FileFault, match="names no file in one of its rows"):
        Stored(path, 0, 1, "video").clip()


def test_a_parquet_file_without_clips_is_told(tmp_path):
    parquet(tmp_path / "all.parquet", {"x": [1, 2]})
    with pytest.raises(FileFault, match=r"holds no clips: expected a column of \{bytes, path\}"):
        clips_of(tmp_path)


def test_a_damaged_clip_inside_is_called_by_its_name(tmp_path):
    path = parquet(tmp_path / "all.parquet", {"video": [{"bytes": b"nothing of the kind", "path": "x.mp4"}]})
    with pytest.raises(FileFault, match=r"all\.parquet.x\.mp4: is no clip that can be read"):
        read_clip(Stored(path, 0, 0, "video").clip(), 1)
