"""Only Contacts That: what a filter may say, by whomever and in whatever way it is written."""

from unittest.mock import patch

from told import assert_only_says

from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.tests import tagged
from odoo.tools import SQL, mute_logger

from odoo.addons.tribe_connector.engine.problems import NeedsPerson
from odoo.addons.tribe_connector.models import tribe_connection_relations
from odoo.addons.tribe_connector.sentence import sentence
from odoo.addons.tribe_connector.tests.roles_case import RolesCase

from .sentence_case import SentenceCase

SECRET = "s3cr3t-of-the-tenant"
# What a filter could be used for to learn what its writer may not read, or what no lane could
# evaluate; and a word that the refusal must have.
NO_FILTER = "filter_not_understood"
REFUSED = {
    "a path to a secret": (
        "[('tribe_link_ids.connection_id.credential_ids.client_secret', '=like', 's%')]",
        "tribe_link_ids.connection_id.credential_ids.client_secret",
    ),
    "a path through messages": (
        "[('message_ids.mail_server_id.smtp_pass', '=like', 'a%')]",
        "message_ids.mail_server_id.smtp_pass",
    ),
    "any": (
        "[('tribe_link_ids', 'any', [('connection_id.credential_ids.client_secret', '!=', '')])]",
        "tribe_link_ids",
    ),
    "not any": ("[('tribe_link_ids', 'not any', [('tribe_id', '=', 'a')])]", "tribe_link_ids"),
    "any!": ("[('tribe_link_ids', 'any!', [('tribe_id', '=', 'a')])]", "tribe_link_ids"),
    "any on a country": ("[('country_id', 'any', [('code', '=', 'NL')])]", "country_id"),
    "any on itself": ("[('id', 'any', [('user_ids.password', '=like', 'a%')])]", "id"),
    "any in capitals": ("[('country_id', 'ANY', [('code', '=', 'NL')])]", "country_id"),
    "behind a not": ("['!', ('user_ids.login', '=like', 'a%')]", "user_ids.login"),
    "behind an or": (
        "['|', ('city', '=', 'Utrecht'), ('user_ids.api_key_ids.name', '=like', 'a%')]",
        "user_ids.api_key_ids.name",
    ),
    "messages": ("[('message_ids', 'ilike', 'salary')]", "message_ids"),
    "followers": ("[('message_partner_ids', 'in', [1])]", "message_partner_ids"),
    "activities": ("[('activity_ids', '!=', False)]", "activity_ids"),
    "users": ("[('user_ids', '!=', False)]", "user_ids"),
    "contacts of a contact": ("[('child_ids', '=', 1)]", "child_ids"),
    "bank accounts": ("[('bank_ids', 'ilike', 'NL')]", "bank_ids"),
    "links": ("[('tribe_link_ids', '!=', False)]", "tribe_link_ids"),
    "a related field": ("[('country_code', '=', 'NL')]", "country_code"),
    "a related field of a parent": ("[('parent_name', 'ilike', 'a')]", "parent_name"),
    "a computed field": ("[('email_formatted', 'ilike', 'a')]", "email_formatted"),
    "a computed field that can be searched": ("[('display_name', 'ilike', 'a')]", "display_name"),
    "money that is due": ("[('credit', '>', 100)]", "credit"),
    "a field for a group": ("[('signup_type', '=', 'reset')]", "signup_type"),
    "of each company another": ("[('barcode', '=', '1')]", "barcode"),
    "terms of payment": ("[('property_payment_term_id', '=', 1)]", "property_payment_term_id"),
    "an image": ("[('image_1920', '!=', False)]", "image_1920"),
    "child_of": ("[('parent_id', 'child_of', 1)]", "parent_id"),
    "child_of itself": ("[('id', 'child_of', 1)]", "id"),
    "parent_of": ("[('parent_id', 'parent_of', 1)]", "parent_id"),
    "parent_of a tag": ("[('category_id', 'parent_of', [1])]", "category_id"),
    "a salesperson by a text": ("[('user_id', 'ilike', 'a')]", "user_id"),
    "a salesperson equal to a text": ("[('user_id', '=', 'admin')]", "user_id"),
    "a country among texts": ("[('country_id', 'in', ['Netherlands'])]", "country_id"),
    "a tag by a text": ("[('category_id', 'ilike', 'gold')]", "category_id"),
    "a tag equal to a text": ("[('category_id', '=', 'gold')]", "category_id"),
    "a path through tags": ("[('category_id.partner_ids.email', 'ilike', 'a')]", "category_id"),
    "a secret of a salesperson": ("[('user_id.password', '=like', 'a%')]", "user_id.password"),
    "a longer path": ("[('country_id.currency_id.name', '=', 'EUR')]", "country_id.currency_id"),
    "a field of a company": ("[('company_id.name', '=', 'x')]", "company_id.name"),
    "a part of a date": ("[('create_date.month_number', '=', 1)]", "create_date.month_number"),
    "an unknown field": ("[('no_such_field', '=', 1)]", "no_such_field"),
    "an unknown operator": ("[('city', '~', 'a')]", "city"),
    "an operator that is no text": ("[('city', 1, 'a')]", NO_FILTER),
    "a domain as operand": ("[('city', '=', [('name', '=', 'a')])]", "city"),
    "an operand with names": ("[('city', '=', {'a': 1})]", "city"),
    "no list for in": ("[('city', 'in', 'Utrecht')]", "city"),
    "a list in a list": ("[('city', 'in', [['a']])]", "city"),
    "bytes": ("[('city', '=', b'a')]", "city"),
    "a nested list": ("[[('city', '=', 'a')]]", NO_FILTER),
    "too deep a list": ("[" * 300 + "]" * 300, NO_FILTER),
    "too deep": ("(" * 5000, NO_FILTER),
    "too many": (str([("city", "=", "a")] * 500), NO_FILTER),
    "too long": ("[('city', '=', '" + "a" * 100_000 + "')]", NO_FILTER),
    "a tuple": ("('city', '=', 'a')", NO_FILTER),
    "a text": ("'city'", NO_FILTER),
    "a number": ("1", NO_FILTER),
    "a truth": ("True", NO_FILTER),
    "two parts": ("[('city', '=')]", NO_FILTER),
    "four parts": ("[('city', '=', 'a', 'b')]", NO_FILTER),
    "no field": ("[('', '=', 'a')]", NO_FILTER),
    "an or without its parts": ("['|', ('city', '=', 'a')]", NO_FILTER),
    "a not without its part": ("['!']", NO_FILTER),
    "an expression": ("[('user_id', '=', uid)]", NO_FILTER),
    "a call": ("[('city', '=', __import__('os').getcwd())]", NO_FILTER),
    "no Python at all": ("city = 'a'", NO_FILTER),
    # What SQL evaluates, and Python does not.
    "nonsense for a date": ("[('create_date', '>', 'not a date')]", "create_date"),
    "a number for a moment": ("[('write_date', '>', 5)]", "write_date"),
    "no date to compare with": ("[('create_date', '<', False)]", "create_date"),
    "a date among other things": ("[('create_date', 'in', ['2020-01-01', 5])]", "create_date"),
    "a text for a number": ("[('color', '>', '500')]", "color"),
    "a text for a rank": ("[('customer_rank', '>', '5')]", "customer_rank"),
    "a text for a latitude": ("[('partner_latitude', '>', '500')]", "partner_latitude"),
    "a text equal to a number": ("[('color', '=', '1')]", "color"),
    "a text among numbers": ("[('color', 'in', [1, '2'])]", "color"),
    "a truth for a number": ("[('color', '=', True)]", "color"),
    "no number to compare with": ("[('color', '>', False)]", "color"),
    "more than any number": ("[('partner_latitude', '<', 1e999)]", "partner_latitude"),
    "a number that no column holds": ("[('color', '=', 99999999999999)]", "color"),
    "an ID that no column holds": ("[('country_id', '=', 99999999999999)]", "country_id"),
    "a number for a text": ("[('zip', '=', 5)]", "zip"),
    "a truth for a text": ("[('zip', '=', True)]", "zip"),
    "a text less than a number": ("[('zip', '<', 5)]", "zip"),
    "a text less than a text": ("[('zip', '<', '5')]", "zip"),
    "a pattern of a number": ("[('zip', 'ilike', 5)]", "zip"),
    "a pattern of nothing": ("[('zip', 'like', False)]", "zip"),
    "a code more than a code": ("[('country_id.code', '>', 'A')]", "country_id.code"),
    "a text for yes or no": ("[('is_company', '=', 'a')]", "is_company"),
    "a number for yes or no": ("[('is_company', '=', 2)]", "is_company"),
    "less than yes": ("[('is_company', '<', True)]", "is_company"),
    "behind what is false": ("[('city', '=', 'x'), ('color', '>', '1')]", "color"),
    # What takes Python for ever.
    "many wildcards": (f"[('name', '=like', '{'%a' * 30}b')]", "name"),
    "many wildcards of a part": ("[('name', 'ilike', 'a%a%b')]", "name"),
    "not many wildcards": (f"[('name', 'not =ilike', '{'%a' * 30}b')]", "name"),
    "wildcards in a long text": ("[('comment', 'ilike', 'a%b')]", "comment"),
    "a long pattern": (f"[('name', '=like', '{'_' * 500}')]", "name"),
    "an escape of nothing": ("[('name', '=like', 'a\\\\')]", "name"),
}


