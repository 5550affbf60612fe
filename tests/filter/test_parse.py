"""A filter as it is typed: names, numbers, files, and what is none of them."""

from __future__ import annotations

import io
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from convcalc import ConvcalcError
from convcalc.filter.kernel import Linear
from convcalc.filter.parse import kernel_from
from convcalc.filter.presets import entries, find

SHARPEN = ((0, -1, 0), (-1, 5, -1), (0, -1, 0))


def refusal(text, settings=()):
    with pytest.raises(ConvcalcError) as refused:
        kernel_from(text, dict(settings))
    message = str(refused.value)
    assert "\n" not in message
    assert len(message) < 600
    return message


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


# Names


@pytest.mark.parametrize("entry", entries(), ids=[entry.name for entry in entries()])
def test_a_name_is_that_of_the_bank(entry):
    assert kernel_from(entry.name, {}) == find(entry.name)


def test_settings_reach_the_filter():
    assert kernel_from("gaussian", {"size": (3, 5), "sigma": 2.0}) == find("gaussian", size=(3, 5), sigma=2.0)
    assert kernel_from("laplacian", {"size": None}) == find("laplacian")


def test_an_unknown_name_is_refused_with_the_nearest():
    assert refusal("gausian") == "'gausian' is not a filter that convcalc knows: did you mean gaussian?"
    assert "did you mean gaussian?" in refusal("gausian", {"sigma": 1.0})
    assert "known are identity" in refusal("-")


# Numbers


@pytest.mark.parametrize(
    "text",
    [
        "0 -1 0; -1 5 -1; 0 -1 0",
        "0,-1,0;-1,5,-1;0,-1,0",
        "0, -1 ,0 ;\t-1  5 , -1;0 -1 0;",
        "0 -1 0\n-1 5 -1\n\n0 -1 0\n",
        "0 -1 0\r\n-1 +5.0 -1\r\n0 -1e0 0",
        "0 -2 0; -2 10 -2; 0 -2 0 / 2",
        "0 -2 0; -2 10 -2; 0 -2 0\n/2",
        "0 -1/1 0; -2/2 15/3 -1; -0 -.1e1 0.",
    ],
)
def test_ways_to_write_a_kernel(text):
    kernel = kernel_from(text, {"size": None, "sigma": None})
    assert kernel.weights == SHARPEN
    assert {type(weight) for row in kernel.weights for weight in row} == {int}
    assert (kernel.name, kernel.anchor, kernel.range) == ("custom", (1, 1), "clip")


@pytest.mark.parametrize(
    ("text", "weights"),
    [
        ("7", ((7,),)),
        ("-1", ((-1,),)),
        ("1 2", ((1, 2),)),
        ("1; 2", ((1,), (2,))),
        ("1/9 -1/4 1.5/3", ((1 / 9, -0.25, 0.5),)),
        ("1 2 1 / 4", ((0.25, 0.5, 0.25),)),
        ("1 2 1 /4", ((0.25, 0.5, 0.25),)),
        ("1 2 1 / 1/4", ((4, 8, 4),)),
        ("1/2 1/4 / 2", ((0.25, 0.125),)),
        ("1 2; 3 4 / 10", ((0.1, 0.2), (0.3, 0.4))),
        ("9007199254740993", ((9007199254740992.0,),)),  # 2^53 + 1: no float has it
        ("1e300", ((1e300,),)),
    ],
)
def test_what_a_text_means(text, weights):
    kernel = kernel_from(text, {})
    assert kernel.weights == weights
    assert [type(weight) for row in kernel.weights for weight in row] == [type(w) for row in weights for w in row]


@given(st.lists(st.lists(st.integers(-99, 99) | st.floats(-9, 9), min_size=3, max_size=3), min_size=1, max_size=5))
def test_numbers_written_by_python_are_read_back(rows):
    text = ";".join(" ".join(map(repr, row)) for row in rows)
    assert kernel_from(text, {}).weights == tuple(map(tuple, rows))


