"""Pictures of layers and networks as SVG: they place what the descriptions, formulas and reports say."""
