"""The command line: a lazy group whose commands load what they need when they are called.

Exit codes: 0 done; 1 the input was judged and found wanting; 2 wrong usage; 3 internal error;
130, 143 told to stop (Ctrl-C, SIGTERM).
"""

from __future__ import annotations

import io
import os
import sys
from contextlib import suppress
from importlib import import_module
from typing import Any

import click

import adaptor_bench
from adaptor_bench.errors import BenchError, suggest
from adaptor_bench.extras import missing
from adaptor_bench.progress import message
from adaptor_bench.room import unwritable
from adaptor_bench.stopping import stoppable, stopped

# name -> module and the line shown by --help; nothing is imported until a command is called.
COMMANDS = {
    "run": ("run", "Train and score methods on the standard folds; print the leaderboard."),
    "status": ("status", "What every cell of a run is at: queued, running, done or failed."),
    "curve": ("curve", "Train a method with less and more of its budget; say if it is enough."),
    "doctor": ("doctor", "Look at this machine and installation; say what is wrong or slow."),
    "methods": ("methods", "List the registered methods and their parameters."),
    "check": ("check", "Check that a method does what the harness relies on, in seconds."),
    "data": ("data", "Draw the phantom dataset, look at or check a dataset folder."),
    "predict": ("predict", "Predict on a folder of frames with a finished run."),
    "export": ("export", "Write a trained network as ONNX, TorchScript or for a model hub."),
    "translate": ("translate", "Make frames look like the other domain with a finished run."),
    "validate": ("validate", "Check prediction files; report everything that is wrong."),
    "explain": ("explain", "What a finding of validate means, and what to do about it."),
    "schema": ("schema", "The JSON Schema of a prediction file."),
    "evaluate": ("evaluate", "Score predictions against labels."),
    "audit": ("audit", "Score by every rule at once; show where the rules differ."),
    "conformance": ("conformance", "Matching cases with proven answers, to test other scorers."),
    "adapter": ("adapter", "Bundles for challenge platforms; the table of challengeR."),
    "leaderboard": ("leaderboard", "Tables of finished runs beside the published numbers."),
    "board": ("board", "Make a leaderboard from labels alone; withdraw an entry; replace costs."),
    "submit": ("submit", "Add runs or predictions to a leaderboard."),
    "verify": ("verify", "Rescore the entries of a leaderboard; say what differs."),
    "compare": (
        "compare",
        "Compare two methods frame by frame: the difference, how certain it is.",
    ),
    "paper": ("paper", "The paper's tables and figures, published and measured."),
    "card": ("card", "Ranking cards: the order of all methods, and how certain it is."),
    "view": ("view", "Look at labels and predictions in napari or FiftyOne."),
    "report": ("report", "Write a static site: boards, ranking cards, methods, frames."),
}


class _Stopped(Exception):
    """The command was told to stop."""


class LazyGroup(click.Group):
    """A group that knows the names of its commands, and the line --help shows of each, before it
    loads one of them."""

    def about(self) -> dict[str, str]:
        """Name to line."""
        return {name: text for name, (_, text) in COMMANDS.items()}

    def list_commands(self, context: click.Context) -> list[str]:
        return list(self.about())

    def get_command(self, context: click.Context, name: str) -> click.Command | None:
        if name not in COMMANDS:
            return None
        command: click.Command = import_module(f"adaptor_bench.cli.{COMMANDS[name][0]}").command
        return command

    def resolve_command(self, context: click.Context, args: list[str]) -> Any:
        if args and not args[0].startswith("-") and self.get_command(context, args[0]) is None:
            context.fail(f"No such command {args[0]!r}. {suggest(args[0], self.about())}")
        return super().resolve_command(context, args)

    def invoke(self, context: click.Context) -> Any:
        # click takes the end of any file for Ctrl-D, and turns both into "Aborted".
        try:
            return super().invoke(context)
        except KeyboardInterrupt as error:
            raise _Stopped from error
        except EOFError as error:
            raise RuntimeError(f"a file ends too early ({error})") from error

    def format_commands(self, context: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(self.about().items()))


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--debug", is_flag=True, help="Show the traceback of an error.")
@click.version_option(adaptor_bench.__version__, prog_name="adaptor_bench")
@click.pass_context
def bench(context: click.Context, debug: bool) -> None:
    """Benchmark and challenge evaluation for detectors of a varying number of landmarks."""
    context.obj = {"debug": debug}
    # Threads that spin while they wait make training many times slower beside another busy program.
    # Read when torch is loaded, hence before any command imports it.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")


def main(args: list[str] | None = None) -> None:
    """Run the command line and leave with its exit code."""
    with stoppable(for_good=args is None):
        _main(args)


def _main(args: list[str] | None) -> None:
    argv = sys.argv[1:] if args is None else args
    debug = "--debug" in argv[: next((i for i, a in enumerate(argv) if a in COMMANDS), len(argv))]
    try:
        code = bench.main(argv, prog_name="bench", standalone_mode=False)
        sys.stdout.flush()  # what cannot be written is told here, not by the interpreter
    except (_Stopped, KeyboardInterrupt, click.exceptions.Abort):
        _leave(*stopped())
    except click.ClickException as error:
        told = io.StringIO()
        error.show(told)
        _leave(told.getvalue().rstrip(), error.exit_code)
    except BenchError as error:
        if debug:
            raise
        _leave(f"error: {error}", error.exit_code)
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(0)
    except OSError as error:
        if debug:
            raise
        if reason := unwritable(error):
            with suppress(OSError):  # what is left in it cannot be written either
                sys.stdout.close()
            _leave(f"error: {reason}", reason.exit_code)
        _leave(f"error: {error.strerror or error} ({error.filename or 'no file named'})", 1)
    except ImportError as error:
        if debug or not (lacking := missing(error)):
            raise
        _leave(f"error: {lacking}", lacking.exit_code)
    except MemoryError:
        if debug:
            raise
        _leave("error: not enough memory; try fewer frames or points at once", 1)
    except Exception as error:
        if debug:
            raise
        _leave(
            f"internal error: {type(error).__name__}: {error}\n"
            "Run `bench --debug ...` for the traceback and please report it.",
            3,
        )
    sys.exit(code if isinstance(code, int) else 0)


def _leave(text: str, code: int) -> None:
    message(text)
    sys.exit(code)