@given(st.integers(-99, 99), st.integers(1, 99))
def test_fractions_are_rounded_once(above, below):
    assert kernel_from(f"{above}/{below}", {}).weights == ((float(Fraction(above, below)),),)
    assert kernel_from(f"{above} 1 / {below}", {}).weights[0][0] == float(Fraction(above, below))


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("-1 0 1", "abs"),
        ("0.1 0.2 -0.3", "abs"),  # sums to 3e-17
        ("1/3 1/3 -2/3", "abs"),
        ("0", "abs"),
        ("0.333 0.333 -0.667", "clip"),
        ("1 2 1", "clip"),
        ("-1 -1", "clip"),
    ],
)
def test_weights_that_sum_to_nothing_are_shown_by_their_size(text, kept):
    assert kernel_from(text, {}).range == kept


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "a kernel without numbers: write rows as '0 -1 0; -1 5 -1; 0 -1 0'"),
        (" ; \n", "a kernel without numbers"),
        ("/ 16;", "a kernel without numbers"),
        ("1 2; 3", "row 2 has 1 number and row 1 has 2: give every row as many"),
        ("1 2; 3 4; 5 6 7", "row 3 has 3 numbers and row 1 has 2"),
        ("1 2; 3 x", "row 2, column 2: 'x' is not a number"),
        ("1 2; a;b", "row 2 has 1 number"),
        ("1 [2]", "row 1, column 2: '[2]' is not a number"),
        ("1 1_0", "row 1, column 2: '1_0' is not a number"),
        ("1 0x10", "'0x10' is not a number"),
        ("1 \u0661", "is not a number"),
        ("1 1/2/3", "row 1, column 2: '1/2/3' is not a number"),
        ("1 1/", "row 1, column 2: '1/' is not a number"),
        ("1 / 2 3", "row 1, column 2: '/' is not a number"),
        ("1 2i", "'2i' is not a number"),
        ("1,,2", "row 1, column 2: there is nothing beside a comma: give a number"),
        (",1", "row 1, column 1: there is nothing beside a comma"),
        ("1 2,", "row 1, column 3: there is nothing beside a comma"),
        ("nan", "row 1, column 1: 'nan' is not finite: give a finite number"),
        ("1 2; 3 -Inf", "row 2, column 2: '-Inf' is not finite"),
        ("1 1e999", "row 1, column 2: '1e999' is not finite"),
        ("1 -1.1e300", "row 1, column 2: '-1.1e300' is too large: give a number of at most 1e+300 in size"),
        ("1 1e300/1e-300", "row 1, column 2: '1e300/1e-300' is not finite"),
        ("1 2e300/2", "row 1, column 2: '2e300/2' is too large"),
        ("1 1e300 / 1e-3", "row 1, column 2: '1e300 / 0.001' is too large"),
        ("1 1/0", "row 1, column 2: '1/0' divides by 0: give another number"),
        ("1 2 / 0", "row 1, column 1: '1 / 0' divides by 0"),
        ("1 2 / nan", "divisor: 'nan' is not finite"),
        ("1 2 / x", "divisor: 'x' is not a number"),
        ("1 " + "9" * 101, "row 1, column 2: a number of 101 characters is too long: give at most 100"),
        ("1 " + "x" * 500, "x...' is not a number"),
        (" ".join(["1"] * 1002), "a kernel of 1x1002 is too large: give at most 1001 rows and columns"),
        (";".join(["1"] * 1002), "a kernel of 1002x1 is too large"),
    ],
)
def test_numbers_that_are_none_are_refused(text, reason):
    assert reason in refusal(text)


def test_a_kernel_of_numbers_takes_no_settings(folder):
    assert refusal("1 2 1", {"size": None, "sigma": 2.0}) == (
        "a kernel of numbers takes no sigma: leave it out, or give the name of a filter"
    )
    assert "a kernel from a file takes no size" in refusal("k.txt", {"size": (3, 3)})


