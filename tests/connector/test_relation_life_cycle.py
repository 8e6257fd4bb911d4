import time

from told import containing

from odoo.addons.tribe_connector.relations.relation_reader import load_relations
from odoo.addons.tribe_connector.sentence import say, sentence

from .common import ORGANIZATION_CUSTOMER, SUPPLIER
from .relation_case import LEAD, RelationCase

ADDRESS = {"street": "Dorpsstraat 1", "zip": "1012 AB", "city": "Amsterdam"}


class TestRelationLifeCycle(RelationCase):
    """Merged, deleted, upgraded, narrowed: what becomes of the other side."""

    def merge(self, source, target):
        """Merge two contacts with Odoo's own wizard."""
        wizard = self.env["base.partner.merge.automatic.wizard"].create(
            {"partner_ids": [(6, 0, (source | target).ids)], "dst_partner_id": target.id}
        )
        wizard.action_merge()
        self.run_lanes()

    def planned(self, partner):
        """What the plan says would become of a contact."""
        self.connection.mode = "dry_run"
        action = self.connection.action_plan()
        self.run_lanes()
        self.connection.mode = "live"
        plan = self.env["tribe.plan"].browse(action["res_id"])
        return plan.line_ids.filtered(lambda line: line.partner_id == partner).action

    def suggestions(self):
        return self.env["tribe.suggestion"].search([])

    def test_merging_two_linked_contacts_keeps_one_and_asks_about_the_other(self):
        source = self.linked("Blijft Over B.V.", debtor_number="10064")
        target = self.linked("Blijft B.V.", debtor_number="10046")
        merged_away, kept = source.tribe_id, target.tribe_id

        self.merge(source, target)

        self.assertEqual(target.tribe_id, kept)
        self.assertEqual(self.link(merged_away).state, "merged")
        self.assertAsked(
            "relation_of_merged_contact",
            relation=self.numbered("Blijft Over B.V.", debtor="10064"),
            partner=self.numbered("Blijft B.V.", debtor="10046"),
        )
        self.assertEqual(self.written(self.run_nightly), 0)
        self.assertEqual(len(self.problems()), 1)

    def test_what_was_merged_away_is_named_and_left_to_odoo_where_it_is_asked_about(self):
        source, target = self.linked("Blijft Over B.V."), self.linked("Blijft B.V.")
        link = self.link(source.tribe_id)
        self.merge(source, target)

        work = self.problematic()
        self.assertTrue(work.can_leave_to_odoo)
        self.assertEqual(link.display_name, "Blijft B.V.")
        self.assertEqual(link.difference_shown, say(self.env, "link_merged_in_odoo"))
        told = work.action_leave_to_odoo()["params"]["outcome"]["message"]
        self.assertIn("Blijft B.V.", told)
        self.run_lanes()

        self.assertEqual(link.state, "left_to_odoo")
        self.assertFalse(self.problems())

    def test_nothing_else_about_a_relation_is_left_to_odoo(self):
        partner = self.linked()
        partner.is_company = False
        self.synchronize(partner)
        work = self.problematic()

        self.assertFalse(work.can_leave_to_odoo)
        work.action_leave_to_odoo()

        self.assertEqual(self.link(partner.tribe_id).state, "linked")

    def test_a_deleted_contact_is_not_called_by_a_bare_id(self):
        partner = self.linked("Weg B.V.")
        tribe_id = partner.tribe_id

        partner.unlink()

        called = self.link(tribe_id).display_name
        self.assertNotIn("Weg B.V.", called)
        self.assertEqual(called, f"Deleted contact ({tribe_id})")

    def test_what_was_merged_away_is_no_question_once_it_is_former_in_tribe(self):
        source, target = self.linked("Blijft Over B.V."), self.linked("Blijft B.V.")
        merged_away = source.tribe_id
        relationship = self.relationships(source)[ORGANIZATION_CUSTOMER]
        self.merge(source, target)

        self.sandbox.change(ORGANIZATION_CUSTOMER, relationship["ID"], {"IsFormer": True})
        self.look_at("organization", merged_away)

        self.assertFalse(self.problems())
        self.assertTrue(target.active)

    def test_what_was_merged_away_can_be_left(self):
        source, target = self.linked("Blijft Over B.V."), self.linked("Blijft B.V.")
        merged_away = source.tribe_id
        self.merge(source, target)

        self.link(merged_away).action_leave_to_odoo()
        self.run_lanes()

        self.assertFalse(self.problems())
        self.look_at("organization", merged_away)
        self.assertFalse(self.env["res.partner"].search([("name", "=", "Blijft Over B.V.")]))

    def test_what_was_merged_away_is_not_simply_whoever_gets_its_number(self):
        """In the plan too, and also once it is former in Tribe."""
        source, target = self.linked("Samen B.V.", debtor_number="1001"), self.linked("Blijft B.V.")
        merged_away = source.tribe_id
        relationship = self.relationships(source)[ORGANIZATION_CUSTOMER]
        self.merge(source, target)
        for is_former in (False, True):
            with self.subTest(is_former=is_former):
                self.sandbox.change(
                    ORGANIZATION_CUSTOMER, relationship["ID"], {"IsFormer": is_former}
                )
                self.look_at("organization", merged_away)
                other = self.customer(
                    "Heel Anders B.V.", debtor_number="1001", email="info@anders.example"
                )
                self.assertEqual(self.planned(other), "question")

                self.synchronize(other)

                (work,) = self.problematic().filtered(lambda each: each.direction == "outbound")
                self.assert_told(work, "against_again")
                self.assertEqual(self.link(merged_away).state, "merged")
                row = self.tribe_row("Relation_Organization", merged_away)
                self.assertEqual((row["Name"], row["EmailAddress"]), ("Samen B.V.", None))
                if is_former:
                    self.suggestions().filtered(lambda each: each.state == "open").action_link()
                    self.run_lanes()
                    self.assertEqual(other.tribe_id, merged_away)
                else:
                    self.suggestions().action_refuse()
                    other.debtor_number = "1009"
                    self.synchronize(other)
                    self.assertNotIn(other.tribe_id, (False, merged_away))
                    self.assertAsked("relation_of_merged_contact")
        self.assertFalse(self.problems())

    def test_a_number_that_tribe_gives_again(self):
        """As after a restored backup of Tribe: whose own relation is gone is not simply another."""
        partner, _gone = self.gone("Klant B.V.", debtor_number="7001", email="info@klant.example")
        again = self.organization(
            Name="Heel Anders B.V.", DebtorNumber="7001", EmailAddress="info@anders.example"
        )
        for look in (
            lambda: self.look_at("organization", again["ID"]),
            lambda: self.synchronize(partner),
        ):
            look()
            self.assertIn("gone", partner.tribe_link_ids.mapped("state"))
        self.assertAsked("against_again")
        self.assertEqual(self.suggestions().tribe_id, again["ID"])
        self.assertEqual((partner.name, partner.email), ("Klant B.V.", "info@klant.example"))
        # Somebody made the same customer anew.
        self.suggestions().unlink()
        self.sandbox.change("Relation_Organization", again["ID"], {"Name": "Klant B.V."})
        self.look_at("organization", again["ID"])
        self.assertEqual(partner.tribe_id, again["ID"])

    def test_who_is_being_sent_is_not_overwritten_by_who_has_its_number(self):
        """What was sent is agreed with nobody but who arrived of it."""
        for number, look in enumerate(
            (
                lambda _partner, row: self.look_at("organization", row["ID"]),
                lambda partner, _row: self.synchronize(partner),
            ),
            7101,
        ):
            with self.subTest(number):
                email = f"info{number}@klant.example"
                partner = self.customer(f"Klant {number}", debtor_number=str(number), email=email)
                self.env["tribe.link"].create(
                    {
                        "connection_id": self.connection.id,
                        "kind": "organization",
                        "partner_id": partner.id,
                        "state": "sending",
                        "sent_at": "2026-01-01",
                        "agreed": partner._tribe_values(self.connection),
                    }
                )
                row = self.organization(
                    Name=f"Klant {number}", DebtorNumber=str(number), EmailAddress="twee@x.example"
                )

                look(partner, row)
                self.run_nightly()

                self.assertEqual(partner.tribe_id, row["ID"])
                self.assertEqual((partner.name, partner.email), (f"Klant {number}", email))
                self.assertEqual(self.tribe_of(partner)["EmailAddress"], email)
                self.assertFalse(self.problems())

    def test_what_was_left_is_nobody_elses_once_its_contact_is_merged_or_deleted(self):
        """Whoever gets its number is asked for another one, in the plan too."""
        merged, target = self.linked("Samen B.V.", debtor_number="1001"), self.linked("Blijft B.V.")
        of_merged = self.link(merged.tribe_id)
        self.merge(merged, target)
        of_merged.action_leave_to_odoo()
        deleted = self.linked("Weg B.V.", debtor_number="1002")
        of_deleted = self.link(deleted.tribe_id)
        of_deleted.state = "left_to_odoo"
        deleted.unlink()
        self.run_lanes()
        for link, name, number in (
            (of_merged, "Samen B.V.", "1001"),
            (of_deleted, "Weg B.V.", "1002"),
        ):
            with self.subTest(name):
                before = dict(self.tribe_row("Relation_Organization", link.tribe_id))
                other = self.customer(f"Heel Anders {number} B.V.", debtor_number=number)
                self.assertEqual(self.planned(other), "question")
                self.synchronize(other)

                self.assertAsked(
                    "number_taken_in_tribe", number=number, partner=other.name, relation=name
                )
                self.assertEqual((link.state, link.partner_id.name), ("left_to_odoo", False))
                self.assertEqual(self.tribe_row("Relation_Organization", link.tribe_id), before)
                other.debtor_number = f"2{number}"
                self.synchronize(other)
                self.assertNotEqual(other.tribe_id or link.tribe_id, link.tribe_id)
                self.assertFalse(self.problems())

    def test_what_was_left_is_no_possible_match(self):
        gone = self.linked("Weg B.V.", debtor_number="1001", email="info@weg.example")
        link = self.link(gone.tribe_id)
        gone.unlink()
        other = self.customer("Ander B.V.", email="info@weg.example")
        self.synchronize(other)
        self.assertEqual(self.suggestions().tribe_id, link.tribe_id)

        link.action_leave_to_odoo()
        self.run_lanes()

        self.assertFalse(self.suggestions())
        self.assertFalse(self.problems())
        self.assertNotIn(other.tribe_id, (False, link.tribe_id))

    def test_what_was_left_keeps_the_import_id_of_another_contact(self):
        """Nothing is sent there, and it proves nothing."""
        gone = self.linked("Weg B.V.")
        link = self.link(gone.tribe_id)
        gone.unlink()
        link.action_leave_to_odoo()
        other = self.customer("Ander B.V.")
        import_id = self.connection._import_id(other, "organization")
        self.sandbox.change("Relation_Organization", link.tribe_id, {"ImportId": import_id})

        self.synchronize(other)

        self.assertNotIn(other.tribe_id, (False, link.tribe_id))
        kept = self.tribe_row("Relation_Organization", link.tribe_id)
        self.assertEqual((kept["Name"], kept["ImportId"]), ("Weg B.V.", import_id))
        self.assertEqual(link.state, "left_to_odoo")

    def test_what_was_merged_away_and_is_linked_anew_names_the_other_contact_no_more(self):
        source, target = self.linked("Blijft Over B.V."), self.linked("Blijft B.V.")
        merged_away, number = source.tribe_id, source.debtor_number
        self.merge(source, target)
        self.assertEqual(self.link(merged_away).merged_into_id, target)

        anew = self.customer("Blijft Over B.V.", debtor_number=number)
        self.synchronize(anew)

        self.assertEqual(self.link(merged_away).partner_id, anew)
        self.assertFalse(self.link(merged_away).merged_into_id)
        self.assertFalse(self.problems())
        # Nor where an earlier version linked it.
        self.link(merged_away).merged_into_id = target
        self.env.flush_all()
        self.env["tribe.link"].init()
        self.env.invalidate_all()
        self.assertFalse(self.link(merged_away).merged_into_id)

    def test_merging_a_linked_contact_into_one_that_is_not(self):
        source = self.linked("Gekoppeld B.V.")
        target = self.customer("Niet Gekoppeld", customer_rank=0)
        tribe_id = source.tribe_id

        self.merge(source, target)

        self.assertEqual(target.tribe_id, tribe_id)
        self.assertFalse(self.problems())

    def assertFollows(self, partner, tribe_id):
        """A contact is linked with a relation, both ways, and nobody is asked anything."""
        self.assertEqual(partner.tribe_id, tribe_id)
        self.assertFalse(self.problems())
        self.sandbox.change("Relation_Organization", tribe_id, {"PhoneNumber": "030 77"})
        self.look_at("organization", tribe_id)
        partner.website = "https://www.blijft.example"
        self.run_nightly()
        self.assertEqual(partner.phone, "030 77")
        self.assertIn("blijft", self.tribe_of(partner)["Website"])
        self.assertFalse(self.problems())
        self.assertEqual(self.written(self.run_nightly), 0)

    def gone(self, name, **values):
        """A contact whose relation was deleted in Tribe, and the ID that it had."""
        partner = self.linked(name, **values)
        return partner, self.delete_in_tribe(partner)

    def delete_in_tribe(self, partner):
        """Delete the relation of a contact in Tribe; returns the ID that it had."""
        self.connection.settle_seconds = 0
        tribe_id = partner.tribe_id
        self.sandbox.delete("Relation_Organization", tribe_id)
        self.look_at("organization", tribe_id)
        self.assertEqual(self.link(tribe_id).state, "gone")
        return tribe_id

    def test_a_linked_contact_merged_into_one_that_is_gone_stays_linked(self):
        """The other relation is Deleted in Tribe, before and after a night; it is not there, so
        nothing is to be decided about it. That it was merged is known all the time: should it show
        again, there are two in Tribe, and a person is asked.
        """
        target, source = self.linked("Weg in Tribe B.V."), self.linked("Springlevend B.V.")
        self.sandbox.back_up()
        gone, tribe_id = self.delete_in_tribe(target), source.tribe_id

        self.merge(source, target)

        self.assert_gone_and_merged(gone, target)
        self.assertFollows(target, tribe_id)
        self.assert_gone_and_merged(gone, target)

        self.sandbox.restore()
        self.look_at("organization", gone)
        self.assertAsked("relation_of_merged_contact", partner=containing(target.name))
        self.assertEqual(self.link(gone).state, "merged")

    def test_one_that_is_gone_is_not_simply_whoever_gets_its_number_once_it_shows_again(self):
        """Its contact was merged: its number is free in Odoo, and may be given again."""
        source = self.linked("Weg in Tribe B.V.", debtor_number="1001")
        target = self.linked("Springlevend B.V.", debtor_number="1002")
        self.sandbox.back_up()
        gone = self.delete_in_tribe(source)
        self.merge(source, target)
        self.sandbox.restore()

        other = self.customer("Heel Anders B.V.", debtor_number="1001")
        self.synchronize(other)

        self.assertFalse(other.tribe_id)
        self.assert_told(self.problematic(), "against_again")
        self.assertEqual(self.tribe_row("Relation_Organization", gone)["Name"], "Weg in Tribe B.V.")

    def assert_gone_and_merged(self, tribe_id, partner):
        link = self.link(tribe_id)
        self.assertEqual((link.state, link.merged_into_id), ("gone", partner))
        self.assertFalse(link.partner_id)
        self.assertFalse(link.can_leave_to_odoo)

    def test_nor_into_one_that_is_left_to_odoo(self):
        target, source = self.linked("Gelaten B.V."), self.linked("Springlevend B.V.")
        left, tribe_id = target.tribe_id, source.tribe_id
        self.link(left).write({"state": "left_to_odoo"})
        number = source.debtor_number

        self.merge(source, target)
        # Its own is that of the relation that was left, which still is in Tribe.
        target.debtor_number = number

        self.assertFollows(target, tribe_id)
        self.look_at("organization", left)
        self.assertEqual(self.link(left).state, "left_to_odoo")
        self.assertFalse(self.problems())
        self.assertFalse(self.env["res.partner"].search([("name", "=", "Gelaten B.V.")]) - target)

    def test_one_that_lives_and_one_that_is_gone_merged_into_a_third(self):
        dead, _gone = self.gone("Weg in Tribe B.V.")
        source = self.linked("Springlevend B.V.")
        tribe_id = source.tribe_id
        target = self.customer("Derde B.V.", customer_rank=0)

        wizard = self.env["base.partner.merge.automatic.wizard"].create({})
        wizard._merge((dead | source | target).ids, target)
        self.run_lanes()

        self.assertFollows(target, tribe_id)

    def test_a_gone_contact_merged_into_a_linked_one_asks_nothing(self):
        source, gone = self.gone("Weg in Tribe B.V.")
        target = self.linked("Springlevend B.V.")
        tribe_id = target.tribe_id

        self.merge(source, target)

        self.assertFollows(target, tribe_id)
        self.assert_gone_and_merged(gone, target)

    def test_merging_keeps_what_was_refused(self):
        row = self.organization(Name="Visser", EmailAddress="info@x.example")
        source = self.customer("A B.V.", email="info@x.example")
        self.synchronize(source)
        self.env["tribe.suggestion"].search([]).action_refuse()
        self.run_lanes()
        for refused, other in ((source, "B B.V."), (None, "C B.V.")):
            with self.subTest(other):
                target = self.customer(other, email="info@x.example", customer_rank=0)
                self.look_at("organization", row["ID"])
                suggestions = self.env["tribe.suggestion"]
                self.assertEqual(suggestions.search([("partner_id", "=", target.id)]).state, "open")

                # The refused one into the other, then the other way round.
                source, target = (refused, target) if refused else (target, source)
                self.merge(source, target)

                suggestion = suggestions.search([])
                self.assertEqual((suggestion.partner_id, suggestion.state), (target, "refused"))
                source = target
        self.run_nightly()
        self.assertNotEqual(self.link(row["ID"]).partner_id, target)

    def sending(self, name="Onderweg B.V.", **values):
        """A customer that Tribe has, though its answer was lost; and the ID of its relation."""
        partner = self.customer(name, **values)
        self.sandbox.fault("lose_answer", method="POST", path_contains=ORGANIZATION_CUSTOMER)
        partner.action_synchronize_with_tribe()
        self.run_lanes()
        self.assertEqual(partner.tribe_link_ids.mapped("state"), ["sending", "sending"])
        (row,) = self.named(name)
        return partner, row["ID"]

    def look_at_all(self):
        """As at the end of the wait after a lost answer."""
        self.connection.settle_seconds = 0
        self.env["tribe.work"].search([]).write({"due": "2020-01-01"})
        self.run_lanes()

    def contacts(self, name="Onderweg B.V."):
        return self.env["res.partner"].with_context(active_test=False).search([("name", "=", name)])

    def test_a_contact_deleted_while_it_is_sent_does_not_come_back(self):
        partner, tribe_id = self.sending()

        partner.unlink()
        self.look_at_all()
        self.look_at("organization", tribe_id)

        self.assertFalse(self.contacts())
        self.assertEqual(self.link(tribe_id).state, "unlinked")
        told = say(self.env, "difference_contact_deleted")
        self.assertEqual(self.link(tribe_id).difference_shown, told)
        self.assertFalse(self.problems())

    def test_one_merged_into_a_linked_one_while_it_is_sent_is_asked_about(self):
        source, tribe_id = self.sending()
        target = self.linked("Blijft B.V.")

        self.merge(source, target)
        self.look_at_all()
        self.look_at("organization", tribe_id)

        self.assertFalse(self.contacts())
        self.assertAsked(
            "relation_of_merged_contact",
            relation=containing("Onderweg B.V."),
            partner=containing("Blijft B.V."),
        )

    def test_one_merged_into_one_that_is_not_linked_is_found_and_not_sent_twice(self):
        source, tribe_id = self.sending()
        target = self.customer("Blijft B.V.", customer_rank=0)

        self.merge(source, target)
        self.look_at_all()

        self.assertEqual(target.tribe_id, tribe_id)
        self.assertEqual(self.tribe_of(target)["Name"], "Blijft B.V.")
        self.assertFalse(self.named("Onderweg B.V."))
        self.assertFalse(self.problems())

    def test_nor_when_the_relation_comes_by_itself(self):
        source, tribe_id = self.sending()
        target = self.customer("Blijft B.V.", customer_rank=0)

        self.merge(source, target)
        self.look_at("organization", tribe_id)

        self.assertFalse(self.contacts())
        self.assertEqual(self.link(tribe_id).partner_id, target)

    def test_synchronizing_who_is_gone_in_tribe_says_so(self):
        partner, _gone = self.gone("Weg in Tribe B.V.")
        lines = self.env["tribe.run.line"].search([("partner_id", "=", partner.id)])
        partner.phone = "030 9"

        self.synchronize(partner)

        lines = self.env["tribe.run.line"].search([("partner_id", "=", partner.id)]) - lines
        self.assert_only_told(lines, "relation_deleted_in_tribe", field="text")

    def test_a_contact_deleted_in_odoo_unlinks_and_says_so(self):
        partner = self.linked("Weg B.V.")
        tribe_id = partner.tribe_id

        partner.unlink()
        self.look_at("organization", tribe_id)

        link = self.link(tribe_id)
        self.assertEqual(link.state, "unlinked")
        self.assertEqual(link.difference_shown, say(self.env, "difference_contact_deleted"))
        self.assertEqual(len(self.named("Weg B.V.")), 1)
        self.assertFalse(self.env["res.partner"].search([("name", "=", "Weg B.V.")]))

    def test_a_relation_that_is_looked_for_under_the_other_kind_is_not_deleted(self):
        company, person = self.linked("Klant B.V."), self.linked("Jan Smit", is_company=False)
        self.no_old_copies()
        self.env["tribe.link"].search([]).sent_at = False

        self.look_at("person", company.tribe_id)
        self.look_at("organization", person.tribe_id)

        for partner in (company, person):
            self.assertEqual(self.link(partner.tribe_id).state, "linked")
            partner.phone = "020 1234567"
        self.run_nightly()
        self.assertEqual(self.tribe_of(company)["PhoneNumber"], "020 1234567")
        self.assertEqual(self.tribe_of(person)["PhoneNumber"], "020 1234567")
        self.assertFalse(self.problems())

    def test_a_relation_deleted_in_tribe_unlinks_and_says_so(self):
        partner = self.linked("Weg B.V.")
        tribe_id = partner.tribe_id
        self.connection.settle_seconds = 0
        self.sandbox.delete("Relation_Organization", tribe_id)

        self.look_at("organization", tribe_id)

        self.assertEqual(self.link(tribe_id).state, "gone")
        self.assertTrue(partner.exists() and partner.active)
        self.assertFalse(partner.tribe_id)
        lines = self.env["tribe.run.line"].search([("partner_id", "=", partner.id)])
        self.assert_told(lines, "relation_deleted_in_tribe", field="text")

    def test_a_lead_is_picked_up_when_it_becomes_a_customer(self):
        row = self.organization(roles=[LEAD], Name="Ooit Klant B.V.")
        self.look_at("organization", row["ID"])
        self.assertFalse(self.link(row["ID"]))

        relationship = self.relate(ORGANIZATION_CUSTOMER, Organization=row["ID"])
        self.look_at("customer", relationship["ID"])

        self.assertEqual(self.link(row["ID"]).partner_id.name, "Ooit Klant B.V.")

    def test_former_as_a_customer_only_stays_a_supplier(self):
        partner = self.linked(supplier_rank=1)
        row = self.relationships(partner)[ORGANIZATION_CUSTOMER]
        self.sandbox.change(ORGANIZATION_CUSTOMER, row["ID"], {"IsFormer": True})
        self.look_at("customer", row["ID"])

        self.assertTrue(partner.active)
        row = self.relationships(partner)[SUPPLIER]
        self.sandbox.change(SUPPLIER, row["ID"], {"IsFormer": True})
        self.look_at("supplier", row["ID"])

        self.assertFalse(partner.active)

    def test_a_contact_with_a_user_is_not_archived_and_says_why(self):
        partner = self.linked("Portaal B.V.")
        self.env["res.users"].create(
            {
                "name": "Portaal B.V.",
                "login": "portaal",
                "partner_id": partner.id,
                "group_ids": [(6, 0, self.env.ref("base.group_portal").ids)],
            }
        )
        row = self.relationships(partner)[ORGANIZATION_CUSTOMER]
        self.sandbox.change(ORGANIZATION_CUSTOMER, row["ID"], {"IsFormer": True})

        self.look_at("customer", row["ID"])

        self.assertTrue(partner.active)
        self.assertAsked(
            "contact_cannot_be_archived",
            partner="Portaal B.V.",
            reason=sentence("contact_has_user", users="Portaal B.V."),
        )

    # Which ones

    def test_a_filter_narrows_who_is_sent(self):
        country = self.env.ref("base.nl")
        self.connection.relation_domain = f"[('country_id', '=', {country.id})]"
        inside = self.customer("Binnen", country_id=country.id)
        outside = self.customer("Buiten")

        self.run_nightly()

        self.assertTrue(inside.tribe_id)
        self.assertFalse(outside.tribe_id)

    def test_who_is_linked_stays_synchronized_outside_the_filter(self):
        partner = self.linked("Buiten")
        self.connection.relation_domain = f"[('country_id', '=', {self.env.ref('base.nl').id})]"

        partner.phone = "030 9"
        self.run_nightly()

        self.assertEqual(self.tribe_of(partner)["PhoneNumber"], "030 9")


