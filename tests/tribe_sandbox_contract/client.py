"""A plain HTTP client for the stand-in, and a receiver for its webhooks."""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import quote

import requests

# Only to end a test that would hang: no machine is that slow.
SECONDS = 300
# A lag or a life time that no test outlasts.
FOR_GOOD = 10**9
CUSTOMERS = "Relationship_Organization_CommercialRelationship_Customer"
PERSON_CUSTOMERS = "Relationship_Person_CommercialRelationship_Customer"
UNKNOWN_ID = "00000000-0000-4000-8000-000000000000"


class Api:
    """Calls /v1/ with a token. Spaces in a query go out as %20."""

    def __init__(self, sandbox, scope="read write"):
        self.sandbox = sandbox
        self.session = requests.Session()
        self.session.trust_env = False
        self.authorize(scope)

    def authorize(self, scope="read write"):
        """Ask for a new token and use it."""
        token = request_token(self.sandbox, scope=scope).json()["access_token"]
        self.session.headers["Authorization"] = f"Bearer {token}"

    def call(self, method, path, **options):
        """Send a request to /v1/*path* as it is."""
        options.setdefault("timeout", SECONDS)
        return self.session.request(method, f"{self.sandbox.address}/v1/{path}", **options)

    def get(self, path, **options):
        """GET from the OData root; *options* are query options without their dollar sign."""
        query = "&".join(f"${k}={quote(str(v), safe='()$;,=/*')}" for k, v in options.items())
        return self.call("GET", f"odata/{path}?{query}" if query else f"odata/{path}")

    def read(self, path, **options):
        """GET and return the JSON; fails on anything but 200."""
        answer = self.get(path, **options)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def rows(self, path, **options):
        """GET a set and return its records."""
        return self.read(path, **options)["value"]

    def all_rows(self, path, **options):
        """Return all records of a set, page by page, until an empty page."""
        found = []
        while page := self.rows(path, top=100, skip=len(found), **options):
            found += page
        return found

    def post(self, path, body):
        """POST JSON to the OData root."""
        return self.call("POST", f"odata/{path}", json=body)

    def put(self, path, body):
        """PUT JSON to the OData root."""
        return self.call("PUT", f"odata/{path}", json=body)

    def delete(self, path):
        """DELETE at the OData root."""
        return self.call("DELETE", f"odata/{path}")

    def created(self, path, body):
        """POST a new record and return the answer's JSON; fails on anything but 201."""
        answer = self.post(path, body)
        assert answer.status_code == 201, answer.text
        return answer.json()

    def own_organisation(self):
        """Return the link to the own organisation, the parent of customers and suppliers."""
        identity = self.rows("Relationship_Organization_Identity", expand="Relation($select=ID)")[0]
        return {"ID": identity["Relation"]["ID"]}

    def new_customer(self, **organisation):
        """Create a customer with a new organisation; return the customer's JSON."""
        return self.created(
            CUSTOMERS,
            {
                "Relation": self.own_organisation(),
                "Organization": {"Name": "Klant B.V.", **organisation},
                "PaymentTermInDays": 14,
            },
        )

    def with_code(self, datastore, code):
        """Return the link to the datastore record with this code."""
        return {"ID": self.rows(datastore, filter=f"Code eq '{code}'")[0]["ID"]}

    def new_invoice(self, lines, **fields):
        """Create a draft with lines of (quantity, price, VAT group, discount); return its ID."""
        content = [
            {
                "Quantity": quantity,
                "Price": price,
                "VatGroup": self.with_code("Datastore_VatGroup", group),
                "DiscountPercentage": discount,
            }
            for quantity, price, group, discount in lines
        ]
        fields.setdefault("Relationship", {"ID": self.new_customer()["ID"]})
        return self.created("Activity_Invoice", {**fields, "ProductLines": content})["ID"]

    def send(self, invoice):
        """Move an invoice to phase Sent by the documented POST with ID."""
        phase = self.with_code("Datastore_Phase_ActivityInvoice", "Sent")
        return self.post("Activity_Invoice", {"ID": invoice, "Phase": phase})


def request_token(sandbox, **fields):
    """POST a client credentials request; *fields* replace or add form fields."""
    form = {
        "grant_type": "client_credentials",
        "client_id": sandbox.client_id,
        "client_secret": sandbox.client_secret,
        **fields,
    }
    return requests.post(f"{sandbox.address}/oauth2/token", data=form, timeout=SECONDS)


def message_of(answer):
    """Return the message of an Olingo-shaped error; fails when the shape is another."""
    error = answer.json()["error"]
    assert set(error) == {"code", "message"}
    return error["message"]


class Receiver:
    """A webhook receiver on a free port that remembers what came in."""

    def __init__(self):
        self.requests = []
        self.statuses = []
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                receiver.requests.append((dict(self.headers), body))
                self.send_response(receiver.statuses.pop(0) if receiver.statuses else 200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_):
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()
        self.address = f"http://127.0.0.1:{self._server.server_port}/hook"

    def stop(self):
        """Stop listening."""
        self._server.shutdown()
        self._server.server_close()
