"""Notes whoever outside of the machine is asked for something.

Programs that speak HTTP are told of a proxy on loopback, which refuses all and remembers whom it
was asked for. What is on loopback is asked directly, as ever.
"""

import contextlib
import http.server
import os
import threading
from collections.abc import Iterator
from unittest.mock import patch

LOOPBACK = "127.0.0.1"


@contextlib.contextmanager
def noting_who_is_asked() -> Iterator[list[str]]:
    """While it lasts, processes that are started reach nobody; the list says whom they tried."""
    asked: list[str] = []

    class Proxy(http.server.BaseHTTPRequestHandler):
        def refuse(self) -> None:
            asked.append(f"{self.command} {self.path}")
            self.send_error(http.HTTPStatus.FORBIDDEN)

        do_CONNECT = do_GET = do_HEAD = do_POST = do_PUT = refuse

        def log_message(self, *_arguments) -> None:
            pass

    with http.server.ThreadingHTTPServer((LOOPBACK, 0), Proxy) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        address = f"http://{LOOPBACK}:{server.server_address[1]}"
        names = dict.fromkeys(("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"), address)
        names |= dict.fromkeys(("no_proxy", "NO_PROXY"), f"{LOOPBACK},localhost")
        with patch.dict(os.environ, names):
            yield asked
        server.shutdown()
        thread.join()