class TestDeletedRelationship(RelationCase):
    """A relationship that is deleted in Tribe, and not ended."""

    def setUp(self):
        super().setUp()
        self.partner = self.linked()
        self.deleted = self.relationships(self.partner)[ORGANIZATION_CUSTOMER]["ID"]

    def age(self):
        """Tribe has shown for long whatever it was told."""
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE tribe_link SET create_date = create_date - interval '1 day',"
            " sent_at = sent_at - interval '1 day'"
        )
        self.env.invalidate_all()

    def delete(self):
        self.sandbox.delete(ORGANIZATION_CUSTOMER, self.deleted)
        self.look_at("customer", self.deleted)

    def test_a_customer_of_odoo_becomes_one_again(self):
        self.age()

        self.delete()

        row = self.relationships(self.partner)[ORGANIZATION_CUSTOMER]
        self.assertNotEqual(row["ID"], self.deleted)
        self.assertEqual(self.link(row["ID"]).partner_id, self.partner)
        self.assertFalse(self.link(self.deleted))
        self.assertFalse(self.problems())
        self.assertEqual(self.written(self.run_nightly), 0)

    def test_without_a_webhook_the_next_change_has_it_made_anew(self):
        self.age()
        self.sandbox.delete(ORGANIZATION_CUSTOMER, self.deleted)

        self.partner.phone = "030 1"
        self.run_nightly()

        self.assertEqual(len(self.relationships(self.partner)), 1)
        self.assertEqual(self.written(self.run_nightly), 0)

    def test_who_is_archived_stays_so(self):
        self.partner.active = False
        self.run_nightly()
        self.age()

        self.delete()

        self.assertFalse(self.relationships(self.partner))
        self.assertFalse(self.partner.active)
        self.assertFalse(self.problems())

    def test_what_was_made_just_now_may_not_show_yet(self):
        self.delete()

        self.assertTrue(self.link(self.deleted))
        self.assertFalse(self.relationships(self.partner))

        self.age()
        self.env["tribe.work"].search([]).due = "2020-01-01"
        self.run_lanes()

        self.assertEqual(len(self.relationships(self.partner)), 1)