def test_the_largest_weights_can_still_be_summed():
    assert kernel_from("1e300 1e300 -1e300", {}).range == "clip"


def test_as_many_weights_as_are_allowed():
    kernel = kernel_from(";".join([" ".join(["1"] * 1001)] * 3), {})
    assert kernel.size == (3, 1001)


# Files


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("k.txt", "# sharpen\n0 -1 0\n-1 5 -1 # the pixel itself\n\n0 -1 0\n"),
        ("k.txt", "\ufeff0,-1,0\r\n-1,5,-1\r\n0,-1,0\r\n"),
        ("kernel", "0 -1 0; -1 5 -1; 0 -1 0"),
        ("3x3.csv", "0 -2 0\n-2 10 -2\n0 -2 0\n/ 2 # halves\n"),
        ("0 1", "0 -1 0; -1 5 -1; 0 -1 0"),
    ],
)
def test_a_text_file_is_read(folder, name, text):
    (folder / name).write_bytes(text.encode())
    written = f"./{name}" if name == "0 1" else name
    kernel = kernel_from(written, {})
    assert (kernel.weights, kernel.name, kernel.range) == (SHARPEN, name, "clip")
    assert name in kernel.source


@pytest.mark.parametrize("dtype", ["int8", "uint16", ">i4", "int64", "float16", "float32", ">f8", "longdouble"])
def test_an_array_is_read(folder, dtype):
    np.save(folder / "k.npy", np.array([[0, 1, 0], [1, 5, 1]], dtype=dtype))
    kernel = kernel_from("k.npy", {})
    assert kernel.weights == ((0, 1, 0), (1, 5, 1))
    assert {type(weight) for row in kernel.weights for weight in row} == {int}
    assert (kernel.name, kernel.anchor) == ("k.npy", (1, 1))


def test_an_array_of_other_numbers_is_read(folder):
    np.save(folder / "a.npy", np.array([[0.5, 0.25], [2**60, 0.1]], order="F"))
    assert kernel_from(str(folder / "a.npy"), {}).weights == ((0.5, 0.25), (2.0**60, 0.1))
    np.save(folder / "b.NPY.npy", np.eye(2, dtype=bool))
    assert kernel_from("b.NPY.npy", {}).weights == ((1, 0), (0, 1))
    third = np.full((1, 3), 1 / 3, dtype=np.float32)
    np.save(folder / "c.npy", np.concatenate([third, -third.sum(keepdims=True)], axis=1))
    assert kernel_from("c.npy", {}).range == "abs"


def test_files_that_hold_no_kernel_are_refused(folder):
    cases = {
        "ragged.txt": (b"1 2\n3", "'ragged.txt': row 2 has 1 number"),
        "empty.txt": (b"# nothing\n\n", "'empty.txt': a kernel without numbers"),
        "words.txt": (b"1 2\n3 four", "'words.txt': row 2, column 2: 'four' is not a number"),
        "nan.txt": (b"1 nan", "'nan.txt': row 1, column 2: 'nan' is not finite"),
        "by.txt": (b"1 2 / 0", "'by.txt': row 1, column 1: '1 / 0' divides by 0"),
        "picture.png": (b"\x89PNG\r\n\x1a\n\x00", "'picture.png': not a text"),
        "none.npy": (b"", "'none.npy': not an array of numbers that NumPy can read: write one with numpy.save"),
        "text.npy": (b"1 2 3", "'text.npy': not an array"),
        "magic.npy": (b"\x93NUMPY\x01\x00\x10\x00{'descr': (((", "'magic.npy': not an array"),
    }
    for name, (content, reason) in cases.items():
        (folder / name).write_bytes(content)
        assert reason in refusal(name)
    arrays = {
        "line.npy": (np.arange(3), "an array of 1 axis: a kernel has two"),
        "cube.npy": (np.zeros((2, 2, 2)), "an array of 3 axes: a kernel has two"),
        "complex.npy": (np.ones((2, 2)) * 1j, "weights of type complex128: give integers or real numbers"),
        "text.npy": (np.array([["a"]]), "weights of type <U1"),
        "date.npy": (np.array([["2020-01-01"]], dtype="M8[D]"), "weights of type datetime64"),
        "object.npy": (np.array([[None]]), "not an array of numbers that NumPy can read"),
        "nan.npy": (np.array([[1, 2], [3, np.nan]]), "row 2, column 2: nan is not finite"),
        "inf.npy": (np.array([[-np.inf, np.nan]], dtype="float16"), "row 1, column 1: -inf is not finite"),
        "huge.npy": (np.array([[1, -1e301]]), "row 1, column 2: -1e+301 is too large: give a number of at most 1e+300"),
        "none.npy": (np.zeros((0, 3)), "a kernel without numbers"),
        "wide.npy": (np.zeros((1, 1002)), "a kernel of 1x1002 is too large"),
    }
    for name, (array, reason) in arrays.items():
        np.save(folder / name, array)
        assert f"'{name}': {reason}" in refusal(name)


