"""Very many relations of Tribe with one number or one ``ImportId`` of ours."""

from unittest.mock import patch

from odoo.addons.tribe_connector.relations import (
    creator_lost_answers,
    importer_matches,
    matcher,
    matcher_numbers,
    numbering,
    numbering_clashes,
)

from .relation_case import RelationCase

# An answer of Tribe has room for many more.
MANY = 400
MODULES = (
    creator_lost_answers,
    importer_matches,
    matcher,
    matcher_numbers,
    numbering,
    numbering_clashes,
)


class CountedId(str):
    """An ID that counts how often it is compared with another one."""

    compared = 0
    __hash__ = str.__hash__

    def __eq__(self, other):
        CountedId.compared += 1
        return str.__eq__(self, other)

    def __ne__(self, other):
        CountedId.compared += 1
        return str.__ne__(self, other)


class TestManyOfOne(RelationCase):
    """What looking at one contact costs does not depend on how many Tribe says it could be."""

    def rows(self, count, **values):
        return [
            {
                "ID": CountedId(f"00000000-0000-4000-8000-{number:012}"),
                "Name": f"Relatie {number}",
                "kind": "organization",
                **values,
            }
            for number in range(count)
        ]

    def answering(self, name, rows_of):
        """Have every module find what a function says of the values that it asks for."""
        with_name = [module for module in MODULES if hasattr(module, name)]
        self.assertTrue(with_name)
        for module in with_name:
            patcher = patch.object(module, name, rows_of)
            patcher.start()
            self.addCleanup(patcher.stop)

    def with_import_id(self, count):
        def found(_client, kind, import_ids):
            if kind != "organization":
                return {}
            return {each: self.rows(count, ImportId=each) for each in import_ids}

        self.answering("find_by_import_ids", found)

    def with_number(self, count, number):
        def found(_connection, _client, field_name, _numbers):
            return {number: self.rows(count, **{field_name: number})}

        self.answering("find_by_numbers", found)

    def queries(self, work):
        self.env.flush_all()
        self.env.invalidate_all()
        before = self.env.cr.sql_log_count
        work()
        self.env.flush_all()
        return self.env.cr.sql_log_count - before

    def assertAsOften(self, work):
        """Some work is as many queries for very many as for two (called with how many)."""
        few = self.queries(lambda: work(2))
        many = self.queries(lambda: work(MANY))
        self.assertLess(many, few + 60)

    def test_a_contact_whose_import_id_many_have(self):
        partners = [self.customer(f"Klant {number}") for number in range(2)]

        def look(count):
            self.with_import_id(count)
            self.synchronize(partners.pop())
            self.assertAsked("possible_match")
            self.problematic().unlink()

        self.assertAsOften(look)

    def test_a_contact_being_sent_whose_import_id_many_have(self):
        partners = [self.linked(f"Klant {number}") for number in range(2)]

        def look(count):
            partner = partners.pop()
            links = partner.tribe_link_ids
            links.write({"state": "sending", "tribe_id": False, "sent_at": "2026-01-01"})
            self.with_import_id(count)
            self.synchronize(partner)
            self.assertAsked("contact_could_be_several_relations")
            self.problematic().unlink()

        self.assertAsOften(look)

    def test_a_relation_of_a_contact_whose_import_id_many_have(self):
        partners = [self.linked(f"Klant {number}") for number in range(2)]

        def look(count):
            partner = partners.pop()
            tribe_id = partner.tribe_id
            links = partner.tribe_link_ids
            links.write({"state": "sending", "tribe_id": False, "sent_at": "2026-01-01"})
            self.with_import_id(count)
            self.look_at("organization", tribe_id)
            self.assertAsked("possible_match")
            self.problematic().unlink()

        self.assertAsOften(look)

    def test_a_contact_whose_number_many_have(self):
        partner = self.customer("Klant", debtor_number="4711")
        self.with_number(MANY, "4711")
        CountedId.compared = 0

        self.synchronize(partner)

        self.assertAsked("contact_could_be_several_relations", count=MANY)
        self.assertLess(CountedId.compared, 20 * MANY)

    def test_a_changed_number_that_many_linked_relations_have(self):
        """Each of them is told another one."""
        partner = self.linked("Klant")
        partner.debtor_number = "4711"

        def look(count):
            rows = self.rows(count)
            self.with_number(count, "4711")
            others = self.env["res.partner"].create(
                [
                    {
                        "name": f"Ander {row['ID']}",
                        "is_company": True,
                        "customer_rank": 1,
                        "debtor_number": row["ID"],
                    }
                    for row in rows
                ]
            )
            self.env["tribe.link"].create(
                [
                    {
                        "connection_id": self.connection.id,
                        "kind": "organization",
                        "tribe_id": row["ID"],
                        "partner_id": other.id,
                        "state": "linked",
                    }
                    for row, other in zip(rows[:-1], others[:-1], strict=True)
                ]
            )
            self.synchronize(partner)
            self.assertAsked("number_taken_in_tribe", relation=rows[-1]["Name"])
            others.tribe_link_ids.unlink()
            others.unlink()
            self.problematic().unlink()

        self.assertAsOften(look)