class TestEndedOnceBefore(RelationCase):
    """A customer who left and came back: Tribe keeps an old relationship beside the present one."""

    def history(self, old_first, **present):
        """An organization with both; ``old_first``: which of them Tribe answers with first.

        Returns the contact, and the IDs of the old and of the present relationship.
        """
        row = self.organization(roles=(), Name=f"Terug {old_first}")
        both = [self.relate(ORGANIZATION_CUSTOMER, Organization=row["ID"]) for _number in range(2)]
        old, new = sorted((each["ID"] for each in both), reverse=not old_first)
        self.sandbox.change(ORGANIZATION_CUSTOMER, old, {"IsFormer": True, "PaymentTermInDays": 15})
        self.sandbox.change(ORGANIZATION_CUSTOMER, new, {"PaymentTermInDays": 30, **present})
        self.look_at("organization", row["ID"])
        return self.link(row["ID"]).partner_id, old, new

    def assertRelationships(self, partner, old, new, *, is_current):
        """The old one is former, and the term in Odoo is that of the present one."""
        rows = [self.tribe_row(ORGANIZATION_CUSTOMER, each) for each in (old, new)]
        self.assertEqual([not row["IsFormer"] for row in rows], [False, is_current])
        self.assertEqual([row["PaymentTermInDays"] for row in rows], [15, 30])
        self.assertEqual(partner.property_payment_term_id._tribe_net_days(), 30)
        self.assertEqual(partner.active, is_current)
        self.assertFalse(self.problems())

    def test_what_the_connector_ended_is_reopened(self):
        for old_first in (True, False):
            with self.subTest(old_first=old_first):
                partner, old, new = self.history(old_first)
                partner.active = False
                self.synchronize(partner)
                self.assertRelationships(partner, old, new, is_current=False)

                self.look_at("organization", partner.tribe_id)
                self.assertRelationships(partner, old, new, is_current=False)

                partner.active = True
                self.synchronize(partner)
                self.assertRelationships(partner, old, new, is_current=True)

    def test_ended_and_reopened_in_tribe_it_keeps_its_payment_term(self):
        for old_first in (True, False):
            with self.subTest(old_first=old_first):
                partner, old, new = self.history(old_first)
                for is_current in (False, True):
                    change = {"IsFormer": not is_current}
                    self.sandbox.change(ORGANIZATION_CUSTOMER, new, change)
                    self.look_at("organization", partner.tribe_id)
                    self.assertRelationships(partner, old, new, is_current=is_current)

    def twice_current(self):
        """A contact with two present relationships as a customer, and their IDs."""
        row = self.organization(Name="Tweemaal klant")
        self.relate(ORGANIZATION_CUSTOMER, Organization=row["ID"])
        self.look_at("organization", row["ID"])
        partner = self.link(row["ID"]).partner_id
        rows = self.sandbox.rows(ORGANIZATION_CUSTOMER, Organization=row["ID"])
        return partner, [each["ID"] for each in rows]

    def assertFormer(self, partner, *former):
        """Which of the relationships of a contact are former; both sides are alike."""
        for look in (lambda: None, lambda: self.look_at("organization", partner.tribe_id)):
            look()
            rows = self.sandbox.rows(ORGANIZATION_CUSTOMER, Organization=partner.tribe_id)
            self.assertEqual({row["ID"] for row in rows if row["IsFormer"]}, set(former))
            self.assertFalse(self.problems())
            self.assertEqual(self.written(self.run_nightly), 0)

    def test_two_that_are_current_end_and_are_reopened_together(self):
        partner, both = self.twice_current()
        for _time in range(2):
            partner.active = False
            self.synchronize(partner)
            self.assertFormer(partner, *both)
            self.assertFalse(partner.active)

            partner.active = True
            self.synchronize(partner)
            self.assertFormer(partner)
            self.assertTrue(partner.active)

    def test_also_where_an_answer_was_lost(self):
        for skip in (0, 1):
            with self.subTest(skip):
                partner, both = self.twice_current()
                partner.active = False
                self.sandbox.fault("lose_answer", method="PUT", times=1, skip=skip)
                self.run_nightly()
                self.env["tribe.work"].search([]).action_retry()
                self.run_lanes()
                self.assertFormer(partner, *both)
                partner.active = True
                self.synchronize(partner)
                self.assertFormer(partner)

    def test_what_somebody_ended_in_tribe_stays_so(self):
        partner, (one, other) = self.twice_current()
        linked = self.env["tribe.link"].search(
            [("partner_id", "=", partner.id), ("kind", "=", "customer")]
        )
        ended = other if linked.tribe_id == one else one
        self.sandbox.change(ORGANIZATION_CUSTOMER, ended, {"IsFormer": True})
        self.look_at("organization", partner.tribe_id)
        self.assertTrue(partner.active)
        partner.active = False
        self.synchronize(partner)
        self.assertFormer(partner, one, other)
        partner.active = True
        self.synchronize(partner)
        self.assertFormer(partner, ended)

    def test_another_one_than_the_connector_ended_is_not_reopened(self):
        """What it ended was deleted; the old one was ended by somebody in Tribe."""
        partner, old, new = self.history(True)
        partner.active = False
        self.synchronize(partner)
        self.sandbox.delete(ORGANIZATION_CUSTOMER, new)
        self.look_at("organization", partner.tribe_id)

        partner.active = True
        self.synchronize(partner)

        self.assertTrue(self.tribe_row(ORGANIZATION_CUSTOMER, old)["IsFormer"])

    def test_of_those_that_were_all_ended_the_one_that_was_changed_last_counts(self):
        for old_first in (True, False):
            with self.subTest(old_first=old_first):
                row = self.organization(roles=(), Name="Twee keer weg")
                both = [self.relate(ORGANIZATION_CUSTOMER, Organization=row["ID"]) for _n in "12"]
                old, new = sorted((each["ID"] for each in both), reverse=not old_first)
                for tribe_id in (old, new):
                    # Tribe's mutation dates have seconds.
                    time.sleep(1.1)
                    self.sandbox.change(ORGANIZATION_CUSTOMER, tribe_id, {"IsFormer": True})
                with self.enter_registry_test_mode():
                    client = self.connection._client()
                    found = load_relations(self.connection, client, "organization", [row["ID"]])

                self.assertEqual(found[row["ID"]].relationships["customer"]["ID"], new)


