"""Many settings at once: the figures of a convolution on arrays of integers, by the very formulas of the layers.

>>> import numpy as np
>>> from convcalc import arrays
>>> found = arrays.conv((28, 28), kernel_size=np.array([3, 5, 29]), out_channels=6)
>>> found.fits.tolist(), found.output[0].tolist(), found.parameters.tolist()
([True, True, False], [26, 24, 0], [60, 156, 0])

The modules: `span` bounds a formula before it is run, `chunks` runs it, `values` reads what is given, `sweep` has the
figures.
"""

from convcalc.arrays.sweep import ConvSweep, conv

__all__ = ["ConvSweep", "conv"]
