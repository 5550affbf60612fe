"""`python -m convcalc`."""

from convcalc.cli import app

if __name__ == "__main__":
    app()
