"""The commands of ./dev."""

import argparse
import signal
import sys

from . import bootstrap
from .console import Failure, complain


def main(arguments: list[str]) -> int:
    """Run one command; returns the exit code."""
    options = _parser().parse_args(arguments)
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


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="./dev", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    demo = commands.add_parser("demo", help="set everything up and run the main job")
    demo.add_argument("--check", action="store_true", help="verify it from both sides, then exit")
    demo.add_argument(
        "--without-webhooks", action="store_true", help="every webhook is lost on its way"
    )
    demo.add_argument("--screens", metavar="FOLDER", help="take a picture of every screen")
    test = commands.add_parser("test", help="set everything up and run the tests")
    test.add_argument(
        "paths", nargs="*", help="files or folders, or account (Odoo's own); all without one"
    )
    test.add_argument("--full", action="store_true", help="the long ones too")
    test.add_argument(
        "--in-company",
        action="store_true",
        help="what runs in a company's database",
    )
    commands.add_parser("bench", help="measure")
    commands.add_parser("lint", help="check style and well-formedness")
    commands.add_parser("messages", help="make docs/messages.md from the table of messages")
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

        return test_groups.run(options.paths, full=options.full, in_company=options.in_company)
    if options.command == "bench":
        from . import bench  # noqa: PLC0415

        return bench.run()
    if options.command == "messages":
        from . import messages  # noqa: PLC0415

        return messages.run()
    if options.command == "translations":
        from . import translations  # noqa: PLC0415

        return translations.run()
    from . import lint  # noqa: PLC0415

    return lint.run()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
