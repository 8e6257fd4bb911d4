"""What is in Odoo at the end of a history, as lines of text without IDs."""

from .installed import OF_THIS_DATABASE
from .text import shown

CONTACT = (
    "active",
    "city",
    "company_id",
    "country_id",
    "customer_rank",
    "email",
    "is_company",
    "name",
    "parent_id",
    "phone",
    "ref",
    "street",
    "street2",
    "supplier_rank",
    "type",
    "vat",
    "zip",
)
ENTRY = (
    "amount_residual",
    "amount_tax",
    "amount_total",
    "amount_untaxed",
    "company_id",
    "currency_id",
    "date",
    "invoice_date",
    "invoice_date_due",
    "invoice_payment_term_id",
    "journal_id",
    "move_type",
    "name",
    "narration",
    "partner_id",
    "payment_reference",
    "payment_state",
    "ref",
    "reversed_entry_id",
    "state",
)
LINE = (
    "account_id",
    "amount_residual",
    "balance",
    "display_type",
    "discount",
    "name",
    "price_subtotal",
    "price_unit",
    "quantity",
    "reconciled",
    "tax_ids",
    "tax_line_id",
    "tax_tag_ids",
)
# Models whose rows are written whole, in the order in which they came to be.
WHOLE = (
    "tribe.link",
    "tribe.work",
    "tribe.conflict",
    "tribe.suggestion",
    "tribe.sighting",
    "tribe.cursor",
    "tribe.plan",
    "tribe.plan.line",
    "tribe.run",
)
# What a connection knows of its Tribe, and how it is mapped: once for all histories.
SET_UP = (
    "tribe.connection",
    "tribe.legal.entity",
    "tribe.vat.group",
    "tribe.ledger.account",
    "tribe.phase",
    "tribe.invoice.field",
    "tribe.reading",
    "tribe.check",
)
# PostgreSQL's own time, and its count of transactions.
OF_POSTGRESQL = {"created", "transaction"}
# What says by its number which record it is about.
NUMBERS_OF_RECORDS = {("tribe.work", "partner"): "res.partner"}


def all_rows(env, placeholders, *, with_set_up=False):
    """The lines of everything that a history can change in Odoo, and of what it begins with."""
    env = env(context={"lang": "en_US", "active_test": False})
    rows = _Rows(env, placeholders)
    lines = rows.of("res.partner", CONTACT, of_everybody=False)
    lines += rows.of("account.move", ENTRY)
    lines += rows.of("account.move.line", (*LINE, "move_id"))
    for model in (*WHOLE, *(SET_UP if with_set_up else ())):
        lines += rows.of(model, sorted(set(env[model]._fields) - OF_THIS_DATABASE - OF_POSTGRESQL))
    return lines


class _Rows:
    def __init__(self, env, placeholders):
        self._env = env
        self._placeholders = placeholders
        self._external = {}

    def of(self, model, names, *, of_everybody=True):
        """The rows of a model, with some fields and all that are ours."""
        records = self._env[model].search([], order="id")
        fields = records._fields
        ours = [name for name, field in fields.items() if "tribe_connector" in field._modules]
        ours = set(ours) - OF_THIS_DATABASE - OF_POSTGRESQL
        names = [name for name in sorted({*names, *ours}) if self._is_kept(fields[name])]
        lines = [f"== {model}"]
        for record in records:
            if of_everybody or not self._external_id(record):
                lines += self._paragraph(record, names)
        return lines

    @staticmethod
    def _is_kept(field):
        return field.store and field.type not in ("one2many", "binary")

    def _paragraph(self, record, names):
        told = [(name, self._value(record, name)) for name in names]
        return [
            self._name(record),
            *(f"    {name}: {value}" for name, value in told if value not in ("False", "None")),
        ]

    def _value(self, record, name):
        field, value = record._fields[name], record[name]
        if field.type in ("many2one", "reference"):
            return self._name(value) if value else "False"
        if field.type == "many2many":
            return ", ".join(map(self._name, value)) or "False"
        about = NUMBERS_OF_RECORDS.get((record._name, record[name] and self._kind(record)))
        if name == "reference" and about and value.isdigit():
            return self._placeholders.name(about, value)
        return self._placeholders.settle(shown(value))

    @staticmethod
    def _kind(record):
        return record["kind"] if "kind" in record._fields else None

    def _name(self, record):
        return self._external_id(record) or self._placeholders.name(record._name, record.id)

    def _external_id(self, record):
        if record not in self._external:
            self._external[record] = record.get_external_id()[record.id]
        return self._external[record]
