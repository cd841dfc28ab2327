"""The command line as a test calls it: in this process, with its exit code checked."""

from __future__ import annotations

import pytest
from click.testing import CliRunner

from adaptor_bench.cli import main


def invoke(*arguments, code=0) -> tuple[str, str]:
    """What ``bench ARGUMENTS`` prints to stdout and stderr."""
    with CliRunner().isolation() as (out, err, _):
        with pytest.raises(SystemExit) as left:
            main([str(a) for a in arguments])
        shown, told = out.getvalue().decode(), err.getvalue().decode()
    assert (left.value.code or 0) == code, shown + told
    return shown, told
