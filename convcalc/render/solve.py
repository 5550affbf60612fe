"""The answers of `convcalc solve`: of each question the document, the table, and the lines around it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import islice
from typing import TYPE_CHECKING, Any, NamedTuple

from convcalc.layers.axes import Shape, counted
from convcalc.render.columns import along
from convcalc.render.sheet import Column, Sheet
from convcalc.solve.bounds import spoken

if TYPE_CHECKING:
    from convcalc.solve.answers import Answer, Answers
    from convcalc.solve.chain import Chains
    from convcalc.solve.exact import ExactSizes, Loss
    from convcalc.solve.progressions import Progression
    from convcalc.solve.same import SameRow

Document = dict[str, Any]
Lines = tuple[list[str], list[str]]  # before and behind the table


class Own(NamedTuple):
    """The spatial sizes that were asked about, and what the network leaves unread of them; None where they misfit."""

    sizes: Shape
    losses: Sequence[Loss] | None


TITLES = {
    "kernel_size": "kernel",
    "output_padding": "output padding",
    "ceil_mode": "ceil mode",
    "leftover": "left over",
}
OPERATIONS = {"Conv": "a convolution", "MaxPool": "a pool", "ConvTranspose": "a transposed convolution"}
ORDERS = {
    "Conv": "the padding, 2 a step of dilation, and 1 each for an even kernel, what is left over and what is unread",
    "MaxPool": "the padding, 2 a step of dilation, and 1 each for what is left over, what is unread, a stride that is"
    " not the kernel, and ceil mode",
    "ConvTranspose": "the padding, the output padding, 2 a step of dilation, 1 for a stride that does not divide the"
    " kernel (stamps overlap unevenly), and 2 where the size does not grow by the stride",
}
MOST_LISTED = 8  # layers that leave something unread


def spelled(numbers: Sequence[int]) -> str:
    """Numbers, as they are typed on the command line.

    >>> spelled(range(1, 8)), spelled(range(1, 8, 2)), spelled((3, 5)), spelled(range(3, 4))
    ('1..7', '1..7..2', '3,5', '3')
    """
    if not isinstance(numbers, range) or numbers[0] == numbers[-1]:
        return ",".join(map(str, numbers))
    step = f"..{numbers.step}" if numbers.step != 1 else ""
    return f"{numbers[0]}..{numbers[-1]}{step}"


def among(bounds: Mapping[str, Sequence[int]]) -> str:
    """Bounds in words.

    >>> among({"kernel_size": range(1, 12), "stride": (1,)})
    'kernel 1 to 11, stride 1'
    """
    return ", ".join(f"{TITLES.get(name, name)} {spoken(numbers)}" for name, numbers in bounds.items())


# 28 13


def size_sheet(answers: Answers, shown: Sequence[Answer]) -> Sheet:
    """A row an answer, its settings an axis each.

    >>> from convcalc.solve.conv import conv
    >>> answers = conv((28,), (13,))
    >>> size_sheet(answers, answers.first(1)).rows[0]
    (4, 2, 0, 1, 0, 0, 1)
    """
    names = (*answers.operation.settings, *(() if _transposed(answers) else ("leftover", "unread")))
    columns = tuple(Column(TITLES.get(name, name), name != "ceil_mode", key=name) for name in names)
    rows = [
        (*(_cell([getattr(axis, name) for axis in answer.axes]) for name in names), answer.score) for answer in shown
    ]
    return Sheet((*columns, Column("score", True, key="score")), tuple(rows))


def size_lines(answers: Answers, shown: int) -> Lines:
    """What was asked; how many answers there are, within which bounds, in which order.

    >>> from convcalc.solve.conv import conv
    >>> size_lines(conv((28,), (13,)), 1)[0]
    ['28 to 13 by a convolution, the simplest first']
    """
    operation = answers.operation.layer
    before = [f"{_by(answers.sizes)} to {_by(answers.targets)} by {OPERATIONS[operation]}, the simplest first"]
    behind = [f"{shown:,} of {answers.found:,} shown (--limit shows more)."] if shown < answers.found else []
    behind.append(f"Looked among: {'; '.join(_bounds(answers))}.")
    if not answers.complete:
        behind.append(f"Stopped early, {_stopped(answers)}: only smaller paddings are complete. Give narrower bounds.")
    behind.append(f"Score: {ORDERS[operation]}.")
    if len(answers.sizes) > 1:
        behind.append("Along several axes scores add up, and a setting that is not the same along all adds 1.")
    behind.append("Each was checked by the forward formula.")
    return before, behind


def size_document(answers: Answers, shown: Sequence[Answer]) -> Document:
    """The question, the bounds and the answers.

    >>> from convcalc.solve.conv import conv
    >>> answers = conv((28,), (13,))
    >>> size_document(answers, answers.first(1))["answers"][0]["layer"]
    'Conv1d(1, 1, 4, stride=2)'
    """
    names = (*answers.operation.settings, "leftover", "unread")
    return {
        "question": {
            "operation": answers.operation.layer,
            "sizes": list(answers.sizes),
            "targets": list(answers.targets),
        },
        "bounds": [{name: spelled(getattr(limits, name)) for name in _bounded(answers)} for limits in answers.limits],
        "found": answers.found,
        "complete": answers.complete,
        "stopped_at_padding": list(answers.stopped_at),
        "answers": [
            {
                "layer": repr(answer.layer),
                **{name: [getattr(axis, name) for axis in answer.axes] for name in names},
                "score": answer.score,
            }
            for answer in shown
        ],
    }


def _transposed(answers: Answers) -> bool:
    return answers.operation.layer == "ConvTranspose"


def _bounded(answers: Answers) -> list[str]:
    """The settings that have bounds: all but a flag."""
    return [name for name in answers.operation.settings if name != "ceil_mode"]


def _bounds(answers: Answers) -> list[str]:
    """The bounds in words; an axis each where they are not the same along all."""
    each = list(dict.fromkeys(answers.limits))
    return [among({name: getattr(limits, name) for name in _bounded(answers)}) for limits in each]


def _stopped(answers: Answers) -> str:
    paddings = [f"{padding:,}" for padding in answers.stopped_at if padding is not None]
    return f"at padding {' and '.join(dict.fromkeys(paddings))}"


# --same


def same_sheet(rows: Sequence[SameRow]) -> Sheet:
    """A row a setting: the sides, and one number where one does.

    >>> from convcalc.solve.same import same
    >>> same_sheet(same((28,), (4,))).rows
    ((4, 1, 1, '1:2', None, (28,)),)
    """
    titles = ("kernel", "stride", "dilation", "padding", "symmetric", "output")
    keys = ("kernel_size", "stride", "dilation", "padding", "symmetric", "output")
    cells = [
        (
            _cell(row.kernel_size),
            _cell(row.stride),
            _cell(row.dilation),
            _cell([before if before == after else f"{before}:{after}" for before, after in row.sides]),
            _cell(row.symmetric or [None]),
            row.output,
        )
        for row in rows
    ]
    return Sheet(_columns(titles, keys), tuple(cells))


def same_lines(sizes: Shape, rows: Sequence[SameRow], limit: int) -> Lines:
    """What was asked, and what the columns are.

    >>> from convcalc.solve.same import same
    >>> same_lines((28,), same((28,), (4,)), 20)[0]
    ['The padding that keeps 28']
    """
    keeps = all(row.output == sizes for row in rows)
    before = [f"The padding that keeps {_by(sizes)}" + ("" if keeps else ", or divides it by the stride (rounded up)")]
    behind = [f"{limit:,} of {len(rows):,} shown (--limit shows more)."] if limit < len(rows) else []
    behind.append("padding: the fewest zeros, before:after, as TensorFlow's SAME (and PyTorch's 'same') has them.")
    behind.append("symmetric: the smallest padding with as many zeros on both sides that gives the same size.")
    behind.append("Each was checked by the forward formula.")
    return before, behind


def same_document(sizes: Shape, rows: Sequence[SameRow]) -> Document:
    """The question and its rows.

    >>> from convcalc.solve.same import same
    >>> same_document((28,), same((28,), (3,)))["answers"][0]["padding"]
    [[1, 1]]
    """
    return {
        "question": {"same": list(sizes)},
        "answers": [
            {
                "layer": repr(row.layer),
                "pytorch": row.layer.in_pytorch(),
                "kernel_size": list(row.kernel_size),
                "stride": list(row.stride),
                "dilation": list(row.dilation),
                "padding": [list(pair) for pair in row.sides],
                "symmetric": None if row.symmetric is None else list(row.symmetric),
                "output": list(row.output),
                "divides": list(row.divides),
            }
            for row in rows
        ],
    }


# --chain


def chain_sheet(found: Chains) -> Sheet:
    """A row a chain.

    >>> from convcalc.solve.chain import chains
    >>> chain_sheet(chains(3, 31, kernel_size=(3,), dilation=(5,))).rows[0][:6]
    (3, 1, 5, 5, 31, 7)
    """
    titles = ("kernel", "stride", "dilation", "padding", "sees", "reads", "MACs", "output")
    keys = ("kernel_size", "stride", "dilation", "padding", "receptive_field", "elements_seen", "macs", "output")
    rows = [
        (
            one.layer.kernel_size[0],
            one.layer.stride[0],
            one.layer.dilation[0],
            _cell([before if before == after else f"{before}:{after}" for before, after in one.layer.padding]),
            one.receptive_field,
            one.elements_seen,
            one.macs,
            one.output,
        )
        for one in found.chains
    ]
    return Sheet(_columns(titles, keys), tuple(rows))


def chain_lines(found: Chains, layers: int, field: int, shape: Shape, bounds: Mapping[str, Sequence[int]]) -> Lines:
    """What was asked; how many there are, and what was left out.

    >>> from convcalc.solve.chain import chains
    >>> chain_lines(chains(3, 31, kernel_size=(3,)), 3, 31, (1, 1, 224, 224), {"kernel_size": (3,)})[0]
    ['3 equal layers seeing at least 31, on [1, 1, 224, 224], the fewest MACs first']
    """
    shown = len(found.chains)
    before = [
        f"{counted(layers, 'equal layer')} seeing at least {field:,}, on [{', '.join(map(str, shape))}],"
        " the fewest MACs first"
    ]
    behind = [f"{shown:,} of {found.found:,} shown (--limit shows more)."] if shown < found.found else []
    behind.append(f"Looked among: {among(bounds)}.")
    left_out = [
        f"{number:,} that {reason}"
        for number, reason in ((found.unread, "leave some of the input unread"), (found.misfits, "do not fit"))
        if number
    ]
    if left_out:
        behind.append(f"Left out: {', '.join(left_out)}.")
    if found.stopped is not None:
        kernel, dilation, stride = found.stopped
        behind.append(
            f"Stopped early, before kernel {kernel}, dilation {dilation}, stride {stride}: give narrower bounds."
        )
    behind.append("sees: from the first to the last element; reads: how many of them (dilation leaves holes).")
    behind.append("Each was checked by walking the whole chain.")
    return before, behind


def chain_document(found: Chains, layers: int, field: int, shape: Shape) -> Document:
    """The question and its answers.

    >>> from convcalc.solve.chain import chains
    >>> chain_document(chains(3, 31, kernel_size=(3,)), 3, 31, (1, 1, 224, 224))["answers"][0]["macs"]
    1354752
    """
    return {
        "question": {"layers": layers, "receptive_field": field, "input": list(shape)},
        "found": found.found,
        "left_out": {"unread": found.unread, "misfits": found.misfits},
        "complete": found.stopped is None,
        "answers": [
            {
                "layer": repr(one.layer),
                "receptive_field": one.receptive_field,
                "elements_seen": one.elements_seen,
                "macs": one.macs,
                "output": list(one.output),
            }
            for one in found.chains
        ],
    }


# --net NETWORK --exact


def exact_sheet(found: ExactSizes) -> Sheet:
    """A row a progression of sizes.

    >>> from convcalc import MaxPool2d
    >>> from convcalc.solve.exact import exact_sizes
    >>> exact_sheet(exact_sizes(MaxPool2d(2), (1, 1, 8, 8), range(1, 11))).rows
    ((2, 10, 2, 5),)
    """
    titles = ("from", "to", "in steps of", "sizes")
    return Sheet(_columns(titles, ("first", "last", "step", "terms")), tuple(map(tuple, found.exact)))


def exact_lines(name: str, found: ExactSizes, square: str, sizes: Sequence[int], own: Own) -> Lines:
    """Which sizes were tried, and what the size asked about comes to.

    >>> from convcalc import MaxPool2d
    >>> from convcalc.solve.exact import exact_sizes
    >>> found = exact_sizes(MaxPool2d(2), (1, 1, 8, 8), range(1, 11))
    >>> exact_lines("pool", found, "1x1xHxH", range(1, 11), Own((8, 8), ()))[1]
    ['8x8 leaves nothing unread.', 'Sizes that fit at all: 2..10.']
    """
    before = [f"{name} on {square}: the sizes H, of {spelled(sizes)}, that leave nothing unread"]
    behind = []
    if found.every:
        behind.append("Every size tried does: the network reads each row and column of them all.")
    elif not found.exact:
        assert found.least is not None
        size, elements = found.least
        lost = counted(elements, "row or column", "rows and columns")
        behind.append(f"None does. {size:,} comes nearest: it leaves {lost} unread.")
    behind.append(_own(found, own))
    if not found.every and found.fits != found.exact:
        behind.append(f"Sizes that fit at all: {_progressions(found.fits)}.")
    if found.stopped is not None:
        behind.append(f"Stopped before size {found.stopped:,}: give fewer with --size.")
    return before, behind


def exact_document(name: str, found: ExactSizes, shape: Shape, sizes: Sequence[int], own: Own) -> Document:
    """The question and the progressions of sizes.

    >>> from convcalc import MaxPool2d
    >>> from convcalc.solve.exact import exact_sizes
    >>> found = exact_sizes(MaxPool2d(2), (1, 1, 8, 8), range(1, 11))
    >>> exact_document("pool", found, (1, 1, 8, 8), range(1, 11), Own((8, 8), ()))["exact"]
    [{'first': 2, 'last': 10, 'step': 2, 'terms': 5}]
    """
    return {
        "question": {"net": name, "input": list(shape), "sizes": spelled(sizes)},
        "exact": [one._asdict() for one in found.exact],
        "fits": [one._asdict() for one in found.fits],
        "every": found.every,
        "own": found.own,
        "below": found.below,
        "above": found.above,
        "least": None if found.least is None else dict(zip(("size", "unread"), found.least, strict=True)),
        "complete": found.stopped is None,
        "unread": None if own.losses is None else [one._asdict() for one in own.losses],
    }


def _own(found: ExactSizes, own: Own) -> str:
    """What becomes of the size that was asked about; of a square that is not exact, which are, nearest to it."""
    size = _by(own.sizes)
    near = [f"{near:,}" for near in (found.below, found.above) if near is not None]
    nearest = f"; the nearest tried that do not: {' and '.join(near)}" if near and len(set(own.sizes)) == 1 else ""
    if own.losses is None:
        return f"{size} does not fit{nearest}."
    if not own.losses:
        return f"{size} leaves nothing unread."
    first = own.losses[:MOST_LISTED]
    listed = ", ".join(f"{loss.elements:,} of {loss.size:,} along {loss.axis} of {loss.map}" for loss in first)
    more = f" and {len(own.losses) - MOST_LISTED:,} more" if len(own.losses) > MOST_LISTED else ""
    return f"{size} leaves unread {listed}{more}{nearest}."


def _progressions(found: Sequence[Progression]) -> str:
    parts = [spelled(one.numbers) for one in islice(found, MOST_LISTED)]
    return ", ".join(parts) + (", ..." if len(found) > MOST_LISTED else "")


def _columns(titles: Sequence[str], keys: Sequence[str]) -> tuple[Column, ...]:
    """Columns of numbers, but for the output, which is a shape."""
    return tuple(Column(title, key != "output", key=key) for title, key in zip(titles, keys, strict=True))


def _by(sizes: Sequence[int]) -> str:
    return "x".join(map(str, sizes))


def _cell(values: Sequence[object]) -> object:
    """Values an axis each as a table shows them; a flag is the same along all."""
    if isinstance(values[0], bool):
        return "yes" if values[0] else None
    return along(values)
