from functools import partial

from odoo import api, fields, models
from odoo.exceptions import AccessError
from odoo.fields import Domain

from ..codes import (
    RELATION_KINDS,
)
from ..engine.only_for import only_for
from ..invoices.booking import BOOKING
from ..sentence import Name, in_language, say, sentence
from .tribe_synchronized import NUMBERS

# Saving one of these can make a difference in Tribe.
SYNCHRONIZED_FIELDS = frozenset(
    {
        "name",
        "firstname",
        "lastname",
        "email",
        "phone",
        "mobile",
        "tribe_mobile",
        "website",
        "vat",
        "street",
        "street2",
        "zip",
        "city",
        "country_id",
        "state_id",
        "property_payment_term_id",
        "property_supplier_payment_term_id",
        "active",
        "is_company",
        "company_id",
        "type",
        "parent_id",
        "customer_rank",
        "supplier_rank",
        "debtor_number",
        "creditor_number",
        "tribe_synchronize",
        # Of partner_contact_address_default.
        "partner_invoice_id",
    }
)

# What says below whom a contact is.
HIERARCHY = frozenset({"parent_id", "commercial_partner_id", "is_company"})
# What decides where a customer's invoices go: an address below it, and which one that is.
ADDRESSING = frozenset(
    {
        *("type", "active", "company_id"),
        *("street", "street2", "zip", "city", "state_id", "country_id"),
    }
)
# The links that make a contact a relation of Tribe.
OF_RELATIONS = Domain("kind", "in", RELATION_KINDS) & Domain("state", "=", "linked")
RANKS = ("customer_rank", "supplier_rank")
PAYMENT_TERM_PROPERTIES = {
    "customer": "property_payment_term_id",
    "supplier": "property_supplier_payment_term_id",
}


def _trimmed(vals):
    """The values of a save, with numbers as people mean them: an import keeps spaces."""
    numbers = {name: vals[name] for name in NUMBERS if isinstance(vals.get(name), str)}
    return {**vals, **{name: number.strip() or False for name, number in numbers.items()}}


