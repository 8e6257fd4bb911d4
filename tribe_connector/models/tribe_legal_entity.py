from odoo import api, fields, models
from odoo.exceptions import UserError

from ..engine.only_for import only_for
from ..mapping import (
    DOMESTIC,
    canonical,
    chart_taxes,
    is_about_services,
    is_chart_known,
    vat_country,
    vat_kind,
    what_is_sold,
)
from ..sentence import Name, say

# Of the journals that are made for Tribe's invoices.
JOURNAL_CODES = ("TRIBE", *(f"TRI{number}" for number in range(2, 99)))
JOURNAL_SEQUENCE_PATTERN = r"^(?P<prefix1>.*?)(?P<seq>\d{0,9})(?P<suffix>\D*?)$"


class TribeLegalEntity(models.Model):
    """A legal entity (identity) of Tribe and the company that keeps its books in Odoo."""

    _name = "tribe.legal.entity"
    _inherit = "tribe.written.by.connector"
    _description = "Tribe Legal Entity"
    _order = "is_default desc, name, id"
    _check_company_auto = True

    connection_id = fields.Many2one(
        "tribe.connection", required=True, index=True, ondelete="cascade", readonly=True
    )
    tribe_id = fields.Char("Tribe ID", required=True, readonly=True)
    name = fields.Char(required=True, readonly=True)
    vat = fields.Char("VAT Number", readonly=True)
    organization_id = fields.Char("Tribe ID of the Organization", readonly=True)
    is_default = fields.Boolean(
        "Default", help="Used for invoices for which Tribe specifies no legal entity."
    )
    is_booked = fields.Boolean(
        "Book in Odoo",
        default=True,
        help="Off: the books of this legal entity are elsewhere. Its invoices are not booked, and "
        "it needs no company, journal or mapping.",
    )
    company_id = fields.Many2one("res.company", index=True)
    journal_id = fields.Many2one(
        "account.journal",
        check_company=True,
        # With Tribe's numbers a branch needs one of its own (``_check_own_journal``).
        domain="[('type', '=', 'sale')]"
        " + ([('company_id', '=', company_id)] if number_policy == 'tribe' else [])",
        help="A journal for Tribe's invoices alone, so that they can keep Tribe's numbers.",
    )
    number_policy = fields.Selection(
        [
            ("tribe", "Tribe's Number"),
            ("odoo", "Odoo's Number, Tribe's as Reference"),
        ],
        "Invoice Number",
        required=True,
        default="tribe",
    )
    locked_period = fields.Selection(
        [("hold", "Wait"), ("first_open_day", "Book on the First Open Day")],
        "In a Locked Period",
        required=True,
        default="hold",
    )
    timezone = fields.Selection(
        "_timezones",
        required=True,
        default="Europe/Amsterdam",
        help="Tribe sends moments in UTC; the date of an invoice is the one in this time zone.",
    )
    vat_group_ids = fields.One2many("tribe.vat.group", "legal_entity_id", "VAT Groups")
    ledger_account_ids = fields.One2many(
        "tribe.ledger.account", "legal_entity_id", "General Ledger Accounts"
    )
    unmapped_vat_groups = fields.Integer(compute="_compute_unmapped_vat_groups")
    serves_others = fields.Boolean(
        "Serves Other Companies",
        compute="_compute_serves_others",
        help="Its connection also works for companies in which you do not work.",
    )

    _tribe_unique = models.Constraint(
        "UNIQUE(connection_id, tribe_id)", "A legal entity of Tribe is listed once per connection."
    )

    @api.model
    def _timezones(self):
        return self.env["res.partner"]._fields["tz"]._description_selection(self.env)

    @api.depends("vat_group_ids.tax_id", "is_booked")
    def _compute_unmapped_vat_groups(self):
        for entity in self:
            groups = entity.vat_group_ids if entity.is_booked else entity.vat_group_ids.browse()
            entity.unmapped_vat_groups = len(groups.filtered(lambda group: not group.tax_id))

    @api.depends_context("uid")
    def _compute_serves_others(self):
        for entity in self:
            connection = entity._origin.connection_id
            entity.serves_others = bool(connection) and not connection._works_in_all_companies()

    def write(self, vals):
        self.env["tribe.connection"]._check_own_company(vals)
        if "is_default" in vals:
            self._check_works_in_all("is_default", self.connection_id)
        if vals.get("company_id"):
            joined = self.filtered(lambda entity: entity.company_id.id != vals["company_id"])
            self._check_works_in_all("company_id", joined.connection_id.filtered("is_running"))
        switched_on = self.filtered(lambda entity: vals.get("is_booked") and not entity.is_booked)
        before = {entity: entity._numbering() for entity in self}
        result = super().write(vals)
        self._follow_numbering(before)
        self._check_chosen_journal(before)
        switched_on.connection_id._look_for_invoices_again()
        if {"company_id", "is_booked"} & vals.keys():
            self.env["tribe.check"]._store_legal_entities(self)
        if vals.get("is_default"):
            # Also those that this user does not see. Of several the last one stays.
            for connection, chosen in self.sudo().grouped("connection_id").items():
                others = connection.legal_entity_ids - chosen[-1]
                others.filtered("is_default").write({"is_default": False})
        if {
            "company_id",
            "is_booked",
            "journal_id",
            "is_default",
            "timezone",
            "locked_period",
            "number_policy",
        } & vals.keys():
            self.connection_id._retry_held_invoices()
        return result

    def _check_works_in_all(self, name, connections):
        """Refuse to change for others what they all go by.

        In whose books what names no legal entity comes; and while a connection runs, which
        companies it works for: those who work in all the others would not any more.

        Also for who does not see the connection: its name is on the form of the legal entity.

        :param name: the field
        :raises AccessError: for who may not change the legal entity or the connection at all
        :raises UserError: naming the connection, for who does not work in all its companies
        """
        self.check_access("write")
        for connection in connections:
            if not connection._works_in_all_companies():
                raise connection._refused_for_others(self._fields[name])
        connections.check_access("write")

    def _vat_of_company(self):
        """The company's VAT number where it is another than Tribe's; else empty."""
        vat = self.company_id.sudo().vat
        if not self.vat or not vat or vat == "/":
            return ""
        return "" if self._has_vat_of(self.company_id) else vat

    def _has_vat_of(self, company):
        """Whether a company has the VAT number of this legal entity, however it is written."""
        country = company.sudo().country_id.code
        own, other = (canonical("vat", vat, country) for vat in (self.vat, company.sudo().vat))
        return bool(own) and own == other

    def _company_like(self, companies):
        """The one of some companies that this legal entity seems to be: same VAT number or name.

        Branches share the number of their company; then the name tells which one is meant.
        """
        same_vat = companies.filtered(self._has_vat_of)
        same_vat = same_vat.filtered(lambda company: company.parent_id not in same_vat)
        same_name = companies.filtered(lambda company: company.name == self.name)
        found = same_vat & same_name or same_vat or same_name
        return found if len(found) == 1 else found.browse()

    @only_for("Administrator", "write")
    def action_suggest(self):
        """Fill in the taxes and accounts that the chart makes obvious; what is filled in stays.

        :raises UserError: without a company
        """
        for entity in self:
            if not entity.company_id:
                raise UserError(
                    say(self.env, "choose_company_first", entity=entity.name),
                )
            for group in entity.vat_group_ids:
                entity._suggest_for_group(group)
            for ledger in entity.ledger_account_ids:
                entity._suggest_for_ledger(ledger)
            for group in entity.vat_group_ids.filtered("asks_what_it_sells"):
                group.sells = entity._sold_under(group)

    def _suggest_for_group(self, group):
        goods, services = self._taxes_for(group)
        if not group.tax_id:
            group.tax_id = goods
        # Where somebody chose another tax, only they know the one for services.
        if not group.service_tax_id and goods and group.tax_id == goods:
            group.service_tax_id = services
        if not group.account_id:
            group.account_id = self._default_income_account()

    def _sold_under(self, group):
        """What a VAT group's name tells, or services where nothing else is sold; else False."""
        ledgers = self.ledger_account_ids
        sells_services = bool(ledgers) and all(ledgers.mapped("is_service"))
        return what_is_sold(group.name) or (sells_services and "services")

    def _taxes_for(self, group):
        """The taxes for goods and for services; each may be empty."""
        taxes = self.env["account.tax"]
        if self._is_of_another_country(group):
            return taxes, taxes
        kind = vat_kind(group.name, group.code, group.percentage)
        goods, services = self._chart_taxes(kind, group.percentage)
        return goods or self._generic_tax(kind, group.percentage), services

    def _is_of_another_country(self, group):
        """Whether the group, or else its name, tells of a country that is not the company's.

        Every legal entity lists all VAT groups of Tribe, also those of the others.
        """
        company = self.company_id
        own = (company.account_fiscal_country_id + company.country_id).mapped("code")
        country = group.country_code or vat_country(group.name)
        return bool(country) and country not in own

    def _charts(self):
        """The company's chart and those it is based on."""
        template = self.env["account.chart.template"].sudo()
        return template._get_parent_template(self.company_id.chart_template)

    def _chart_taxes(self, kind, percentage):
        """The taxes of a known chart for goods and for services; each may be empty."""
        template = self.env["account.chart.template"].with_company(self.company_id)
        taxes = self.env["account.tax"]
        found = [
            (name and template.ref(name, raise_if_not_found=False)) or taxes
            for name in chart_taxes(self._charts(), kind, percentage)
        ]
        # Somebody may have changed it since.
        return [self._usable(tax, percentage) for tax in found]

    def _usable(self, taxes, percentage):
        """Those of some taxes that Tribe's net prices and percentage can be booked with."""
        return taxes.filtered(
            lambda tax: (
                tax.active
                and tax.type_tax_use == "sale"
                and tax.amount == percentage
                and not tax._tribe_problem()
            )
        )

    def _generic_tax(self, kind, percentage):
        """In another chart: the company's ordinary domestic tax of that percentage.

        Of taxes of 0 % a chart has several with different meanings, so none is guessed but where
        there is just one.
        """
        if kind != DOMESTIC:
            return self.env["account.tax"]
        taxes = self._domestic_taxes(percentage)
        if percentage:
            return taxes[:1]
        return taxes if len(taxes) == 1 and not is_chart_known(self._charts()) else taxes.browse()

    def _domestic_taxes(self, percentage):
        """The ordinary sales taxes of the company's own country, the most ordinary one first.

        Not those that fiscal positions bring in (for customers abroad, triangular sales), and
        not those that are due on payment.
        """
        company = self.company_id
        default = company.account_sale_tax_id
        taxes = self.env["account.tax"].search(
            [
                *self.env["account.tax"]._check_company_domain(company),
                ("country_id", "=", company.account_fiscal_country_id.id),
            ]
        )
        return (
            self._usable(taxes, percentage)
            .filtered(
                lambda tax: (
                    tax == default
                    or (self._is_domestic(tax) and tax.tax_exigibility != "on_payment")
                )
            )
            .sorted(lambda tax: (tax != default, tax.tax_scope == "service"))
        )

    def _is_domestic(self, tax):
        """As Odoo's ``is_domestic``, which is stored as False for a tax that is duplicated."""
        domestic = self.company_id.domestic_fiscal_position_id
        return not tax.fiscal_position_ids or domestic in tax.fiscal_position_ids

    def _default_income_account(self):
        return (
            self.journal_id.default_account_id
            or self.env["account.journal"]
            .search(
                [
                    *self.env["account.journal"]._check_company_domain(self.company_id),
                    ("type", "=", "sale"),
                    ("default_account_id", "!=", False),
                ],
                limit=1,
            )
            .default_account_id
        )

    def _suggest_for_ledger(self, ledger):
        if not ledger.account_id:
            ledger.account_id = self._account_like(ledger)
            if is_about_services(ledger.name):
                ledger.is_service = True

    def _account_like(self, ledger):
        """The income account with the same code (a longer one filled up with zeros), or name."""
        accounts = (
            self.env["account.account"]
            .with_company(self.company_id)
            .search(
                [
                    *self.env["account.account"]._check_company_domain(self.company_id),
                    ("internal_group", "=", "income"),
                ]
            )
        )
        code, name = (ledger.code or "").strip(), (ledger.name or "").strip()
        same_code = accounts.filtered(lambda account: code and account.code == code)
        filled_up = accounts.filtered(
            lambda account: len(code) > 2 and account.code == code.ljust(len(account.code), "0")
        )
        same_name = accounts.filtered(lambda account: account.name == name)
        found = same_code or filled_up or same_name
        # Charts have several accounts of one name; which one is meant, a person knows.
        return found if len(found) == 1 else found.browse()

    @only_for("Administrator", "write")
    def action_create_journal(self):
        """Create the sales journal in which invoices keep Tribe's numbers.

        The sequence pattern takes numbers in any order (Odoo's ``sequence.mixin`` would read a
        year or a month into some of them); hashing would refuse a lower number after a higher.
        Where Odoo numbers, it has to read the year.
        """
        for entity in self.filtered(lambda entity: entity.company_id and not entity.journal_id):
            company = entity.company_id
            journal = (
                self.env["account.journal"]
                .with_company(company)
                .create(
                    {
                        "name": self.env._("Tribe CRM invoices"),
                        "code": entity._free_journal_code(),
                        "type": "sale",
                        "company_id": company.id,
                        "sequence_override_regex": entity.number_policy == "tribe"
                        and JOURNAL_SEQUENCE_PATTERN,
                        "restrict_mode_hash_table": False,
                        "refund_sequence": False,
                        # Never the journal that Odoo proposes for an invoice made by hand.
                        "sequence": 99,
                    }
                )
            )
            # Whoever reads it, not only in the language of who pressed the button.
            for language, _name in self.env["res.lang"].get_installed():
                translated = journal.with_context(lang=language)
                translated.name = translated.env._("Tribe CRM invoices")
            entity.journal_id = journal

    def _free_journal_code(self):
        taken = set(
            self.env["account.journal"]
            .with_context(active_test=False)
            .search([("company_id", "=", self.company_id.id)])
            .mapped("code")
        )
        return next(code for code in JOURNAL_CODES if code not in taken)

    def _follow_numbering(self, before):
        """Have a journal that was made for Tribe read numbers as whose they are.

        Odoo would not begin anew each year with the pattern for Tribe's. That one stays where it
        has invoices: Odoo would read years into Tribe's numbers when one is confirmed again.

        :param before: ``{legal entity: what _numbering gave}``
        """
        for entity, numbering in before.items():
            journal = entity.journal_id
            if entity._numbering() == numbering or not entity._is_made_for_tribe(journal):
                continue
            pattern = entity._has_tribes_numbers(journal) and JOURNAL_SEQUENCE_PATTERN
            moves = self.env["account.move"].sudo()
            is_used = moves.search_count([("journal_id", "=", journal.id)], limit=1)
            if journal.sequence_override_regex != pattern and (pattern or not is_used):
                journal.sequence_override_regex = pattern

    def _is_made_for_tribe(self, journal):
        """Whether a journal is, or was, one of those that *Create Journal* makes."""
        pattern = journal.sequence_override_regex
        return pattern == JOURNAL_SEQUENCE_PATTERN or (
            not pattern and journal.type == "sale" and journal.code in JOURNAL_CODES
        )

    def _has_tribes_numbers(self, journal):
        """Whether invoices get Tribe's numbers in a journal, of any legal entity."""
        entities = self.sudo().search(
            [
                ("journal_id", "=", journal.id),
                ("number_policy", "=", "tribe"),
                ("connection_id.active", "=", True),
            ],
            limit=1,
        )
        return bool(entities)

    def _check_journal(self):
        """Refuse a journal that could not keep Tribe's numbers.

        :raises UserError: naming the legal entity, the cause and the remedy
        """
        for entity in self:
            cause = entity._journal_problem()
            if cause:
                raise UserError(
                    say(self.env, "legal_entity_problem", name=entity.name, cause=cause)
                )

    def _check_chosen_journal(self, before):
        """Refuse a journal that is chosen just now, while something else is in it.

        What was chosen before stays: it must not keep anybody from saving.

        :param before: ``{legal entity: what _numbering gave}``
        :raises UserError: naming the legal entity, the cause and the remedy
        """
        for entity, numbering in before.items():
            if entity._numbering() != numbering:
                entity._check_journal()
                entity._check_own_journal()
            if entity.journal_id != numbering[0] and entity._has_other_invoices():
                raise UserError(
                    say(
                        self.env,
                        "journal_has_other_invoices",
                        name=entity.name,
                        journal=Name.of(entity.journal_id),
                    )
                )

    def _numbering(self):
        """What decides whose numbers its invoices get."""
        return self.journal_id, self.number_policy, self.company_id

    def _check_own_journal(self):
        """Refuse a journal in which numbers of this Tribe and those of others would meet.

        Odoo takes the journals of the company above a branch for the branch's too; who works in
        the branch alone does not lead its numbers.

        :raises UserError: naming the legal entity, the cause and the remedy
        """
        journal = self.sudo().journal_id
        if not journal:
            return
        if self.number_policy == "tribe" and journal.company_id != self.company_id:
            raise UserError(
                say(
                    self.env,
                    "journal_of_other_company",
                    name=self.name,
                    journal=Name.of(journal),
                )
            )
        if self._shares_numbers():
            raise UserError(
                say(
                    self.env,
                    "journal_of_other_connection",
                    name=self.name,
                    journal=Name.of(journal),
                )
            )

    def _shares_numbers(self):
        """Whether another connection books in the journal, and one of the two has Tribe number.

        Not one that is archived: who connects the same Tribe anew keeps its journal.
        """
        others = self.sudo().search(
            [
                ("journal_id", "=", self.journal_id.id),
                ("connection_id", "!=", self.connection_id.id),
                ("connection_id.active", "=", True),
            ]
        )
        return bool(others) and "tribe" in (self | others).mapped("number_policy")

    def _has_other_invoices(self):
        """Whether invoices that never came from Tribe are in a journal for Tribe's numbers."""
        if not self.journal_id or self.number_policy == "odoo":
            return False
        moves = self.env["account.move"].sudo()
        others = [
            ("journal_id", "=", self.journal_id.id),
            ("move_type", "in", moves.get_sale_types(include_receipts=True)),
            # Also of a connection that is deleted by now: its journal can be chosen again.
            ("tribe_id", "=", False),
        ]
        return bool(moves.search_count(others, limit=1))

    def _can_book(self):
        """Whether invoices of Tribe can still come in: in this database, by this connection."""
        connection = self.connection_id
        return (
            self.is_booked
            and connection.active
            and connection.state != "draft"
            and not connection._is_moved()
        )

    def _journal_problem(self):
        journal = self.journal_id
        if journal and not journal.active:
            return say(
                self.env,
                "journal_archived",
                journal=Name.of(journal),
            )
        if journal and journal.type != "sale":
            return say(
                self.env,
                "journal_not_of_sales",
                journal=Name.of(journal),
            )
        if not journal or self.number_policy == "odoo":
            return None
        if journal.restrict_mode_hash_table:
            return say(
                self.env,
                "journal_hashed",
                journal=Name.of(journal),
            )
        if journal.sequence_override_regex != JOURNAL_SEQUENCE_PATTERN:
            return say(
                self.env,
                "journal_reads_dates",
                journal=Name.of(journal),
            )
        return None
