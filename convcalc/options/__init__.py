"""What can be typed, a file a command: its arguments and options, each text or a flag, handed to the command's body.

A command is built when it is asked for, and its body in `convcalc.commands` is imported when it runs. Annotations are
evaluated as they are written: Typer would evaluate their text one by one, and slowly.
"""

COMMANDS = {
    "shape": "One convolution: what comes out, what it costs, what it sees.",
    "net": "A whole network: a row a layer, and the totals.",
    "solve": "Which settings give what is wanted: the questions asked backwards.",
    "draw": "Pictures: a layer at work, a network, what it sees, connects and costs.",
    "filter": "A convolution as what it was first: a filter, on a real picture.",
    "lenet": "LeNet-5 of 1998, layer by layer: shapes, parameters, connections.",
}