class ResPartner(models.Model):
    _name = "res.partner"
    _inherit = ["res.partner", "tribe.synchronized"]
    _tribe_link_field = "partner_id"
    _tribe_work_kind = "partner"

    tribe_link_ids = fields.One2many(
        "tribe.link",
        "partner_id",
        "Tribe Links",
        readonly=True,
        # Odoo searches in them without the rules of links: it would tell what others linked.
        groups=fields.NO_ACCESS,
    )
    # Not stored: a contact of all companies may be linked by a connection of others.
    tribe_id = fields.Char(
        "Tribe ID",
        compute="_compute_tribe_id",
        compute_sudo=False,
        search="_search_tribe_id",
        groups="base.group_user",
    )
    tribe_url = fields.Char(
        "In Tribe", compute="_compute_tribe_id", compute_sudo=False, groups="base.group_user"
    )
    debtor_number = fields.Char(index="btree_not_null", copy=False, groups="base.group_user")
    creditor_number = fields.Char(index="btree_not_null", copy=False, groups="base.group_user")
    # As numbers are compared (``_is_written``).
    _tribe_debtor_number_index = models.Index(
        "(lower(btrim(debtor_number))) WHERE debtor_number IS NOT NULL"
    )
    _tribe_creditor_number_index = models.Index(
        "(lower(btrim(creditor_number))) WHERE creditor_number IS NOT NULL"
    )
    _tribe_ref_index = models.Index("(lower(btrim(ref))) WHERE ref IS NOT NULL")
    tribe_mobile = fields.Char(
        "Mobile", groups="base.group_user", help="Odoo has no mobile number of its own; Tribe does."
    )
    tribe_synchronize = fields.Boolean(
        "Synchronize with Tribe",
        copy=False,
        groups="base.group_user",
        help="Send this contact to Tribe before the first invoice: as a customer, unless it is a "
        "supplier alone.",
    )

    @api.depends("tribe_link_ids.tribe_id", "tribe_link_ids.kind", "tribe_link_ids.state")
    @api.depends_context("uid", "allowed_company_ids")
    def _compute_tribe_id(self):
        links = self.env["tribe.link"]._seen_by_employees(
            Domain("partner_id", "in", self.ids) & OF_RELATIONS
        )
        by_partner = links.grouped("partner_id")
        for partner in self:
            link = by_partner.get(partner._origin, links.browse())[:1]
            partner.tribe_id = link.tribe_id
            partner.tribe_url = link.tribe_url

    @api.depends("parent_id", "is_company", "active")
    def _compute_tribe_note(self):
        """Says, before it is saved, who owes what a linked person with a company is invoiced.

        And who is archived here, and current in Tribe.
        """
        result = super()._compute_tribe_note()
        links = self.env["tribe.link"].search(
            Domain("partner_id", "in", self._origin.ids) & OF_RELATIONS
        )
        for partner in self:
            own = links.filtered(lambda link, partner=partner: link.partner_id == partner._origin)
            told = [partner._tribe_claimed_sentence(), partner._tribe_archived_sentence(own)]
            texts = [in_language(self.env, each) for each in told if own and each]
            partner.tribe_note = "\n".join(filter(None, [partner.tribe_note, *texts])) or False
        return result

    def _tribe_archived_sentence(self, links):
        """That this contact stays archived, as was noted with its links; empty where it does not.

        Its badge is green all the same: nothing waits, and nothing else differs.
        """
        noted = [link.noted or {} for link in links.sudo()]
        stays = any("contact_stays_archived" in str(each.get("active")) for each in noted)
        if self.active or not stays:
            return ""
        return sentence("contact_stays_archived", partner=self._tribe_called())

    @api.model
    def _search_tribe_id(self, operator, value):
        # Odoo does not look at the groups of a field that has its own search.
        self._check_field_access(self._fields["tribe_id"], "read")
        if operator in Domain.NEGATIVE_OPERATORS:
            return NotImplemented
        links = self.env["tribe.link"]
        if operator == "in" and False in value:
            linked = links._seen_by_employees(OF_RELATIONS & Domain("tribe_id", "!=", False))
            without = Domain("id", "not in", linked.partner_id.ids)
            return without | Domain("tribe_id", "in", set(value) - {False})
        found = links._seen_by_employees(OF_RELATIONS & Domain("tribe_id", operator, value))
        return Domain("id", "in", found.partner_id.ids)

    @only_for("Employee")
    def action_open_in_tribe(self):
        """Open this contact in Tribe's web app."""
        self.ensure_one()
        return {"type": "ir.actions.act_url", "url": self.tribe_url, "target": "new"}

    @only_for("User", "write")
    def action_synchronize_with_tribe(self):
        """Send the selected customers and suppliers to Tribe now.

        By the connections that whoever asks may see: whether another one knows a contact of all
        companies is not theirs to learn.
        """
        relations = self.sudo() | self.sudo().parent_id
        works = self.env["tribe.work"]
        asked = works.browse()
        active = self.env["tribe.connection"]._active().with_env(self.env)
        for connection in active._filtered_access("read").sudo():
            partners = relations._tribe_by_connection(connection)[connection]
            asked |= works._ask_for_partners(connection, partners).with_env(self.env)
        self.env["tribe.engine"]._wake("outbound")
        if not asked:
            return works._tell(say(self.env, "nothing_to_synchronize"), "warning")
        return asked._watch(asked)

    @api.model_create_multi
    def create(self, vals_list):
        partners = super().create([_trimmed(vals) for vals in vals_list])
        partners._tribe_check_above()
        partners._tribe_note_save()
        return partners

    def write(self, vals):
        # Read with our rights: a save needs no other right because of us.
        partners = self.sudo()
        noted = partners._tribe_changed_by(vals)
        if "parent_id" in vals:
            # Whoever loses an address changed as well.
            noted |= partners.parent_id
        gets_reference = vals.get("ref") and not self.env.context.get("tribe_merging")
        references = {partner: partner.ref for partner in partners} if gets_reference else {}
        # Whoever may not write them holds none of them.
        if self:
            self.check_access("write")
        self._tribe_check_addresses_of_others(vals)
        moves = HIERARCHY & vals.keys()
        above = [partner._tribe_above() for partner in partners] if moves else []
        with_links = not vals.keys().isdisjoint({"company_id", "parent_id", "type"})
        partners._tribe_keep_lanes_off(with_links)
        leaving = partners if {"parent_id", "type"} & vals.keys() else partners.browse()
        with leaving._tribe_noting_who_leaves():
            result = super().write(_trimmed(vals))
        for partner, before in zip(self, above, strict=False):
            partner._tribe_check_above(before)
        self._tribe_check_addresses_of_others(vals)
        if self.env.context.get("tribe_import"):
            self._tribe_ask_nobody()
        if references:
            partners._tribe_apart(lambda: partners._tribe_numbers_follow(references))
        noted._tribe_note_save()
        return result

    def _tribe_above(self):
        """Those below whom these contacts are, and whose company they are part of."""
        return (self.parent_id | self.commercial_partner_id) - self

    def _tribe_check_above(self, before=None):
        """Refuse to put contacts below one that whoever does it may not read.

        The address below a customer goes to Tribe, and comes from there; and what Odoo shares
        between contacts stays as it is where one is another company's.

        :param before: those below whom they were
        :raises AccessError: Odoo's own, as when it reads the address above
        """
        above = self.sudo()._tribe_above() - (before or self)
        above.with_env(self.env).check_access("read")

    def _tribe_check_addresses_of_others(self, vals):
        """Refuse who changes where invoices of another company's customer go.

        A contact below such a customer that has no company itself is everybody's to change.

        :param vals: what is written, or was just now
        :raises AccessError: naming the contact
        """
        if self.env.su or ADDRESSING.isdisjoint(vals):
            return
        own = set(self.env.user._get_company_ids())
        for partner in self.sudo().filtered("parent_id"):
            counts = partner.type == "invoice" or "company_id" in vals
            if counts and not set(partner._tribe_above().company_id.ids) <= own:
                name = Name.of(partner)
                raise AccessError(say(self.env, "address_of_other_company", contact=name))

    def _tribe_numbers_follow(self, references):
        """Give who had another reference (``{partner: reference}``) the new one for a number.

        Where a connection takes numbers from the reference, and the partner has a number.
        """
        changed = self.filtered(
            lambda partner: (
                references.get(partner, partner.ref) != partner.ref
                and partner.commercial_partner_id == partner
            )
        )
        if not changed:
            return
        connections = self.env["tribe.connection"]._active()
        for connection in connections.filtered(lambda each: each.number_source == "ref"):
            for partner in connection._perhaps_relations_among(changed):
                numbers = {name: partner.ref for name in NUMBERS if partner[name]}
                if numbers:
                    partner.write(numbers)

    def _tribe_changed_by(self, vals):
        """The partners for which these values can make a difference in Tribe.

        Odoo counts ranks up with every invoice; only the first one makes a customer or supplier.
        """
        names = SYNCHRONIZED_FIELDS & vals.keys()
        if names - set(RANKS):
            return self
        return self.filtered(
            lambda partner: any(vals[name] and not partner[name] for name in names)
        )

    def unlink(self):
        # An invoice address that goes changes the address of its company.
        parents = self.sudo().parent_id - self
        if self:
            self.check_access("unlink")
        below = self.sudo().with_context(active_test=False).child_ids - self.sudo()
        (self | below)._tribe_keep_lanes_off(with_links=True)
        self._tribe_apart(self._tribe_note_deletion)
        with below._tribe_noting_who_leaves():
            result = super().unlink()
        parents._tribe_note_save()
        return result

    def _increase_rank(self, field, n=1):
        """As Odoo's, but for an invoice of Tribe, which is not counted.

        Somebody may be saving the contact at that very moment (``_tribe_become_customer``).
        """
        if self.env.context.get("tribe_booking") is BOOKING:
            return None
        return super()._increase_rank(field, n)

    def _tribe_become_customer(self):
        """Make who gets an invoice a customer, and so the company that it is for in the books."""
        partners = self | self.commercial_partner_id
        partners -= partners._tribe_own()
        partners.filtered(lambda partner: not partner.customer_rank).customer_rank = 1

    def _tribe_note_deletion(self):
        self.env["tribe.link"].sudo()._note_deleted_partners(self)
        self._tribe_forget()

    def _tribe_forget(self):
        """Forget what we noted about persons and organizations that are deleted.

        Links stay, so that nobody comes back from Tribe by itself; their values go.
        """
        links = self.env["tribe.link"].sudo().search([("partner_id", "in", self.ids)])
        links.write({"agreed": False, "being_told": False, "made": False, "noted": False})
        links.conflict_ids.unlink()
        ignored = self.env["tribe.link"].sudo()._ignored_of(links)
        for link in ignored:
            link.agreed = {**link.agreed, "customer_name": ""}
        lines = self.env["tribe.run.line"].sudo().search([("partner_id", "in", self.ids)])
        lines.write({"name": False, "text": False})

    def _tribe_note_save(self):
        """Note for the active connections that these partners, or their parents, changed.

        Whatever goes wrong in it, the save goes on, and more is noted rather than less: whoever
        is no customer is passed over later.
        """
        if not self:
            return
        works = self.env["tribe.work"]
        connections = self.env["tribe.connection"]._active()
        # Each step apart costs two queries: one for all connections, unless it fails for one.
        if len(connections) > 1 and self._tribe_apart(partial(self._tribe_note_for, connections)):
            return
        for connection in connections:
            if not self._tribe_apart(partial(self._tribe_note_for, connection)):
                self._tribe_apart(partial(works._add_saved_partners, connection, self.ids))

    def _tribe_note_for(self, connections):
        """Note these, and whose address they are; the schedule starts a lane within a minute."""
        saved = self.sudo()
        partners = saved | saved.parent_id | saved._tribe_who_chose()
        for connection, noted in partners._tribe_by_connection(connections).items():
            if noted:
                self.env["tribe.work"]._add_saved_partners(connection, noted.ids)

    def _tribe_by_connection(self, connections):
        """Those of these that each connection synchronizes: linked ones, customers and suppliers.

        :return: ``{connection: partners}``
        """
        partners = self.with_context(active_test=False)
        links = self.env["tribe.link"].search_fetch(
            [
                ("partner_id", "in", partners.ids),
                ("connection_id", "in", connections.ids),
                ("kind", "in", RELATION_KINDS),
                ("state", "!=", "gone"),
            ],
            ["connection_id", "partner_id"],
            order="id",
        )
        by_connection = links.grouped(lambda link: link.connection_id.id)
        found = {}
        for connection in connections:
            linked = partners & by_connection.get(connection.id, links.browse()).partner_id
            found[connection] = linked | connection._perhaps_relations_among(partners - linked)
        return found
