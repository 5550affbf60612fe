"""What can be typed, a file a command: its arguments and options, each text or a flag, handed to the command's body.

A command is built when it is asked for, and its body in `convcalc.commands` is imported when it runs. Annotations are
evaluated as they are written: Typer would evaluate their text one by one, and slowly.
"""
