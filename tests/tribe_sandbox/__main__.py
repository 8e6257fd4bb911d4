"""``python -m tribe_sandbox``: serve until SIGTERM. One JSON line on stdout says it is ready."""

import argparse
import datetime
import json
import os
import signal
import sys
import threading

from . import moments
from .sandbox import Sandbox, Settings
from .seed import Size
from .server import create_server
from .switches import UnknownSwitch, parse_assignment


def main():
    """Start the server, announce it, and stop it cleanly on SIGTERM or SIGINT."""
    options = _parse_arguments()
    sandbox = Sandbox(_settings(options))
    server = create_server(sandbox, options.port, options.verbose)
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    if options.attended:
        threading.Thread(target=_wait_for_the_end, args=(stop,), daemon=True).start()
    serving = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    serving.start()
    print(json.dumps(_announcement(sandbox)), flush=True)
    stop.wait()
    server.shutdown()
    serving.join()
    sandbox.close()


def _wait_for_the_end(stop):
    """Nobody writes to it: reading ends with who started the server."""
    os.read(sys.stdin.fileno(), 1)
    stop.set()


def _parse_arguments():
    parser = argparse.ArgumentParser(prog="tribe_sandbox", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="0 takes a free port")
    parser.add_argument("--store", default=":memory:", help="an SQLite file to keep the data in")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--relations", type=int, default=300)
    parser.add_argument("--invoices", type=int, default=120)
    parser.add_argument("--today", type=datetime.date.fromisoformat, default=moments.today())
    parser.add_argument("--empty", action="store_true", help="no relations, no invoices")
    parser.add_argument("--switch", action="append", default=[], metavar="NAME=VALUE")
    parser.add_argument("--verbose", action="store_true", help="log requests to stderr")
    parser.add_argument(
        "--attended", action="store_true", help="serve until standard input ends, too"
    )
    options = parser.parse_args()
    try:
        options.switches = dict(parse_assignment(one) for one in options.switch)
    except UnknownSwitch as error:
        parser.error(str(error))
    return options


def _settings(options):
    size = Size(options.seed, options.relations, options.invoices, options.today)
    return Settings(options.store, size, options.empty, options.switches)


def _announcement(sandbox):
    return {
        "address": sandbox.address,
        "client_id": sandbox.oauth.client_id,
        "client_secret": sandbox.oauth.client_secret,
    }


if __name__ == "__main__":
    main()
