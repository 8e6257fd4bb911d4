"""Wiring: the Flask application, and the gateway that counts calls and lets faults strike."""

import secrets

from flask import Flask, Response, jsonify, request
from werkzeug.wrappers import Request

from . import consent, control, pages
from .errors import ApiError, method_not_allowed, not_found
from .http_handler import QuietHandler, Server, VerboseHandler
from .oauth import OAuthError
from .odata import ODataService
from .values import parse_json

API_METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]
FORM_TYPE = "application/x-www-form-urlencoded"
# What programs call: counted, and struck by faults. All else is for people and tests.
PROGRAM_PATHS = ("/v1/", "/oauth2/token")


def create_server(sandbox, port, verbose):
    """Return a server for *sandbox* on 127.0.0.1, not yet serving; port 0 takes a free one."""
    handler = VerboseHandler if verbose else QuietHandler
    server = Server("127.0.0.1", port, Gateway(sandbox, verbose), handler)
    sandbox.address = f"http://127.0.0.1:{server.port}"
    return server


class Gateway:
    """The WSGI application: what comes in is counted, may meet a fault, is then answered."""

    def __init__(self, sandbox, verbose):
        self._sandbox = sandbox
        self._app = create_app(sandbox, verbose)

    def __call__(self, environ, start_response):
        """Answer one request; raises ConnectionCut when a fault ends the connection."""
        incoming = Request(environ)
        body = incoming.get_data(cache=True)
        if not incoming.path.startswith(PROGRAM_PATHS):
            return self._answer(environ, body)(environ, start_response)
        query = incoming.query_string.decode("latin-1")
        call = self._sandbox.calls.record(incoming.method, incoming.path, query, body)
        target = f"{incoming.path}?{query}"
        fault = self._sandbox.faults.choose(incoming.method, target, body)
        response = self._carried_out(fault, environ, body, call)
        call["answer"] = response.status_code
        return response(environ, start_response)

    def _carried_out(self, fault, environ, body, call):
        if fault is None:
            return self._answer(environ, body)
        call["answer"] = fault.kind
        return self._sandbox.faults.carry_out(fault, lambda: self._answer(environ, body))

    def _answer(self, environ, body):
        environ["wsgi.input"].seek(0)
        return Response.from_app(self._app, environ, buffered=True)


def create_app(sandbox, verbose):
    """Return the Flask application with API, authorization server and control API."""
    app = Flask("tribe_sandbox")
    app.json.sort_keys = False
    # Only for the messages that a page shows once.
    app.secret_key = secrets.token_bytes(16)
    app.logger.disabled = not verbose
    for part in (control, consent, pages):
        app.register_blueprint(part.create_blueprint(sandbox))
    _add_error_handlers(app)
    _add_token_routes(app, sandbox)
    _add_api_routes(app, sandbox)
    return app


def _add_error_handlers(app):
    @app.errorhandler(ApiError)
    def refuse(error):
        return jsonify(error.body()), error.status

    @app.errorhandler(OAuthError)
    def refuse_token(error):
        return jsonify(error.body()), error.status

    @app.errorhandler(500)
    def break_down(error):
        cause = error.original_exception
        message = f"The stand-in itself failed: {type(cause).__name__}: {cause}"
        return jsonify(ApiError(500, message).body()), 500

    @app.errorhandler(404)
    def nothing_there(error):
        return jsonify(not_found("There is nothing at this address.").body()), 404

    @app.errorhandler(405)
    def wrong_method(error):
        return jsonify(method_not_allowed("The method is not allowed here.").body()), 405


def _add_token_routes(app, sandbox):
    @app.post("/oauth2/token")
    def token():
        # Parameters in the query or as JSON are not read: the form is the only way in.
        if request.mimetype != FORM_TYPE:
            raise OAuthError(400, "invalid_request", "The body must be a form.")
        answer = jsonify(sandbox.oauth.token(request.form.to_dict()))
        answer.headers["Cache-Control"] = "no-store"
        return answer


def _add_api_routes(app, sandbox):
    service = ODataService(sandbox)

    @app.before_request
    def admit():
        if not request.path.startswith("/v1/"):
            return None
        scheme, _, access_token = request.headers.get("Authorization", "").partition(" ")
        client = sandbox.oauth.client_of(access_token) if scheme.lower() == "bearer" else None
        if client is None:
            return _unauthorized()
        if not sandbox.limiter.admit(client):
            sandbox.calls.record_refusal()
            return _too_many(sandbox.switches)
        return None

    @app.route("/v1/odata/<path:path>", methods=API_METHODS)
    def odata(path):
        return service.answer(request, path)

    @app.route("/v1/odata-file/<set_name>/<key>/<property_name>", methods=API_METHODS)
    def odata_file(set_name, key, property_name):
        return service.file(request, set_name, key, property_name)

    @app.get("/v1/webhooks")
    def list_webhooks():
        return jsonify(sandbox.webhooks.list())

    @app.post("/v1/webhooks")
    def create_webhook():
        content = parse_json(request.get_data())
        return jsonify(sandbox.webhooks.create(sandbox.schema, content)), 201

    @app.delete("/v1/webhooks/<identifier>")
    def delete_webhook(identifier):
        sandbox.webhooks.delete(identifier)
        return "", 204


def _unauthorized():
    body = {
        "error": "invalid_token",
        "error_description": "The access token is invalid or expired.",
    }
    answer = jsonify(body)
    answer.headers["WWW-Authenticate"] = 'Bearer error="invalid_token"'
    return answer, 401


def _too_many(switches):
    answer = Response(status=429)
    if switches.retry_after:
        answer.headers["Retry-After"] = str(int(switches.rate_window))
    return answer