class TestRoleEndedBefore(RelationCase):
    """A customer that was a supplier once, or the other way round: Tribe keeps it as former."""

    RANKS = {
        ORGANIZATION_CUSTOMER: ("customer_rank", "debtor_number"),
        SUPPLIER: ("supplier_rank", "creditor_number"),
    }

    def came(self, ended):
        """A contact that came from Tribe with both roles, one ended; and the ended relationship."""
        row = self.organization(Name=f"Was ook {ended[-8:]}", roles=tuple(self.RANKS))
        (relationship,) = self.sandbox.rows(ended, Organization=row["ID"])
        self.sandbox.change(ended, relationship["ID"], {"IsFormer": True})
        self.look_at("organization", row["ID"])
        self.run_nightly()
        return self.link(row["ID"]).partner_id, relationship

    def test_it_is_none_in_odoo_either(self):
        for ended, kept in (tuple(self.RANKS), tuple(self.RANKS)[::-1]):
            with self.subTest(ended):
                partner, _relationship = self.came(ended)
                self.assertTrue(partner.active)
                self.assertTrue(all(partner[name] for name in self.RANKS[kept]))
                self.assertFalse(any(partner[name] for name in self.RANKS[ended]))
                self.assertFalse(self.problems())
                self.assertEqual(self.written(self.run_nightly), 0)

    def test_reopened_it_is_one(self):
        for ended in self.RANKS:
            with self.subTest(ended):
                partner, relationship = self.came(ended)
                self.sandbox.change(ended, relationship["ID"], {"IsFormer": False})
                self.look_at("organization", partner.tribe_id)
                self.run_nightly()
                self.assertTrue(all(partner[name] for name in self.RANKS[ended]))

    def test_deleted_it_stays_none(self):
        for ended in self.RANKS:
            with self.subTest(ended):
                partner, relationship = self.came(ended)
                self.delete(partner, ended, relationship)
                self.assertFalse(self.sandbox.rows(ended, Organization=partner.tribe_id))

    def test_one_that_ended_later_and_is_deleted_is_not_made_anew(self):
        for ended in self.RANKS:
            for how in (self.look, self.look_weekly):
                with self.subTest(ended, how=how.__name__):
                    partner, relationship = self.ended_later(ended)
                    self.delete(partner, ended, relationship, how)
                    self.assertFalse(self.sandbox.rows(ended, Organization=partner.tribe_id))
                    self.assertTrue(partner.active)
                    self.assertFalse(self.problems())
                    self.assertEqual(self.written(self.run_nightly), 0)

    def test_one_that_is_deleted_without_having_ended_is_made_anew(self):
        for deleted in self.RANKS:
            with self.subTest(deleted):
                row = self.organization(Name=f"Nog {deleted[-8:]}", roles=tuple(self.RANKS))
                self.look_at("organization", row["ID"])
                (relationship,) = self.sandbox.rows(deleted, Organization=row["ID"])
                self.delete(self.link(row["ID"]).partner_id, deleted, relationship)
                self.assertTrue(self.sandbox.rows(deleted, Organization=row["ID"]))

    def test_when_the_other_role_ends_too_it_is_what_it_was(self):
        """Archived; and unarchived, a customer and supplier again."""
        partner, relationship = self.ended_later(SUPPLIER)
        self.delete(partner, SUPPLIER, relationship)
        (customer,) = self.sandbox.rows(ORGANIZATION_CUSTOMER, Organization=partner.tribe_id)
        self.sandbox.change(ORGANIZATION_CUSTOMER, customer["ID"], {"IsFormer": True})
        self.look(partner)
        self.assertFalse(partner.active)

    def ended_later(self, ended):
        """As ``came``, of one that had both roles in Odoo before."""
        row = self.organization(Name=f"Was eerst {ended[-8:]}", roles=tuple(self.RANKS))
        self.look_at("organization", row["ID"])
        (relationship,) = self.sandbox.rows(ended, Organization=row["ID"])
        self.sandbox.change(ended, relationship["ID"], {"IsFormer": True})
        self.look_at("organization", row["ID"])
        return self.link(row["ID"]).partner_id, relationship

    def delete(self, partner, entity_set, relationship, how=None):
        """Long after it was made, so that it is known to have been there."""
        self.env.flush_all()
        self.env.cr.execute("UPDATE tribe_link SET create_date = create_date - interval '1 day'")
        self.env.invalidate_all()
        self.sandbox.delete(entity_set, relationship["ID"])
        (how or self.look)(partner)
        self.run_nightly()

    def look(self, partner):
        self.look_at("organization", partner.tribe_id)

    def look_weekly(self, _partner):
        """The weekly look through what is linked."""
        works = self.env["tribe.work"]
        works._add(self.connection, "inbound", "comparison", ["organization:0"], "nightly")
        self.run_lanes()


