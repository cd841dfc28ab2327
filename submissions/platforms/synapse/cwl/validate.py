"""Validate a submission (Synapse, CWL)."""

import sys
from pathlib import Path

BUNDLE = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(BUNDLE / "vendor"))

from adaptor_bench.platforms.synapse import cwl_validate  # noqa: E402

if __name__ == "__main__":
    sys.exit(cwl_validate(BUNDLE / "settings.json"))
