"""The commands of ./dev."""

import argparse
import signal
import sys

from . import bootstrap
from .console import Failure, complain

# Commands behind which everything is Odoo's.
ODOO = ("shell", "odoo")


def main(arguments: list[str]) -> int:
    """Run one command; returns the exit code."""
    options = parsed(arguments)
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        bootstrap.ensure()
        return _run(options)
    except Failure as failure:
        complain(str(failure))
        return 1
    except KeyboardInterrupt:
        complain("interrupted; it is safe to run it again.")
        return 130


def _interrupt(*_) -> None:
    raise KeyboardInterrupt


def parsed(arguments: list[str]) -> argparse.Namespace:
    """The options; ``passed_on`` is what another program gets, as it is."""
    own, passed_on = _divided(arguments)
    options = _parser().parse_args(own)
    if passed_on and options.command not in (*ODOO, "test"):
        _parser().error(f"{options.command} passes nothing on")
    options.passed_on = passed_on
    return options


def _divided(arguments: list[str]) -> tuple[list[str], list[str]]:
    """What is ours, and what is passed on: all behind Odoo's commands, else all behind ``--``."""
    if arguments[:1] and arguments[0] in ODOO:
        return arguments[:1], arguments[1:]
    if "--" in arguments:
        at = arguments.index("--")
        return arguments[:at], arguments[at + 1 :]
    return arguments, []


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="./dev", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    demo = commands.add_parser("demo", help="set everything up and run the main job")
    demo.add_argument("--check", action="store_true", help="verify it from both sides, then exit")
    demo.add_argument(
        "--without-webhooks", action="store_true", help="every webhook is lost on its way"
    )
    demo.add_argument("--screens", metavar="FOLDER", help="take a picture of every screen")
    test = commands.add_parser(
        "test",
        help="set everything up and run the tests",
        usage="./dev test [--full] [--in-company] [PATH ...] [-- OPTION OF PYTEST ...]",
        epilog="./dev test tests/mapping -- -k vat -x --pdb: what is behind -- goes to pytest. "
        "One group of tests runs in the foreground, so that a debugger has the terminal.",
    )
    test.add_argument(
        "paths", nargs="*", help="files or folders, or account (Odoo's own); all without one"
    )
    test.add_argument("--full", action="store_true", help="the long ones too")
    test.add_argument(
        "--in-company",
        action="store_true",
        help="what runs in a company's database",
    )
    commands.add_parser("shell", help="Odoo's shell on the demo's database; options are Odoo's")
    commands.add_parser("odoo", help="Odoo's own command line on the demo's database")
    bench = commands.add_parser("bench", help="measure the speed, row by row")
    bench.add_argument("names", nargs="*", metavar="NAME", help="rows to measure; all without one")
    bench.add_argument("--quick", action="store_true", help="reduced sizes")
    bench.add_argument("--json", metavar="FILE", help="write all figures to a file as well")
    snapshot = commands.add_parser(
        "snapshot", help="write what is installed and what is sent, to compare two commits"
    )
    snapshot.add_argument("folder", metavar="FOLDER", help="a new one, or one of a snapshot")
    snapshot.add_argument("--only", choices=("installed", "traffic", "overrides"))
    commands.add_parser("lint", help="check style and well-formedness")
    commands.add_parser("messages", help="make docs/messages.md from the table of messages")
    commands.add_parser("pages", help="make the pages for users in the addon from docs/")
    commands.add_parser("translations", help="bring the files of i18n/ up to the addon's terms")
    return parser


def _run(options: argparse.Namespace) -> int:
    # Imported here: they need the environment that bootstrap makes.
    if options.command == "demo":
        from . import demo  # noqa: PLC0415

        if options.screens:
            return demo.pictures(options.screens)
        run = demo.check if options.check else demo.show
        return run(is_told=not options.without_webhooks)
    if options.command == "test":
        from . import test_groups  # noqa: PLC0415

        return test_groups.run(
            options.paths,
            full=options.full,
            in_company=options.in_company,
            for_pytest=options.passed_on,
        )
    if options.command in ODOO:
        from . import demo_database  # noqa: PLC0415

        before = ["shell"] if options.command == "shell" else []
        return demo_database.run_odoo([*before, *options.passed_on])
    if options.command == "bench":
        from . import bench  # noqa: PLC0415

        return bench.run(options.names, quick=options.quick, target=options.json)
    if options.command == "snapshot":
        from . import snapshot  # noqa: PLC0415

        return snapshot.run(options.folder, options.only)
    if options.command == "messages":
        from . import messages  # noqa: PLC0415

        return messages.run()
    if options.command == "pages":
        from . import pages  # noqa: PLC0415

        return pages.run()
    if options.command == "translations":
        from . import translations  # noqa: PLC0415

        return translations.run()
    from . import lint  # noqa: PLC0415

    return lint.run()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