class TestRestoredTribe(RelationCase):
    """The backup of this morning was restored in Tribe."""

    def setUp(self):
        super().setUp()
        self.partner = self.linked(phone="030 1", email="oud@klant.example", **ADDRESS)
        self.look()
        self.sandbox.back_up()
        # Tribe's mutation dates have seconds.
        time.sleep(1.1)
        self.partner.write({"phone": "030 2", "email": "nieuw@klant.example", "street": "Markt 2"})
        self.run_nightly()
        self.look()

    def look(self):
        self.look_at("organization", self.partner.tribe_id)

    def restore(self):
        """A while later, so that no read is an old copy."""
        self.age()
        self.sandbox.restore()
        self.look()

    def age(self):
        self.env.flush_all()
        self.env.cr.execute("UPDATE tribe_link SET shown_at = shown_at - interval '1 day'")
        self.env.cr.execute(
            "UPDATE tribe_cursor SET position = position - interval '1 day'"
            " WHERE stream = 'restored'"
        )
        # The look at all that is linked, which waits since the restore before.
        self.env.cr.execute(
            "UPDATE tribe_work SET due = due - interval '1 day' WHERE kind = 'comparison'"
        )
        self.env.invalidate_all()

    def assertToday(self):
        self.assertEqual(self.partner.phone, "030 2")
        self.assertEqual(self.partner.email, "nieuw@klant.example")
        self.assertEqual(self.partner.street, "Markt 2")

    def test_a_person_is_asked(self):
        for policy in ("ask", "tribe"):
            with self.subTest(policy):
                self.connection.conflict_policy = policy
                self.restore()

                self.assertToday()
                conflicts = self.env["tribe.conflict"].search([])
                self.assertEqual(set(conflicts.mapped("field_name")), {"phone", "email", "address"})
                self.assertEqual(self.tribe_of(self.partner)["PhoneNumber"], "030 1")

    def test_what_odoo_has_is_told_again_where_odoo_wins(self):
        self.connection.conflict_policy = "odoo"

        self.restore()
        self.run_nightly()

        self.assertToday()
        self.assertEqual(self.tribe_of(self.partner)["PhoneNumber"], "030 2")
        self.assertEqual(self.tribe_of(self.partner)["EmailAddress"], "nieuw@klant.example")
        self.assertFalse(self.problems())
        self.assertEqual(self.written(self.run_nightly), 0)

    def restore_and_compare(self):
        """Nobody looks at it in the restored Tribe but the weekly look at all that is linked."""
        self.age()
        self.sandbox.restore()
        self.env["tribe.relation.comparer"]._enqueue_parts(self.connection)
        self.run_lanes()
        self.run_nightly()

    def test_the_weekly_look_finds_it(self):
        self.connection.conflict_policy = "odoo"
        self.restore_and_compare()
        self.assertToday()
        self.assertEqual(self.tribe_of(self.partner)["PhoneNumber"], "030 2")
        self.assertFalse(self.problems())

        self.sandbox.reset_calls()
        self.env["tribe.relation.comparer"]._enqueue_parts(self.connection)
        self.run_lanes()
        self.assertEqual(self.sandbox.calls()["writes"], 0)

    def test_the_weekly_look_finds_a_part_of_it(self):
        self.connection.conflict_policy = "odoo"
        thirty = self.env["account.payment.term"].search([])._tribe_of_days(self.company, 30)
        for values in ({"street": "Markt 3"}, {"property_payment_term_id": thirty.id}):
            with self.subTest(values):
                self.sandbox.back_up()
                time.sleep(1.1)
                self.partner.write(values)
                self.run_nightly()
                self.look()

                self.restore_and_compare()

                self.assertEqual(self.address_of(self.partner)["HouseNumber"], 3)
                days = self.relationships(self.partner)[ORGANIZATION_CUSTOMER]["PaymentTermInDays"]
                self.assertEqual(days, 30 if "street" not in values else None)
                self.assertFalse(self.problems())

    def test_what_is_edited_in_the_restored_tribe_is_an_edit(self):
        self.restore()
        self.run_nightly()

        change = {"PhoneNumber": "030 9"}
        self.sandbox.change("Relation_Organization", self.partner.tribe_id, change)
        self.look()

        self.assertEqual(self.partner.phone, "030 9")

    def test_an_old_copy_is_no_question(self):
        self.sandbox.restore()

        self.look()

        self.assertToday()
        self.assertFalse(self.problems())
        self.assertTrue(self.env["tribe.work"].search([("reason", "=", "again")]))

    def test_what_an_earlier_version_linked_is_as_before(self):
        self.env["tribe.link"].search([]).write({"shown": False, "shown_at": False})

        self.restore()

        self.assertEqual(self.partner.phone, "030 1")
        self.assertFalse(self.problems())


