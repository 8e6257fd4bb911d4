from contextlib import contextmanager

from odoo import SUPERUSER_ID, api, models
from odoo.tools import SQL

from ..codes import RELATION_KINDS
from ..engine.problems import NeedsPerson
from ..mapping import ADDRESS_FIELDS, FIELD_LABELS, PAYMENT_TERM_FIELDS
from ..sentence import say, sentence, stored, together

# By what an internal user is known and reached: with the e-mail address goes the password.
OF_INTERNAL_USERS = ("name", "email", "phone", "mobile")
# What Odoo shares between a company and the contacts under it, in both directions.
SHARED = (*ADDRESS_FIELDS, "vat", *PAYMENT_TERM_FIELDS.values())


class ResPartner(models.Model):
    """What Tribe can never write in Odoo, and what only with a person's consent."""

    _inherit = "res.partner"

    @api.model
    def _tribe_own_ids(self):
        """The contacts of this Odoo's own companies, of OdooBot and of the public: never ours."""
        self.env["res.company"].flush_model(["partner_id"])
        self.env["res.users"].flush_model(["partner_id", "group_ids"])
        rows = self.env.execute_query(
            SQL(
                """
                SELECT partner_id FROM res_company
                 UNION
                SELECT partner_id FROM res_users
                 WHERE id = %s OR id IN (SELECT uid FROM res_groups_users_rel WHERE gid = %s)
                """,
                SUPERUSER_ID,
                self.env["ir.model.data"]._xmlid_to_res_id("base.group_public"),
            )
        )
        return [partner_id for (partner_id,) in rows]

    def _tribe_own(self):
        """Those of these contacts that are Odoo's own (``_tribe_own_ids``)."""
        own_ids = self._tribe_own_ids() if self else ()
        return self.filtered(lambda partner: partner.id in own_ids)

    def _tribe_own_of_family(self):
        """Those of Odoo's own who have the same topmost contact as one of these.

        From contact to contact Odoo gives address, VAT number and payment terms on to all of
        them: up to the company, and from there down (``_fields_sync``). Which of them get what
        depends on types that somebody may change meanwhile, so all count.
        """
        self.env["res.partner"].flush_model(["parent_id"])
        own_ids = self._tribe_own_ids()
        rows = self.env.execute_query(
            SQL(
                """
                WITH RECURSIVE above AS (
                    SELECT id, id AS contact_id, parent_id FROM res_partner WHERE id = ANY(%s)
                     UNION
                    SELECT parent.id, above.contact_id, parent.parent_id
                      FROM above JOIN res_partner parent ON parent.id = above.parent_id
                ), topmost AS (SELECT id, contact_id FROM above WHERE parent_id IS NULL)
                SELECT own.contact_id
                  FROM topmost own JOIN topmost contact ON contact.id = own.id
                 WHERE own.contact_id = ANY(%s) AND contact.contact_id = ANY(%s)
                 GROUP BY own.contact_id ORDER BY own.contact_id
                """,
                [*own_ids, *self.ids],
                own_ids,
                self.ids,
            )
        )
        return self.browse(partner_id for (partner_id,) in rows)

    def _tribe_shared_with_others(self, connection):
        """What Odoo shares between this contact and one that is another company's or connection's.

        The VAT number and payment terms go to all contacts of one company, an address goes from
        contact to contact of the type Contact, up and down (``_fields_sync``). Neutral names.
        """
        self.ensure_one()
        address = self._tribe_address_partner(connection).with_context(active_test=False)
        contact = self.with_context(active_test=False)
        if not (contact.parent_id or contact.child_ids or address.child_ids):
            return set()
        neighbours = address._tribe_neighbours()
        company = contact._tribe_of_one_company()
        others = connection._of_others((neighbours | company) - self)
        shared = set(ADDRESS_FIELDS) if neighbours & others else set()
        return shared | (set(SHARED) - set(ADDRESS_FIELDS) if company & others else set())

    def _tribe_of_one_company(self):
        """Those who have one VAT number and the same payment terms with this contact.

        From a contact that is not its own commercial entity Odoo gives the number on to the one
        above, whoever the entity is: that can be written by RPC, too.
        """
        upwards = contact = self
        while contact.commercial_partner_id != contact and contact.parent_id - upwards:
            contact = contact.parent_id
            upwards |= contact
        entities = upwards.commercial_partner_id
        return upwards | self.search([("commercial_partner_id", "in", entities.ids)])

    def _tribe_address_of_parent(self, connection, values):
        """What of some neutral values is the address of the contact above: ``{field: a sentence}``.

        Odoo gives both of them one address (``_fields_sync``), whoever changes it: Tribe's of a
        contact would become its company's, and the other way round. Neither follows the other.
        """
        if not self._tribe_shares_address(connection):
            return {}
        text = self._tribe_told_of_parent(connection)
        return {name: text for name in ADDRESS_FIELDS if name in values}

    @contextmanager
    def _tribe_noting_who_leaves(self):
        """Note of whom something takes from the contact above that its address, and the payment
        terms of a person, were that one's.

        As a look does that sees it there: nobody entered it for who leaves, so Tribe's comes back,
        unless another one is entered. Whatever goes wrong in it, the save goes on.
        """
        before = {}
        under = self.filtered("parent_id")
        if under:
            self._tribe_apart(lambda: before.update(under._tribe_values_of_parent()))
        yield
        if before:
            self._tribe_apart(lambda: self._tribe_note_left(before))

    def _tribe_values_of_parent(self):
        """What of the address of these, who are linked, is that of the contact above, and which
        payment terms are those of the company.

        :returns: ``{link: {neutral name: value}}``
        """
        found = {}
        for link in self.tribe_link_ids:
            partner, connection = link.partner_id, link.connection_id
            is_relation = link.kind in RELATION_KINDS and link.state == "linked"
            if is_relation and not partner._tribe_too_long(connection):
                values = partner._tribe_values(connection)
                of_parent = partner._tribe_address_of_parent(connection, values).keys()
                of_parent |= partner._tribe_terms_of_company(values)
                found[link] = {name: values[name] for name in of_parent}
        return found

    def _tribe_terms_of_company(self, values):
        """Which of some neutral values are payment terms of the company that this one is under."""
        is_own = self.commercial_partner_id == self
        return set() if is_own else values.keys() & PAYMENT_TERM_FIELDS.values()

    @api.model
    def _tribe_note_left(self, before):
        """Note what was that of the contact above, of those who have one of their own now.

        :param before: what ``_tribe_values_of_parent`` told
        """
        for link, values in before.items():
            partner, connection = link.partner_id, link.connection_id
            address = {name: values[name] for name in ADDRESS_FIELDS if name in values}
            if address and not partner._tribe_shares_address(connection):
                note = stored(sentence("address_of_parent", partner=partner._tribe_called()))
                link.agreed = {**(link.agreed or {}), **address}
                link.noted = {**(link.noted or {}), **dict.fromkeys(address, note)}
            terms = {name: values[name] for name in values.keys() - ADDRESS_FIELDS}
            if terms and not partner._tribe_too_long(connection):
                partner._tribe_note_terms_left(link, terms)

    def _tribe_note_terms_left(self, link, terms):
        """Note payment terms of a company that this one has no more, and chose no others since."""
        now = self._tribe_values(link.connection_id)
        if not self._tribe_terms_of_company(now) and terms.items() <= now.items():
            link.agreed = {**(link.agreed or {}), **terms}
            # Odoo has nothing to tell: Tribe's are to be looked at.
            due = link.connection_id._due_of_a_save()
            self.env["tribe.work"]._add(
                link.connection_id, "outbound", "partner", self.ids, "follow", due=due
            )

    def _tribe_shares_address(self, connection):
        """Whether the address that Tribe would have is also that of the contact above."""
        self.ensure_one()
        own = self._tribe_address_partner(connection) != self
        return not own and bool(self.parent_id) and self.type == "contact"

    def _tribe_told_of_parent(self, connection):
        """What people are told of a contact under another one; empty where there is nothing."""
        texts = [self._tribe_claimed_sentence()]
        if self._tribe_shares_address(connection):
            texts.insert(0, sentence("address_of_parent", partner=self._tribe_called()))
        texts = [each for each in texts if each]
        return together(texts) if texts else ""

    def _tribe_claimed_sentence(self):
        """That another one than this contact owes what it is invoiced; empty where nobody does."""
        self.ensure_one()
        company = self.sudo().parent_id.commercial_partner_id
        if self.is_company or not company:
            return ""
        return sentence(
            "claimed_from_company",
            # By what Odoo shows, which begins with the company, these would be two customers.
            partner=self.name or self._tribe_called(),
            company=company._tribe_called(),
        )

    def _tribe_neighbours(self):
        """These contacts, and those to whom Odoo may give their address, or that of one of them."""
        self.env["res.partner"].flush_model(["parent_id", "type"])
        rows = self.env.execute_query(
            SQL(
                """
                WITH RECURSIVE neighbour AS (
                    SELECT id FROM unnest(%s::int[]) AS these(id)
                     UNION
                    SELECT unnest(ARRAY[contact.id, contact.parent_id])
                      FROM neighbour JOIN res_partner contact
                        ON neighbour.id = contact.parent_id OR neighbour.id = contact.id
                     WHERE contact.parent_id IS NOT NULL AND contact.type = 'contact'
                ) SELECT id FROM neighbour ORDER BY id
                """,
                self.ids,
            )
        )
        return self.browse(partner_id for (partner_id,) in rows)

    def _tribe_elsewhere(self, connection):
        """Those of these contacts that are of a company in which a connection does not work."""
        ours = connection._companies_of_contacts()
        return self.filtered(lambda partner: partner.company_id and partner.company_id not in ours)

    def _tribe_untouchable(self, connection, values):
        """What Tribe may never write of some neutral values: ``{field: a sentence why}``.

        ``values`` are Tribe's; ``"customer"`` and ``"supplier"`` count as fields. This is the list
        of it: whatever decides goes by it, and ``_tribe_write`` writes nothing that is on it.
        """
        self.ensure_one()
        refused = {}
        contacts = self | self._tribe_address_partner(connection)
        own = contacts._tribe_own_of_family()
        if self in own:
            refused = dict.fromkeys(FIELD_LABELS, self._tribe_own_sentence())
        elif contacts & own:
            refused = dict.fromkeys(ADDRESS_FIELDS, (contacts & own)._tribe_own_sentence())
        elif own:
            refused = dict.fromkeys(SHARED, own[:1]._tribe_own_sentence())
        if self not in own and not values.keys().isdisjoint(SHARED):
            refused = {
                **self._tribe_address_of_parent(connection, values),
                **{
                    name: self._tribe_shared_sentence(name)
                    for name in self._tribe_shared_with_others(connection)
                },
                **refused,
            }
        internal = self._tribe_users().filtered(lambda user: not user.share)
        if internal and self not in own:
            refused |= {
                name: self._tribe_internal_sentence(internal, name, values[name])
                for name in OF_INTERNAL_USERS
                if name in values
            }
        return {name: refused[name] for name in values if name in refused}

    def _tribe_with_consent(self, values):
        """What of some neutral values of Tribe a person decides: ``{field: a sentence why}``.

        Odoo sends who forgot a password to the e-mail address of the contact.
        """
        self.ensure_one()
        asked = {name: self._tribe_asked_about(name) for name in values}
        return {
            name: self._tribe_sign_in_sentence(users, values[name])
            for name, users in asked.items()
            if users
        }

    def _tribe_sign_in_sentence(self, users, address):
        return say(
            self.env,
            "email_of_signed_in_contact",
            partner=self._tribe_called(),
            address=address or sentence("nothing"),
            users=", ".join(users.mapped("login")),
        )

    def _tribe_refused(self, connection, values):
        """The fields of some neutral values that Tribe may not write now, as a set of names."""
        if self._tribe_elsewhere(connection):
            return set(values)
        refused = set(self._tribe_untouchable(connection, values))
        asked = self._tribe_with_consent(values).keys() - refused
        if not asked:
            return refused
        links = self.env["tribe.link"]._of_partners(connection, self, RELATION_KINDS)
        link = next(iter(links.values()), self.env["tribe.link"])
        decided = link.conflict_ids._decisions(self._tribe_values(connection), values)
        return refused | {name for name in asked if decided.get(name) != "tribe"}

    def _tribe_users(self):
        """The users who sign in with this contact, archived ones too: they may come back."""
        return self.sudo().with_context(active_test=False).user_ids

    def _tribe_asked_about(self, name):
        """The users because of whom a person decides about a neutral field; mostly none."""
        users = self._tribe_users()
        return users if name == "email" else users.browse()

    def _tribe_internal_sentence(self, users, name, value):
        return say(
            self.env,
            "value_of_internal_user_kept",
            field=self._tribe_label(name),
            value=value or sentence("nothing"),
            partner=self._tribe_called(),
            users=", ".join(users.mapped("login")),
        )

    def _tribe_shared_sentence(self, name):
        return sentence(
            "shared_value_kept", field=self._tribe_label(name), partner=self._tribe_called()
        )

    def _tribe_own_sentence(self):
        """Why nothing is written to a contact that is Odoo's own, in a sentence."""
        company = self.env["res.company"].sudo().with_context(active_test=False)
        company = company.search([("partner_id", "=", self.id)], limit=1)
        return say(
            self.env,
            "contact_of_own_company",
            partner=self._tribe_called(),
            owner=company.name or sentence("odoo_itself"),
        )

    def _tribe_elsewhere_sentence(self, connection, called=None):
        """Why a contact of another company stands still; that company is not named.

        :param called: what it is called where this is told; by default as in Odoo
        """
        return say(
            self.env,
            "contact_of_company_elsewhere",
            partner=called or self._tribe_called(),
            connection=connection.name,
        )

    def _tribe_check_ours(self, connection):
        """Refuse to bind or change a contact that is Odoo's own, or another company's.

        :raises NeedsPerson: with the remedy
        """
        for partner in self._tribe_own():
            raise NeedsPerson(partner._tribe_own_sentence())
        for partner in self._tribe_elsewhere(connection):
            raise NeedsPerson(partner._tribe_elsewhere_sentence(connection))
