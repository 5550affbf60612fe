"""How the sums of a tile are made: tap by tap, by products with band matrices, or in the spectrum."""
