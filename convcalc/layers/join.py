"""Where branches meet: their sum, their product, or all of them behind one another."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod
from typing import ClassVar

from convcalc import formulas
from convcalc.errors import ConvcalcError
from convcalc.layers.base import Weightless
from convcalc.layers.settings import Shape, axis_index, counted, shape, whole
from convcalc.receptive_field import Field, concatenation, union


class Join(Weightless):
    """A layer fed by several others. It has no weights; a unit sees what its inputs see together."""

    __slots__ = ()
    joins = True
    saves: ClassVar[tuple[str, ...]] = ()

    def output_shape(self, input_shape: Sequence[int], *others: Sequence[int]) -> Shape:
        """The shape that comes out of inputs of these shapes; `ConvcalcError` where they do not go together."""
        raise NotImplementedError

    def saved_bytes(self, input_shape: Sequence[int], *others: Sequence[int], itemsize: int) -> int:
        """Return the bytes that training keeps beside the inputs: none."""
        return 0

    def seen(self, fields: Sequence[tuple[Field, ...]], shapes: Sequence[Shape]) -> tuple[Field, ...]:
        """What a unit sees of inputs with these fields and shapes: the union of what theirs see.

        >>> Add().seen([(Field(3, 1, -1, 10),), (Field(1, 1, 0, 8),)], [(1, 4, 8), (1, 4, 8)])[0].size
        3
        """
        return union(fields, shapes)

    def receptive_field(self, fields: tuple[Field, ...], input_shape: Sequence[int]) -> tuple[Field, ...]:
        """The union of the inputs' fields, which ``fields`` is."""
        return fields

    def in_pytorch(self) -> None:
        """PyTorch says it in a model's ``forward``, not with a layer."""


class Elementwise(Join):
    """A join of elements at the same place; an axis of 1 is repeated, and missing first axes are added, as in PyTorch.

    Source: PyTorch, "Broadcasting semantics".
    """

    __slots__ = ()

    def output_shape(self, input_shape: Sequence[int], *others: Sequence[int]) -> Shape:
        """The broadcast of the shapes."""
        shapes = tuple(map(shape, (input_shape, *others)))
        rank = max(map(len, shapes))
        padded = [(1,) * (rank - len(sizes)) + sizes for sizes in shapes]
        joined = []
        for axis, sizes in enumerate(zip(*padded, strict=True)):
            wide = {size for size in sizes if size != 1}
            if len(wide) > 1:
                raise ConvcalcError(
                    f"{type(self).__name__} got {' and '.join(str(list(sizes)) for sizes in shapes)}, which differ on"
                    f" axis {axis}: its inputs must have the same shape, or 1 there"
                )
            joined.append(wide.pop() if wide else 1)
        return tuple(joined)


@dataclass(frozen=True, slots=True, init=False, repr=False)
class Add(Elementwise):
    """The sum of its inputs, as ``a + b`` in PyTorch.

    >>> Add().output_shape((1, 64, 56, 56), (1, 64, 56, 56))
    (1, 64, 56, 56)
    """

    def __init__(self) -> None:
        pass


@dataclass(frozen=True, slots=True, init=False, repr=False)
class Mul(Elementwise):
    """The product of its inputs, element by element, as ``a * b`` in PyTorch.

    >>> Mul().output_shape((1, 64, 56, 56), (1, 64, 1, 1))
    (1, 64, 56, 56)
    """

    saves = ("input",)

    def __init__(self) -> None:
        pass

    def saved_bytes(self, input_shape: Sequence[int], *others: Sequence[int], itemsize: int) -> int:
        """Return the bytes of the products in between, of more than two inputs: ``a * b`` of ``a * b * c``.

        >>> Mul().saved_bytes((1, 8), (1, 8), (1, 8), itemsize=4)
        32
        """
        shapes = (input_shape, *others)
        between = (self.output_shape(*shapes[:count]) for count in range(2, len(shapes)))
        return sum(formulas.size_in_bytes(prod(sizes), itemsize) for sizes in between)


@dataclass(frozen=True, slots=True, init=False, repr=False)
class Concat(Join):
    """Its inputs behind one another along an axis, as ``torch.cat``.

    >>> Concat().output_shape((1, 64, 28, 28), (1, 128, 28, 28))
    (1, 192, 28, 28)
    """

    dim: int

    def __init__(self, dim: int = 1) -> None:
        self.keep(dim=whole("dim", dim, least=None))

    def output_shape(self, input_shape: Sequence[int], *others: Sequence[int]) -> Shape:
        """Along the axis the sum of the sizes; along every other they must agree."""
        first, *rest = map(shape, (input_shape, *others))
        if not first:
            raise ConvcalcError("Concat takes no single number: give inputs with at least one axis")
        axis = axis_index("dim", self.dim, first)
        for sizes in rest:
            if len(sizes) != len(first) or (*sizes[:axis], *sizes[axis + 1 :]) != (*first[:axis], *first[axis + 1 :]):
                raise ConvcalcError(
                    f"Concat got {list(first)} and {list(sizes)}, which may differ on axis {axis} only:"
                    f" give {counted(len(first), 'axis', 'axes')} of the same sizes"
                )
        return (*first[:axis], sum(sizes[axis] for sizes in (first, *rest)), *first[axis + 1 :])

    def seen(self, fields: Sequence[tuple[Field, ...]], shapes: Sequence[Shape]) -> tuple[Field, ...]:
        """The union of what the inputs' units see; along an axis that it joins, what each saw.

        >>> Concat(2).seen([(Field(3, 1, -1, 10),), (Field(1, 1, 0, 8),)], [(1, 4, 8), (1, 4, 8)])[0].sees(9)
        (1, 2)
        """
        joined = union(fields, shapes)
        along = axis_index("dim", self.dim, shapes[0]) - len(shapes[0])
        if not joined or -along > len(joined):
            return joined
        own = concatenation([each[along] for each in fields], [sizes[along] for sizes in shapes])
        return tuple(own if axis == along else field for axis, field in enumerate(joined, -len(joined)))
