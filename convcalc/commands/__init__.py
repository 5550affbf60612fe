"""The commands, one file each: what can be typed, and what is done with it. Only these, and `cli`, print or exit."""

COMMANDS = {
    "shape": "One convolution: its output, what it costs, what it sees.",
    "net": "A whole network: one row per layer, and the totals.",
    "solve": "Find the settings that give the size you want.",
    "draw": "Draw a layer at work, a network, what it sees and what it costs.",
    "filter": "Apply a convolution to a picture.",
    "lenet": "LeNet-5 of 1998, layer by layer.",
}
