"""One day of work with everything logged; afterwards its database is there, and nobody uses it."""

from dataclasses import dataclass

import pytest
from end_to_end.waiting import until
from end_to_end.world import world

from host import postgresql
from host.databases import Databases
from host.odoo_source import find_or_fetch
from host.postgresql import Server

from . import database
from .consent import sign_in_on_the_consent_page

DATABASE = "tribe_security"
CUSTOMER = "Relationship_Organization_CommercialRelationship_Customer"
HARMLESS = frozenset(
    {"id", "connection_id", "scope", "create_uid", "create_date", "write_uid", "write_date"}
)
# The client's name is no secret, and moments are none.
TOLD = HARMLESS | {"client_id", "token_expires_at"}
ROTATING = ("access_token", "refresh_token")
# Runs wherever it is not shown as the text that it is.
MARK = "<img src=x onerror='window.tribeWasHere=1'><script>window.tribeWasHere=1</script>"
WEBHOOK_SECRET = "the-webhook-secret-that-tribe-shows"


@dataclass
class Day:
    """What a day left behind: texts, and the secrets, old and new, that are in none of them."""

    log: str
    answers: str
    secrets: dict[str, str]
    used_secrets: dict[str, str]
    webhook_key: str
    marked_partner: int
    marked_move: int
    portal_url: str


@pytest.fixture(scope="session")
def databases():
    with postgresql.running() as server:
        yield Databases(server, find_or_fetch())


@pytest.fixture(scope="session")
def server(databases) -> Server:
    return databases.server


@pytest.fixture(scope="session")
def day(server) -> Day:
    """Connect, activate, book, change on both sides, renew the token, fail once, over a day."""
    with world(
        DATABASE,
        seed=None,
        sandbox_options={"relations": 10, "invoices": 4, "switches": {"legal_entities": 1}},
        max_cron_threads=2,
        log_level="debug_sql",
        log_handler=":DEBUG,odoo.sql_db:DEBUG",
    ) as both:
        both.connect(export_moment="minute", webhook_secret=WEBHOOK_SECRET)
        both.map()
        both.activate()
        _trouble_with_tokens(both)
        _changes(both)
        both.press("action_run_nightly")
        both.wait_until_idle()
        assert both.problems() == []
        partner, move = _marked_records(both)
        portal_url = both.odoo.call("account.move", "get_portal_url", [move])
        used = {"first access_token": _secrets(server)["access_token"]}
        used["code"] = sign_in_on_the_consent_page(both)
        used |= {f"used {name}": _secrets(server)[name] for name in ROTATING}
        both.sandbox.expire_access_tokens()
        both.press("action_connect")
        answers = _everything_an_administrator_reads(both.odoo)
        secrets = _secrets(server)
        assert all(used[f"used {name}"] != secrets[name] for name in ROTATING)
        (row,) = both.odoo.rows("tribe.connection", [], ["webhook_key"])
        assert both.sandbox.client_secret in secrets.values()
    log = both.server.log_text()
    return Day(log, answers, secrets, used, row["webhook_key"], partner, move, portal_url)


def _secrets(server) -> dict[str, str]:
    """The secrets that the connection has now."""
    values = database.credential_values(server, DATABASE)
    return {name: value for name, (value,) in values.items() if name not in TOLD and value}


def _trouble_with_tokens(both):
    """The sign-in fails, a token is refused, and the secret is entered anew."""
    both.sandbox.revoke_tokens()
    both.sandbox.fault("status", status=500, path_contains="/oauth2/token", times=1)
    both.sandbox.fault("status", status=401, path_contains="Relation_Organization", times=1)
    both.odoo.write(
        "tribe.connection", [both.connection_id], client_secret=both.sandbox.client_secret
    )


def _changes(both):
    """A relation changes in Tribe, and one is made in Odoo."""
    row = both.sandbox.rows("Relation_Organization")[0]
    both.sandbox.change("Relation_Organization", row["ID"], {"PhoneNumber": "030 1234567"})
    both.odoo.create("res.partner", name="Nieuwe Klant B.V.", is_company=True, customer_rank=1)
    until(
        "the new customer in Tribe",
        lambda: both.sandbox.rows("Relation_Organization", Name="Nieuwe Klant B.V."),
    )


def _marked_records(both):
    """A customer, its invoice and a problem whose every text is markup: ``(partner, move)``."""
    texts = {"Name": f"Klant {MARK}", "DebtorNumber": "99901", "PhoneNumber": MARK}
    texts |= {"EmailAddress": f"{MARK}@x.example", "Website": MARK, "VATNumber": MARK}
    address = {"Street": MARK, "City": MARK, "Postalcode": MARK, "Extra": MARK}
    own = both.odoo.rows("tribe.connection", [], ["own_organization_id"])[0]["own_organization_id"]
    customers = []
    for name in (f"Klant {MARK}", f"Dubbel {MARK}"):
        body = {**texts, "Name": name, "InvoiceAddress": address}
        organization = both.sandbox.create("Relation_Organization", body)
        links = {"Relation": {"ID": own}, "Organization": {"ID": organization["ID"]}}
        customers.append(both.sandbox.create(CUSTOMER, links))
    group = both.sandbox.rows("Datastore_VatGroup", Code="NL21")[0]["ID"]
    line = {"Description": MARK, "ExtraDescription": MARK, "Quantity": 1.0, "Price": 10.0}
    invoice = both.sandbox.create(
        "Activity_Invoice",
        {
            "Subject": MARK,
            "Currency": "EUR",
            "Relationship": {"ID": customers[0]["ID"]},
            "ProductLines": [{**line, "VatGroup": {"ID": group}}],
        },
    )
    both.sandbox.set_phase(invoice["ID"], "Sent")
    found = until(
        "the marked invoice",
        lambda: both.odoo.rows("account.move", [["tribe_id", "=", invoice["ID"]]], ["partner_id"]),
    )
    both.sandbox.set_phase(invoice["ID"], "Paid")
    both.wait_until_idle()
    until(
        "the problem with the number that two have",
        lambda: any(MARK in problem for problem in both.problems()),
    )
    return found[0]["partner_id"][0], found[0]["id"]


def _everything_an_administrator_reads(odoo) -> str:
    """All fields of all our records, exports of them, and the whole chatter, as one text."""
    texts = []
    models = odoo.rows("ir.model", [["model", "=like", "tribe.%"]], ["model", "abstract"])
    for model in (row["model"] for row in models if not row["abstract"]):
        names = sorted(odoo.call(model, "fields_get", attributes=["type"]))
        rows = odoo.rows(model, [], names)
        texts.append(str(rows))
        ids = [row["id"] for row in rows]
        texts.append(str(odoo.call(model, "export_data", ids, fields_to_export=names)))
    for model, names in (("mail.message", ["body", "subject"]), ("ir.logging", ["message"])):
        texts.append(str(odoo.rows(model, [], names)))
    return "\n".join(texts)
