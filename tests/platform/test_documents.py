import string

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from diffsmith.documents import read_yaml, write_yaml
from diffsmith.errors import DiffsmithError, FileFault, SpecError

SHARED = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
TEXT = st.text(alphabet=string.printable + "äß☃𝄞", max_size=10)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=8,
)


@SHARED
@given(values=st.dictionaries(TEXT, VALUES, max_size=4))
def test_what_is_written_reads_back_the_same(values, tmp_path):
    assert read_yaml(write_yaml(tmp_path / "a.yaml", values)) == values


@SHARED
@given(content=st.binary(max_size=60) | TEXT.map(str.encode))
def test_any_bytes_are_a_mapping_or_a_clear_error(content, tmp_path):
    path = tmp_path / "a.yaml"
    path.write_bytes(content)
    try:
        document = read_yaml(path)
    except DiffsmithError as error:
        assert str(error).startswith(str(path))
    else:
        assert all(isinstance(key, str) for key in document)


PIECES = [
    "a",
    ": ",
    "\n",
    "- ",
    "? ",
    "[",
    "]",
    "{",
    "}",
    ", ",
    "!!int ",
    "!!bool ",
    "!!timestamp ",
    "!!set ",
    "!!binary ",
]
PIECES += [
    "!!python/object:os.system ",
    "&x ",
    "*x",
    "<<: ",
    "'",
    '"',
    "|\n  ",
    "#",
    "2020-13-45",
    "0x",
    "~",
    "%",
    "\t",
    "  ",
]


@settings(SHARED, max_examples=500)
@given(pieces=st.lists(st.sampled_from(PIECES), max_size=12))
def test_any_broken_yaml_is_a_clear_error(pieces, tmp_path):
    path = tmp_path / "a.yaml"
    path.write_text("".join(pieces))
    try:
        read_yaml(path)
    except DiffsmithError as error:
        assert str(error).startswith(str(path))


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("a: 1\na: 2", ":2:1: the key 'a' stands here twice"),
        ("a: {b: 1, b: 2}", ":1:11: the key 'b' stands here twice"),
        ("a: &x 1\nb: *x", ":2:4: aliases are not allowed"),
        ("a: !!python/object/apply:os.system ['true']", "could not determine a constructor"),
        ("? [a]\n: b", ":1:3: a key must be plain text"),
        ("a: [1, 2", ":1:"),
        ("a: b: c", ":1:5"),
        ("a: !!int ''", "not YAML that can be read"),
        ("a: !!bool x", "not YAML that can be read"),
        ("a: 2020-13-45", "not YAML that can be read"),
        ("[" * 5000, "not YAML that can be read"),
        ("- 1\n- 2", "expected fields with names"),
        ("1: 2", "expected fields with names"),
        ("", "expected fields with names"),
        ("just words", "expected fields with names"),
    ],
)
def test_what_is_wrong_is_told_with_its_place(text, told, tmp_path):
    path = tmp_path / "a.yaml"
    path.write_text(text)
    with pytest.raises(SpecError) as caught:
        read_yaml(path)
    assert str(path) in str(caught.value)
    assert told in str(caught.value)


def test_what_is_no_yaml_file_is_told(tmp_path):
    (tmp_path / "binary").write_bytes(b"\xff\xfe\x00")
    (tmp_path / "large").write_text("a: " + "x" * 2**20)
    for name, told in (
        ("binary", "is not text"),
        ("large", "over 1 MiB"),
        ("nix", "no such"),
        (".", "not a regular file"),
    ):
        with pytest.raises(FileFault, match=told):
            read_yaml(tmp_path / name)