class TestRestoredTribeArchives(RelationCase):
    """A customer who came back after the backup that was restored in Tribe."""

    def test_no_contact_is_archived(self):
        partner = self.linked()
        tribe_id, row = partner.tribe_id, self.relationships(partner)[ORGANIZATION_CUSTOMER]
        self.sandbox.change(ORGANIZATION_CUSTOMER, row["ID"], {"IsFormer": True})
        self.look_at("organization", tribe_id)
        self.assertFalse(partner.active)
        self.sandbox.back_up()
        # Tribe's mutation dates have seconds.
        time.sleep(1.1)
        self.sandbox.change(ORGANIZATION_CUSTOMER, row["ID"], {"IsFormer": False})
        self.look_at("organization", tribe_id)
        self.assertTrue(partner.active)
        self.env.flush_all()
        self.env.cr.execute("UPDATE tribe_link SET shown_at = shown_at - interval '1 day'")
        self.env.invalidate_all()

        self.sandbox.restore()
        self.look_at("organization", tribe_id)
        self.run_nightly()

        self.assertTrue(partner.active)


class TestRestoredTribeAddress(RelationCase):
    """A private customer's first address is newer than the backup that was restored in Tribe.

    Tribe keeps the address of a person as a record of its own, which no other one tells of.
    """

    def setUp(self):
        super().setUp()
        self.person = self.linked("Jan Jansen", is_company=False)
        self.look()
        self.sandbox.back_up()
        # Tribe's mutation dates have seconds.
        time.sleep(1.1)
        self.person.write(ADDRESS)
        self.run_nightly()
        self.look()
        self.address = self.address_of(self.person)

    def look(self):
        self.look_at("person", self.person.tribe_id)

    def age(self):
        """So long ago that no read is an old copy."""
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE tribe_link SET shown_at = shown_at - interval '1 day', being_told = NULL"
        )
        self.env.invalidate_all()

    def restore(self):
        self.age()
        self.sandbox.restore()
        self.look()

    def assertInOdoo(self):
        self.assertEqual({name: self.person[name] for name in ADDRESS}, ADDRESS)

    def assertNotInOdoo(self):
        self.assertFalse(any(self.person[name] for name in ADDRESS))
        self.assertFalse(self.problems())

    def test_a_person_is_asked(self):
        for policy in ("ask", "tribe"):
            with self.subTest(policy):
                self.connection.conflict_policy = policy
                self.restore()

                self.assertInOdoo()
                conflict = self.env["tribe.conflict"].search([])
                self.assertEqual(conflict.field_name, "address")

    def test_and_may_say_that_it_was_deleted(self):
        self.connection.conflict_policy = "ask"
        self.restore()

        self.env["tribe.conflict"].search([]).action_take_tribe()
        self.run_lanes()

        self.assertNotInOdoo()
        self.look()
        self.person.write(ADDRESS)
        self.run_nightly()
        self.assertEqual(self.address_of(self.person)["City"], "Amsterdam")

    def test_it_is_told_again_where_odoo_wins(self):
        self.restore()
        self.run_nightly()

        self.assertInOdoo()
        self.assertEqual(self.address_of(self.person)["Street"], "Dorpsstraat")
        self.assertEqual(self.address_of(self.person)["City"], "Amsterdam")
        self.assertFalse(self.problems())
        self.look()
        self.assertEqual(self.written(self.run_nightly), 0)

    def test_who_is_edited_in_the_restored_tribe_keeps_it(self):
        self.age()
        self.sandbox.restore()
        self.sandbox.change("Relation_Person", self.person.tribe_id, {"PhoneNumber": "030 9"})

        self.look()

        self.assertEqual(self.person.phone, "030 9")
        self.assertInOdoo()

    def test_an_old_copy_empties_nothing_and_is_looked_at_again(self):
        self.env["tribe.link"].search([]).being_told = False
        self.sandbox.restore()

        self.look()

        self.assertInOdoo()
        self.assertFalse(self.problems())
        self.assertTrue(self.env["tribe.work"].search([("reason", "=", "again")]))

    def test_no_second_address_is_made_because_of_an_old_copy(self):
        self.env["tribe.link"].search([]).being_told = False
        before = len(self.sandbox.rows("Address"))
        self.sandbox.restore()

        self.person.city = "Utrecht"
        self.run_nightly()

        self.assertEqual(len(self.sandbox.rows("Address")), before - 1)
        self.assertEqual(self.person.city, "Utrecht")

    # What somebody deleted

    def test_a_deletion_that_a_webhook_tells_of_is_believed_at_once(self):
        for policy in ("odoo", "ask", "tribe"):
            with self.subTest(policy):
                self.connection.conflict_policy = policy
                self.person.write(ADDRESS)
                self.run_nightly()
                self.look()
                self.age()
                address = self.address_of(self.person)
                self.sandbox.delete("Address", address["ID"])

                self.look_at("address", address["ID"])

                self.assertNotInOdoo()
                self.assertEqual(self.written(self.run_nightly), 0)

    def test_one_just_after_it_was_read_may_be_an_old_copy_and_is_believed_later(self):
        self.sandbox.delete("Address", self.address["ID"])
        self.look_at("address", self.address["ID"])
        self.assertInOdoo()

        self.age()
        self.env["tribe.work"].search([]).due = "2020-01-01"
        self.run_lanes()

        self.assertNotInOdoo()

    def test_so_is_one_where_something_shows_that_is_as_new(self):
        """No backup has that and not the address."""
        time.sleep(1.1)
        self.sandbox.change("Relation_Person", self.person.tribe_id, {"PhoneNumber": "030 9"})
        self.look()
        self.age()
        self.sandbox.delete("Address", self.address["ID"])

        self.look()

        self.assertNotInOdoo()

    def test_an_organization_that_was_changed_itself_lost_it(self):
        """Its addresses hang on it."""
        partner = self.linked("Verhuisd B.V.", **ADDRESS)
        self.look_at("organization", partner.tribe_id)
        time.sleep(1.1)
        self.sandbox.change("Address", self.address_of(partner)["ID"], {"City": "Breda"})
        self.look_at("organization", partner.tribe_id)
        self.age()
        time.sleep(1.1)
        self.sandbox.change("Relation_Organization", partner.tribe_id, {"InvoiceAddress": None})

        self.look_at("organization", partner.tribe_id)

        self.assertFalse(partner.city)
        self.assertFalse(self.problems())