def test_an_array_that_claims_more_than_it_holds_is_refused(folder):
    written = io.BytesIO()
    np.lib.format.write_array_header_1_0(written, {"descr": "<f8", "fortran_order": False, "shape": (10**9, 10**9)})
    (folder / "bomb.npy").write_bytes(written.getvalue())
    assert "'bomb.npy': not an array" in refusal("bomb.npy")
    whole = io.BytesIO()
    np.save(whole, np.zeros((5, 5)))
    (folder / "cut.npy").write_bytes(whole.getvalue()[:-1])
    assert "'cut.npy': not an array" in refusal("cut.npy")


def test_an_archive_is_refused(folder):
    np.savez(folder / "k.npz", np.eye(3))
    (folder / "k.npz").rename(folder / "k.npy")
    assert "'k.npy': not an array" in refusal("k.npy")


def test_files_that_cannot_be_read_are_refused(folder):
    (folder / "folder.txt").mkdir()
    assert refusal("none.txt") == "cannot read 'none.txt': No such file or directory"
    assert refusal("none.npy") == "cannot read 'none.npy': No such file or directory"
    assert refusal("folder.txt") == "cannot read 'folder.txt': Is a directory"
    assert refusal("a\0.txt") == r"cannot read 'a\x00.txt': no file has such a name"
    assert "cannot read './xxx" in refusal("./" + "x" * 5000)
    assert "is not a filter that convcalc knows" in refusal("x" * 5000)


def test_too_long_a_file_is_refused(folder, monkeypatch):
    monkeypatch.setattr("convcalc.filter.weights.MOST_BYTES", 10)
    (folder / "k.txt").write_text("1 2 3 4 5 6")
    assert refusal("k.txt") == "'k.txt': more than 10 bytes: too many for a kernel"


def read(text):
    """The kernel, or the refusal."""
    try:
        return kernel_from(text, {})
    except ConvcalcError as error:
        return str(error)


@given(st.text(st.sampled_from("019.-+eE/;, \nnaifx#[]\0\u2212\u0661"), max_size=12) | st.text(max_size=12))
def test_whatever_is_typed_is_read_or_refused_in_one_line(text):
    answer = read(text)
    if isinstance(answer, str):
        assert "\n" not in answer
    else:
        assert isinstance(answer, Linear)
        assert np.isfinite(np.array(answer.weights, dtype=float)).all()


@given(st.binary(max_size=200), st.booleans())
def test_whatever_an_array_file_holds_is_read_or_refused(tmp_path_factory, content, begun):
    path = tmp_path_factory.getbasetemp() / "any.npy"
    path.write_bytes(b"\x93NUMPY\x01\x00" * begun + content)
    assert "'" in refusal(str(path))
