"""The stand-in as a process of its own, for tests."""

import atexit
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import requests

PACKAGE_PARENT = Path(__file__).resolve().parent.parent
# Only to end what would hang: no machine is that slow.
SECONDS_TO_STOP = 120
SECONDS_TO_ANSWER = 900
# Those that run and that nobody uses, by their options.
_idle: dict[str, list] = {}


def take(**options):
    """A stand-in with these options, as it was seeded; for who gives it back.

    For many test classes one after the other: to begin anew costs a tenth of a process.
    """
    idle = _idle.setdefault(json.dumps(options, sort_keys=True), [])
    if idle:
        return idle.pop()
    process = _OrphanedProcess(**options)
    process.start()
    atexit.register(process.stop)
    return process


def give_back(process, **options):
    """Let the next one have a stand-in that was taken with these options."""
    process.reset(switches={})
    _idle[json.dumps(options, sort_keys=True)].append(process)


class SandboxProcess:
    """Starts ``python -m tribe_sandbox`` on a free port and controls it.

    Use it as a context manager, or call ``start`` and ``stop``. Options are those of the command
    line: ``SandboxProcess(relations=20, invoices=10, switches={"write_answer": "id"})``.
    """

    # What Python runs.
    module = "tribe_sandbox"

    def __init__(self, python=sys.executable, switches=None, empty=False, **options):
        """*options*: port, store, seed, relations, invoices, today (text)."""
        arguments = [f"--{name}={value}" for name, value in options.items()]
        for name, value in (switches or {}).items():
            written = value if isinstance(value, str) else json.dumps(value)
            arguments += ["--switch", f"{name}={written}"]
        if empty:
            arguments.append("--empty")
        self._command = [python, "-m", self.module, *arguments]
        self._process = None
        self._session = requests.Session()
        self._session.trust_env = False

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.stop()

    def start(self):
        """Start the server and wait for its line; raises RuntimeError when it ends instead."""
        self._begin(self._command)
        line = self._process.stdout.readline()
        if not line:
            self.stop()
            raise RuntimeError("The stand-in ended before it was ready; its stderr says why.")
        announced = json.loads(line)
        self.address = announced["address"]
        self.client_id = announced["client_id"]
        self.client_secret = announced["client_secret"]

    def _begin(self, command, **options):
        path = os.pathsep.join(filter(None, [str(PACKAGE_PARENT), os.environ.get("PYTHONPATH")]))
        self._process = subprocess.Popen(
            command,
            stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": path},
            text=True,
            **options,
        )

    def stop(self):
        """Stop the server; does nothing when it is not running."""
        self._session.close()
        if self._process is None:
            return
        self._end()
        self._process.stdout.close()
        self._process = None

    def _end(self):
        self._process.terminate()
        try:
            self._process.wait(SECONDS_TO_STOP)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    # --- control ------------------------------------------------------------------------------

    def reset(self, **order):
        """Reseed: seed, relations, invoices, empty, keep_webhooks, switches (see sandbox.reset)."""
        self._call("POST", "/sandbox/reset", order)

    def multiply_invoices(self, times):
        """Have each invoice so many times, without lines and PDFs."""
        self._call("POST", "/sandbox/invoices/multiply", {"times": times})

    def back_up(self):
        """Keep today's records."""
        self._call("POST", "/sandbox/backup", {})

    def restore(self):
        """Return to the records of the backup, without a webhook; RuntimeError without one."""
        self._call("POST", "/sandbox/restore", {})

    def switch(self, **changes):
        """Move switches and return all positions."""
        return self._call("PATCH", "/sandbox/switches", changes)

    def fault(self, kind, **description):
        """Set a fault; the fields are those of ``faults.Fault``."""
        self._call("POST", "/sandbox/faults", {"kind": kind, **description})

    def clear_faults(self):
        """Forget all faults."""
        self._call("DELETE", "/sandbox/faults")

    def calls(self):
        """Return the counts of API calls: total, by, writes, token_requests, refused.

        And ``struck``: how many requests met a fault since the start, by method.
        """
        return self._call("GET", "/sandbox/calls")

    def call_log(self):
        """Return the recent API calls, oldest first: method, path, query, body."""
        return self._call("GET", "/sandbox/calls?log=1")["log"]

    def reset_calls(self):
        """Start counting anew."""
        self._call("POST", "/sandbox/calls/reset", {})

    def rows(self, set_name, **conditions):
        """Return all rows of a set, links as IDs; *conditions* are names and values."""
        texts = {
            name: value if isinstance(value, str) else json.dumps(value)
            for name, value in conditions.items()
        }
        return self._call("GET", f"/sandbox/rows/{set_name}", parameters=texts)

    def create(self, set_name, body):
        """Create a record as a person in Tribe; return its row."""
        return self._call("POST", f"/sandbox/rows/{set_name}", body)

    def change(self, set_name, identifier, body):
        """Change a record as a person in Tribe; return its row."""
        return self._call("PATCH", f"/sandbox/rows/{set_name}/{identifier}", body)

    def delete(self, set_name, identifier):
        """Delete a record as a person in Tribe."""
        self._call("DELETE", f"/sandbox/rows/{set_name}/{identifier}")

    def set_phase(self, invoice_id, code):
        """Move an invoice to the phase with this code; return its row."""
        return self._call("POST", f"/sandbox/invoices/{invoice_id}/phase", {"code": code})

    def deliveries(self):
        """Wait until nothing is left to deliver; return reports on the webhook deliveries.

        Raises RuntimeError when that does not come.
        """
        report = self._call("GET", "/sandbox/deliveries?wait=1")
        if not report["idle"]:
            raise RuntimeError(f"Webhooks are still on their way: {report['deliveries'][-5:]}")
        return report["deliveries"]

    def send_webhook(self, entity_type, payload):
        """Send a message that no mutation stands for, such as one about an unknown ID."""
        self._call("POST", "/sandbox/webhooks", {"entityType": entity_type, "payload": payload})

    @property
    def webhook_secret(self):
        """The application's webhook secret."""
        return self._call("GET", "/sandbox/webhook-secret")["secret"]

    def revoke_tokens(self):
        """Make every token invalid."""
        self._call("POST", "/sandbox/tokens/revoke", {})

    def expire_access_tokens(self):
        """End all access tokens, as time would; refresh tokens stay good."""
        self._call("POST", "/sandbox/tokens/expire", {})

    def answer_consent(self, address, decision="allow"):
        """Answer on the consent page; return the address that it sends the browser to."""
        page = self._session.get(address, timeout=SECONDS_TO_ANSWER)
        challenge = re.search(r'name="challenge" value="([^"]+)"', page.text)[1]
        answer = self._session.post(
            f"{self.address}/oauth2/auth",
            data={"challenge": challenge, "decision": decision},
            allow_redirects=False,
            timeout=SECONDS_TO_ANSWER,
        )
        return answer.headers["Location"]

    def _call(self, method, path, body=None, parameters=None):
        answer = self._session.request(
            method,
            f"{self.address}{path}",
            json=body,
            params=parameters,
            timeout=SECONDS_TO_ANSWER,
        )
        if not answer.ok:
            raise RuntimeError(f"{method} {path}: {answer.status_code} {answer.text}")
        return answer.json() if answer.content else None


class _OrphanedProcess(SandboxProcess):
    """Nobody's child: Odoo's test classes end all children that they find at their end.

    It ends when who started it ends, however that comes: by its standard input.
    """

    def _begin(self, command, **options):
        super()._begin(
            ["setsid", "--fork", *command, "--attended"], stdin=subprocess.PIPE, **options
        )
        # It is over when the server is somebody else's.
        self._process.wait()

    def _end(self):
        self._process.stdin.close()
