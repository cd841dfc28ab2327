"""Entry point of the scoring program; needs no argument on the platform."""

import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE / "vendor"))

from adaptor_bench.platforms.codabench import main  # noqa: E402

if __name__ == "__main__":
    sys.exit(main(HERE / "settings.json"))