@tagged("post_install", "-at_install")
class TestContactFilter(SentenceCase, RolesCase):
    """A Tribe administrator without system rights writes it; every lane evaluates it."""

    def setUp(self):
        super().setUp()
        self.connections = self.env["tribe.connection"].with_user(self.manager)
        self.own = self.connection.with_user(self.manager)

    def assert_filter_refused(self, write, part):
        """It is refused in a sentence that names the connection and what is wrong with it."""
        with self.assertRaises(UserError) as caught:
            write()
        assert_only_says(caught.exception, "filter_refused", name="Tribe CRM")
        self.assert_names(caught.exception.args[0].parameters["cause"], part)

    def assert_names(self, cause, part):
        """The cause names a field, or says that it is no filter."""
        if part == NO_FILTER:
            assert_only_says(cause, NO_FILTER)
        else:
            self.assertTrue(cause.code.startswith("filter_"), cause.code)
            self.assertIn(part, cause.parameters["field"])

    def test_it_is_not_written(self):
        for name, (domain, part) in REFUSED.items():
            with self.subTest(name):
                self.assert_filter_refused(
                    lambda d=domain: self.own.write({"relation_domain": d}), part
                )
                self.assertEqual(self.own.relation_domain, "[]")

    def test_nobody_else_writes_it_either(self):
        connection = self.connection.with_user(self.administrator)
        for name, (domain, part) in REFUSED.items():
            with self.subTest(name):
                self.assert_filter_refused(
                    lambda d=domain: connection.write({"relation_domain": d}), part
                )

    def test_no_connection_is_made_with_it(self):
        for name, (domain, part) in REFUSED.items():
            with self.subTest(name):
                self.assert_filter_refused(
                    lambda d=domain: self.connections.create({"relation_domain": d}), part
                )

    def test_no_default_of_the_context_brings_it(self):
        for name, (domain, part) in REFUSED.items():
            with self.subTest(name):
                connections = self.connections.with_context(default_relation_domain=domain)
                self.assert_filter_refused(
                    lambda c=connections: c.create({"name": "Tribe CRM"}), part
                )

    def test_no_default_of_a_user_brings_it(self):
        for name, (domain, part) in REFUSED.items():
            with self.subTest(name):
                self.env["ir.default"].set(
                    "tribe.connection", "relation_domain", domain, user_id=self.manager.id
                )
                self.assert_filter_refused(
                    lambda: self.connections.create({"name": "Tribe CRM"}), part
                )

    def test_no_import_brings_it(self):
        for name, (domain, part) in REFUSED.items():
            with self.subTest(name):
                for row, columns in (
                    (["Tribe CRM", domain], ["name", "relation_domain"]),
                    ([str(self.connection.id), domain], [".id", "relation_domain"]),
                ):
                    result = self.connections.load(columns, [row])

                    self.assertFalse(result["ids"])
                    shown = sentence(NO_FILTER) if part == NO_FILTER else part
                    self.assertIn(shown, result["messages"][0]["message"])
                self.assertEqual(self.connection.relation_domain, "[]")

    def test_no_copy_brings_it(self):
        domain, part = REFUSED["a path to a secret"]
        self.have_from_before(domain)

        self.assert_filter_refused(lambda: self.own.copy(), part)

    def test_no_list_of_commands_brings_it(self):
        domain, part = REFUSED["a path to a secret"]
        for values in (
            {"relation_domain": domain},
            {"name": "Tribe CRM", "relation_domain": domain},
        ):
            self.assert_filter_refused(lambda v=values: self.own.web_save(v, {"name": {}}), part)

    def test_what_people_filter_by_is_taken(self):
        netherlands = self.env.ref("base.nl")
        tag = self.env["res.partner.category"].create({"name": "Gold"})
        child = self.env["res.partner.category"].create({"name": "Old", "parent_id": tag.id})
        province = self.env["res.country.state"].search(
            [("country_id", "=", netherlands.id), ("code", "=", "UT")]
        ) or self.env["res.country.state"].create(
            {"country_id": netherlands.id, "code": "UT", "name": "Utrecht"}
        )
        self.custom_field()
        partner = self.partner
        partner.write(
            {
                "country_id": netherlands.id,
                "state_id": province.id,
                "city": "Utrecht",
                "category_id": child.ids,
                "user_id": self.manager.id,
                "x_region": "north",
                "industry_id": self.env["res.partner.industry"].search([], limit=1).id,
            }
        )
        for domain in (
            [],
            [("country_id", "=", netherlands.id)],
            [("country_id", "in", [netherlands.id, False])],
            [("country_id", "not in", [])],
            [("country_id", "!=", False)],
            [("country_id.code", "=", "NL")],
            [("country_id.name", "ilike", "netherl")],
            [("state_id.code", "=", "UT")],
            [("industry_id.name", "!=", False)],
            [("city", "ilike", "utr")],
            [("city", "in", ("Utrecht", "Zeist"))],
            [("city", "=ilike", "UTRECHT"), ("zip", "not like", "35")],
            [("category_id", "in", [child.id])],
            [("category_id", "=", child.id)],
            [("category_id", "!=", False)],
            [("category_id", "child_of", [tag.id])],
            [("category_id", "child_of", tag.id)],
            [("category_id", "not in", [tag.id])],
            [("is_company", "=", True)],
            [("active", "=", True)],
            [("user_id", "=", self.manager.id)],
            [("user_id", "!=", False)],
            [("x_region", "=", "north")],
            [("customer_rank", ">", 0)],
            [("debtor_number", "=like", "D-%")],
            [("create_date", ">=", "2020-01-01 00:00:00")],
            [("create_date", ">=", "today -30d")],
            [("create_date", ">=", "2020-01-01")],
            [("create_date", "!=", False)],
            [("write_date", "<", "now +1d")],
            [("color", "in", [0, 1.0, False])],
            [("color", "=", False)],
            [("partner_latitude", "<", 1.5)],
            [("is_company", "in", [True, False])],
            [("zip", "in", ["3511 AA", False])],
            [("zip", "=", None)],
            [("name", "=ilike", "%a%")],
            [("comment", "not ilike", "failliet")],
            [("type", "=", "contact")],
            [("commercial_partner_id", "=", partner.id)],
            [("company_id", "=", False)],
            [("id", "in", [partner.id])],
            [(1, "=", 1)],
            ["|", ("city", "=", "Zeist"), "&", ("is_company", "=", True), "!", ("zip", "=", "1")],
            "",
            False,
        ):
            with self.subTest(domain=domain):
                text = domain if isinstance(domain, (str, bool)) else str(domain)

                self.own.write({"relation_domain": text})

                found = self.env["res.partner"].search(self.connection._relation_domain())
                self.assertIn(partner, found)
                # A save goes by Python.
                self.assertEqual(self.connection._perhaps_relations_among(partner), partner)
                self.assertFalse(self.connection.trouble)

    def test_a_long_value_is_left_to_the_database(self):
        """A pattern is tried anew from each place of the value, while no other thread runs."""
        for text, operand in (("street2", "q%z0"), ("comment", "z0")):
            with self.subTest(text):
                self.own.write({"relation_domain": str([(text, "ilike", operand)])})
                short, long = (
                    self.env["res.partner"].create(
                        {
                            "name": "Lang",
                            "is_company": True,
                            "customer_rank": 1,
                            "company_id": self.connection.company_id.id,
                            text: "q" * count,
                        }
                    )
                    for count in (900, 1_001)
                )

                among = self.connection._perhaps_relations_among(short | long)

                self.assertEqual(among, long)
                self.assertFalse(self.connection._relations_among(short | long))

    def test_a_field_that_an_addon_keeps_for_a_group(self):
        """Its writer may read it; who looks at the plan may not."""
        field = self.env["res.partner"]._fields["city"]
        connection = self.connection.with_user(self.administrator)
        with patch.object(field, "groups", "base.group_system"):
            self.assert_filter_refused(
                lambda: connection.write({"relation_domain": "[('city', '=', 'Utrecht')]"}), "city"
            )

    def custom_field(self):
        """A field of contacts that somebody made in Odoo's settings."""
        return self.env["ir.model.fields"].create(
            {
                "name": "x_region",
                "field_description": "Region",
                "model_id": self.env["ir.model"]._get_id("res.partner"),
                "ttype": "char",
            }
        )

    # A filter that was stored before it was checked like this

    def have_from_before(self, domain):
        """The connection has it, as if nothing had looked at it."""
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE tribe_connection SET relation_domain = %s WHERE id = %s",
            [domain, self.connection.id],
        )
        self.env.invalidate_all()

    def test_one_from_before_is_not_evaluated(self):
        self.connection._credential().client_secret = SECRET
        self.connection.state = "active"
        keeper = self.new_user("keeper", "tribe_connector.group_user,base.group_partner_manager")
        for name, (domain, part) in REFUSED.items():
            with self.subTest(name):
                self.have_from_before(domain)
                self.env["tribe.work"].search([]).unlink()

                with self.assert_refused("filter_held"):
                    self.connection._unlinked_partners()
                # Nobody is kept from saving: it waits for the filter (test_never_in_the_way.py).
                new = self.env["res.partner"].create({"name": "Nieuw", "customer_rank": 1})
                new.with_user(keeper).action_synchronize_with_tribe()
                self.assertTrue(self.env["tribe.work"].search([("kind", "=", "partner")]))
                self.assert_trouble(self.own, "filter_refused", name="Tribe CRM")
                (held,) = self.own.sudo()._trouble_sentences()
                self.assert_names(held.parameters["cause"].parameters["cause"], part)

    def test_one_from_before_leaves_what_is_linked_as_it_is(self):
        self.connection.state = "active"
        self.have_from_before(REFUSED["a path to a secret"][0])
        self.env["tribe.work"].search([]).unlink()

        keeper = self.new_user("keeper", "base.group_user,base.group_partner_manager")
        self.partner.with_user(keeper).city = "Zeist"

        works = self.env["tribe.work"].search(
            [("kind", "=", "partner"), ("connection_id", "=", self.connection.id)]
        )
        self.assertEqual(works.mapped("reference"), [str(self.partner.id)])

    def test_one_from_before_counts_nothing_for_who_asks(self):
        """What could be guessed letter by letter, by pressing Show Plan."""
        self.connection._credential().client_secret = SECRET
        self.connection.write({"state": "connected", "own_organization_id": "own"})
        field = "tribe_link_ids.connection_id.credential_ids.client_secret"
        for letter in "sx":
            self.have_from_before(
                "[('tribe_link_ids.connection_id.credential_ids.client_secret', '=like',"
                f" '{letter}%')]"
            )
            with self.assert_refused("filter_path_not_allowed", field=field):
                self.own.action_plan()
            with self.assert_refused("filter_path_not_allowed", field=field):
                self.own.action_activate()

    def test_one_from_before_does_not_stop_other_settings(self):
        self.have_from_before(REFUSED["a path to a secret"][0])

        self.own.write({"conflict_policy": "ask"})
        self.own.write({"relation_domain": "[('city', '=', 'Utrecht')]"})

        self.assertFalse(self.own.trouble)

    def test_whether_it_is_understood_is_asked_of_no_contact(self):
        """One of them with very long texts takes PostgreSQL longer than a worker lives."""
        found = []
        search = type(self.env["res.partner"]).search

        def note(partners, *args, **options):
            result = search(partners, *args, **options)
            found.append(result)
            return result

        with patch.object(self.registry["res.partner"], "search", note):
            self.own.write({"relation_domain": "[('name', '!=', False)]"})
            self.assertFalse(self.connection._filter_problem())

        self.assertEqual(len(found), 2)
        self.assertFalse(any(found))

    def test_one_that_takes_too_long_is_told_and_sends_nobody_new(self):
        """The schedule of all connections looks by it, and so does the only lane that sends."""
        self.connection.state = "active"
        self.have_from_before("[('city', '!=', 'Utrecht')]")
        partner = self.env["res.partner"].create({"name": "Nieuw", "customer_rank": 1})
        self.env["tribe.work"].search([]).unlink()
        slow = Domain.custom(to_sql=lambda *_arguments: SQL("pg_sleep(2) IS NOT NULL"))
        with (
            mute_logger("odoo.sql_db"),
            patch.object(tribe_connection_relations, "LONGEST_QUERY", "50ms"),
            patch.object(
                self.registry["tribe.connection"], "_contact_filter", lambda _connection: slow
            ),
        ):
            with self.assert_refused("filter_held"):
                self.connection._unlinked_partners()
            with self.assertRaises(NeedsPerson) as caught:
                self.connection._relations_among(partner)
            assert_only_says(caught.exception.args[0], "filter_held")
            self.connection._enqueue_nightly()
        self.assert_trouble(self.own, "filter_too_slow")
        self.assertFalse(self.env["tribe.work"].search([("reference", "=", str(partner.id))]))

        self.connection._enqueue_nightly()

        self.assertFalse(self.own.trouble)
        self.assertTrue(self.env["tribe.work"].search([("reference", "=", str(partner.id))]))

    def test_it_is_told_to_who_is_told(self):
        self.connection.state = "active"
        self.have_from_before(REFUSED["a path to a secret"][0])

        self.connection._tell_trouble()

        (activity,) = self.connection._trouble_activities()
        self.assertIn("client_secret", activity.note)
