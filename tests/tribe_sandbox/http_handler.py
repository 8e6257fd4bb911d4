"""One HTTP/1.1 connection: reads requests, keeps the connection alive, or cuts it when told so.

werkzeug's own handler closes every connection after one answer; a client's connection pool would
never be put to the test.
"""

import contextlib
import io
import os
import socket
import struct

from werkzeug.serving import ThreadedWSGIServer, WSGIRequestHandler
from werkzeug.wrappers import Response

from .faults import ConnectionCut, head_bytes

IMMEDIATE_RESET = struct.pack("ii", 1, 0)


class ConnectionHandler(WSGIRequestHandler):
    """Serves the requests of one connection, one after the other."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def run_wsgi(self):
        """Answer one request. The body is read first, so that the next request starts cleanly."""
        if self.headers.get("Expect", "").lower().strip() == "100-continue":
            self.wfile.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        environ = self.make_environ()
        environ["wsgi.input"] = io.BytesIO(self._read_body(environ))
        environ["wsgi.input_terminated"] = True
        try:
            self._send(Response.from_app(self.server.app, environ, buffered=True))
        except ConnectionCut as cut:
            self._cut(cut)
        except (ConnectionError, TimeoutError):
            self.close_connection = True

    def _read_body(self, environ):
        if environ.get("wsgi.input_terminated"):
            return environ["wsgi.input"].read()
        return self.rfile.read(int(environ.get("CONTENT_LENGTH") or 0))

    def _send(self, response):
        body = response.get_data()
        if response.status_code != 204:
            response.headers["Content-Length"] = str(len(body))
        response.headers["Date"] = self.date_time_string()
        if self.close_connection:
            response.headers["Connection"] = "close"
        shown = b"" if self.command == "HEAD" else body
        self.wfile.write(head_bytes(response) + shown)
        self.log_request(response.status_code, len(body))

    def _cut(self, cut):
        self.close_connection = True
        self.log_request("cut")
        with contextlib.suppress(ConnectionError):
            for part in cut.parts():
                self.wfile.write(part)
        if cut.with_reset:
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, IMMEDIATE_RESET)
            # Only closing the descriptor itself resets: the server's own goodbye would be a FIN.
            os.close(self.connection.detach())


class VerboseHandler(ConnectionHandler):
    """Logs requests to standard error."""


class QuietHandler(ConnectionHandler):
    """Logs nothing."""

    def log(self, type, message, *args):
        """Say nothing."""


class Server(ThreadedWSGIServer):
    """A thread per connection; a burst of new connections is queued, not refused."""

    request_queue_size = 256
    daemon_threads = True
