"""`make run` and, with `--reload`, `make dev`: Foyer and a local AWS on this machine, until Ctrl-C."""

import sys
from pathlib import Path

if __name__ == "__main__":
    sys.path[0] = str(Path(__file__).resolve().parents[2])
    from infra.local.launcher import main

    sys.exit(main(reload="--reload" in sys.argv[1:]))
