import json

from odoo.tests import HttpCase, tagged

from ..controllers import tribe_webhook
from ..controllers.refusal_counter import RefusalCounter
from ..controllers.tribe_webhook import MAXIMUM_BYTES
from ..tribe_api.webhook import TOKEN_HEADER, signature
from .common import create_connection

ORGANIZATION = "Relation.Organization"
RELATION_ID = "11111111-2222-4333-8444-555555555555"
# Only to end what would hang.
SECONDS = 900


@tagged("post_install", "-at_install")
class TestWebhook(HttpCase):
    """What Odoo answers to a webhook, and what it notes."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.connection = create_connection(cls.env)
        cls.token = cls.connection._credential().webhook_token

    def setUp(self):
        super().setUp()
        self.count_refusals(allowed=1000)

    def count_refusals(self, **options):
        """Begin counting anew, in a minute that does not end: all tests come from one address."""
        self.patch(tribe_webhook, "_refusals", RefusalCounter(clock=lambda: 0.0, **options))

    def url_open(self, url, **options):
        """As Odoo's, without its twelve seconds: a busy machine may take longer."""
        return super().url_open(url, **{"timeout": SECONDS, **options})

    def send(self, body=None, *, entity_type=ORGANIZATION, key=None, headers=None):
        """Send what Tribe sends; with our token unless other headers are given."""
        if not isinstance(body, bytes):
            body = json.dumps(body or {"payload": {"entityId": RELATION_ID}}).encode()
        return self.url_open(
            f"/tribe/webhook/{key or self.connection.webhook_key}/{entity_type}",
            data=body,
            headers={TOKEN_HEADER: self.token} if headers is None else headers,
            method="POST",
        )

    def noted(self):
        """``[(kind, reference)]`` of the work that waits."""
        works = self.env["tribe.work"].search([("connection_id", "=", self.connection.id)])
        self.assertEqual(set(works.mapped("reason")) - {"webhook"}, set())
        return [(work.kind, work.reference) for work in works]

    def wakes(self):
        """How often an inbound lane was woken."""
        crons = self.env.ref("tribe_connector.cron_inbound_1")
        crons |= self.env.ref("tribe_connector.cron_inbound_2")
        return self.env["ir.cron.trigger"].search_count([("cron_id", "in", crons.ids)])

    def test_our_token_proves_the_sender(self):
        before = self.wakes()

        answer = self.send()

        self.assertEqual((answer.status_code, answer.text), (204, ""))
        self.assertEqual(self.noted(), [("organization", RELATION_ID)])
        self.assertEqual(self.wakes(), before + 1)

    def test_a_signature_in_any_header_proves_the_sender(self):
        body = json.dumps({"payload": {"entityId": RELATION_ID}}).encode()

        answer = self.send(body, headers={"X-Whatever": signature("our-webhook-secret", body)})

        self.assertEqual(answer.status_code, 204)
        self.assertEqual(self.noted(), [("organization", RELATION_ID)])

    def test_without_proof_nothing_is_stored(self):
        body = json.dumps({"payload": {"entityId": RELATION_ID}}).encode()
        other = create_connection(self.env, webhook_secret="another-secret")
        for headers in (
            {},
            {TOKEN_HEADER: ""},
            {TOKEN_HEADER: "False"},
            {TOKEN_HEADER: self.token[:-1]},
            {TOKEN_HEADER: other._credential().webhook_token},
            {"X-Other": self.token},
            {"X-Signature": signature("another-secret", body)},
            {"X-Signature": signature("our-webhook-secret", body + b" ")},
            {"X-Signature": signature("", body)},
        ):
            with self.subTest(headers=headers):
                self.assertEqual(self.send(body, headers=headers).status_code, 403)
        self.assertFalse(self.noted())

    def test_no_secret_at_all_is_no_proof(self):
        credential = self.connection._credential()
        credential.write({"webhook_secret": False, "webhook_token": False})

        for headers in ({}, {TOKEN_HEADER: ""}, {"X-Signature": signature("", b"{}")}):
            self.assertEqual(self.send(b"{}", headers=headers).status_code, 403)
        self.assertFalse(self.noted())

    def test_an_unknown_address_is_refused(self):
        for unknown in (
            {"key": "00000000-0000-4000-8000-000000000000"},
            {"entity_type": "Relation.Unknown"},
            {"entity_type": "Datastore.Country"},
        ):
            self.assertEqual(self.send(**unknown).status_code, 403)
        self.assertFalse(self.noted())

    def test_a_body_that_is_too_large_is_refused(self):
        filling = "x" * MAXIMUM_BYTES
        body = {"payload": {"entityId": RELATION_ID, "filling": filling}}

        self.assertEqual(self.send(body).status_code, 413)
        self.assertFalse(self.noted())

    def test_a_body_that_cannot_be_read_is_refused(self):
        for body in (b"{", b"[]", b"\xff\xfe", b'"text"', b"", b"[" * 20000):
            with self.subTest(body=body[:10]):
                self.assertEqual(self.send(body).status_code, 400)
        self.assertFalse(self.noted())

    def test_an_archived_connection_takes_nothing(self):
        self.connection.active = False

        self.assertEqual(self.send().status_code, 403)

    def test_a_copy_of_the_database_takes_nothing(self):
        for values in ({"database_uuid": "of-the-original"}, {"database_name": "the_original"}):
            with self.subTest(values):
                here = self.connection.sudo().read(list(values))[0]
                self.connection.sudo().write(values)

                self.assertEqual(self.send().status_code, 403)
                self.assertFalse(self.noted())
                self.connection.sudo().write({name: here[name] for name in values})
        self.assertEqual(self.send().status_code, 204)

    def test_fields_of_a_form_are_not_read(self):
        address = f"/tribe/webhook/{self.connection.webhook_key}/{ORGANIZATION}?self=1&key=x&x=1"
        fields = {"self": "1", "key": "x", "entity_type": "Address", "unknown": "1"}
        for options in ({"data": fields}, {"data": fields, "files": {"self": ("self", b"x")}}):
            for headers, status in (({}, 403), ({TOKEN_HEADER: self.token}, 400)):
                with self.subTest(status=status), self.assertNoLogs("odoo.http", "WARNING"):
                    answer = self.url_open(address, headers=headers, **options)
                    self.assertEqual(answer.status_code, status)
        self.assertFalse(self.noted())

    def test_a_refusal_costs_one_query_and_writes_nothing(self):
        for refused in (
            {"headers": {}},
            {"headers": {TOKEN_HEADER: "x" * 64}},
            {"key": "00000000-0000-4000-8000-000000000000"},
        ):
            self.assertEqual(self.queries(refused), self.queries({"key": "unknown"}) + 1)
        self.assertEqual(self.queries({"entity_type": "Unknown"}), self.queries({"key": "unknown"}))

    def queries(self, refused):
        """How many queries a refused webhook costs, those of Odoo itself among them; no write."""
        self.send(**refused)
        refused = {"key": self.connection.webhook_key, **refused}
        before = self.env.cr.sql_log_count
        with self.assertLogs("odoo.sql_db", "DEBUG") as logs:
            self.assertEqual(self.send(**refused).status_code, 403)
        after = self.env.cr.sql_log_count
        for query in logs.output:
            self.assertNotRegex(query, r"query: *(INSERT|UPDATE|DELETE)")
        return after - before

    def test_who_is_refused_too_often_is_told_to_wait(self):
        self.count_refusals(allowed=3)
        refused = [self.send(headers={}) for _time in range(5)]

        self.assertEqual([answer.status_code for answer in refused], [403, 403, 403, 429, 429])
        self.assertEqual(refused[-1].headers["Retry-After"], "60")
        self.assertEqual(self.send({"x": "x" * MAXIMUM_BYTES}).status_code, 429)

    def test_a_real_webhook_passes_whatever_was_refused_before(self):
        self.count_refusals(allowed=0)
        self.assertEqual(self.send(headers={}).status_code, 429)

        self.assertEqual(self.send().status_code, 204)
        self.assertEqual(self.noted(), [("organization", RELATION_ID)])

    def test_only_post_is_taken(self):
        address = f"/tribe/webhook/{self.connection.webhook_key}/{ORGANIZATION}"
        answer = self.url_open(address, headers={TOKEN_HEADER: self.token})

        self.assertEqual(answer.status_code, 405)

    def test_each_entity_type_has_its_kind_of_work(self):
        kinds = {
            "Relation.Person": "person",
            "Relationship.Organization.CommercialRelationship.Customer": "customer",
            "Relationship.Person.CommercialRelationship.Customer": "person_customer",
            "Relationship.Organization.Supplier": "supplier",
            "Address": "address",
            "Activity.Invoice": "invoice",
        }
        for entity_type in kinds:
            self.assertEqual(self.send(entity_type=entity_type).status_code, 204)

        self.assertEqual(self.noted(), [(kind, RELATION_ID) for kind in kinds.values()])

    def test_one_of_a_try_tells_what_it_is_like(self):
        body = {"payload": {"entityId": RELATION_ID, "type": "EntityUpdateMutation"}}
        self.assertEqual(self.send(body, entity_type="trial").status_code, 204)
        self.assertFalse(self.noted())
        works = self.env["tribe.work"]._go_on_trying(self.connection, {"trial": {}}, 60)

        signed = {"X-Sign": "x", "X-Tribe-Signature": "x", TOKEN_HEADER: self.token}
        for _number in range(3):
            self.send(body, entity_type="trial", headers=signed)

        (heard,) = self.env["tribe.work"].search([("kind", "=", "trial")]) - works
        self.assertEqual(heard.direction, "outbound")
        facts = heard.sudo().facts["heard"]
        self.assertGreater(facts.pop("at"), 0)
        self.assertEqual(
            facts,
            {
                "webhook_header": "X-Tribe-Signature",
                "webhook_payload": "entityId, type",
                "webhook_kind": "EntityUpdateMutation",
            },
        )
        self.assertEqual(self.send(body, entity_type="trial", headers={}).status_code, 403)

    def test_what_names_no_record_is_looked_for(self):
        for payload in (
            {"relationshipId": "not-a-guid"},
            {"entityId": "not-a-guid"},
            {"entityId": RELATION_ID + "0"},
            {"entityId": 5},
            {"entityId": ["x"]},
            {},
        ):
            self.assertEqual(self.send({"payload": payload}).status_code, 204)

        self.assertEqual(set(self.noted()), {("poll", "organization")})

    def test_of_a_link_it_is_found_out_what_it_is(self):
        for payload in (
            {"relationshipId": RELATION_ID},
            {"relationshipId": RELATION_ID.upper(), "entityId": "not-a-guid"},
        ):
            self.assertEqual(self.send({"payload": payload}).status_code, 204)

        self.assertEqual(self.noted(), [("entity", f"organization:{RELATION_ID}")])

    def test_a_record_counts_before_a_link(self):
        self.send({"payload": {"entityId": RELATION_ID, "relationshipId": RELATION_ID[::-1]}})

        self.assertEqual(self.noted(), [("organization", RELATION_ID)])

    def test_an_id_in_capitals_is_the_same_record(self):
        capitals = "ABCDEF01-2222-4333-8444-555555555555"
        self.send({"payload": {"entityId": capitals}})

        self.assertEqual(self.noted(), [("organization", capitals.lower())])

    def test_while_paused_it_is_stored_and_waits(self):
        self.connection.state = "paused"
        before = self.wakes()

        self.assertEqual(self.send().status_code, 204)

        self.assertEqual(self.noted(), [("organization", RELATION_ID)])
        self.assertEqual(self.wakes(), before)

    def test_before_activation_nothing_is_stored(self):
        for state in ("draft", "connected"):
            self.connection.state = state
            self.assertEqual(self.send().status_code, 204)

        self.assertFalse(self.noted())
