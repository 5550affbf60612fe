"""The commands, one file each: what can be typed, and what is done with it. Only these, and `cli`, print or exit."""

COMMANDS = {
    "shape": "One convolution: what comes out, what it costs, what it sees.",
    "net": "A whole network: a row a layer, and the totals.",
    "solve": "Which settings give what is wanted: the questions asked backwards.",
    "draw": "Pictures: a layer at work, a network, what it sees, connects and costs.",
    "filter": "A convolution as what it was first: a filter, on a real picture.",
    "lenet": "LeNet-5 of 1998, layer by layer: shapes, parameters, connections.",
}
