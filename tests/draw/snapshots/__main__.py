from __future__ import annotations

from tests.draw.snapshots import write

if __name__ == "__main__":
    write()
