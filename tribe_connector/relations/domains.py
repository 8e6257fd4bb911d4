"""Which contacts are meant, as domains of ``res.partner``."""

from odoo.fields import Domain
from odoo.tools import SQL

from ..engine.same_text import is_short

# Who is invoiced for itself (``commercial_partner_id``): also a company under another company.
COMMERCIAL = ["|", ("parent_id", "=", False), ("is_company", "=", True)]
# What makes one a customer or supplier.
CUSTOMERS_AND_SUPPLIERS = [
    "|",
    "|",
    "|",
    ("customer_rank", ">", 0),
    ("supplier_rank", ">", 0),
    ("tribe_synchronize", "=", True),
    "|",
    ("debtor_number", "!=", False),
    ("creditor_number", "!=", False),
]


def has_written(name, numbers):
    """The contacts with one of some numbers (or references), however written, as a domain."""

    def condition(model, alias, _query):
        model.flush_model([name])
        field = SQL.identifier(alias, name)
        lowered = SQL("SELECT lower(number) FROM unnest(%s::text[]) AS number", list(numbers))
        # An index has exactly this.
        return SQL("lower(btrim(%s)) = ANY(ARRAY(%s))", field, lowered)

    return Domain.custom(to_sql=condition)


def at_postcode(postcode):
    """The contacts whose address, or that of an invoice contact, has a postcode, as a domain."""

    def condition(model, alias, _query):
        model.flush_model(["parent_id", "type", "zip"])
        # Who shares it is counted by the own one, which is read for that.
        return SQL(
            """
            COALESCE(%(is_own_short)s, TRUE) AND %(postcode)s IN (
                SELECT CASE
                           WHEN %(is_short)s
                           THEN upper(regexp_replace(there.zip, '[[:space:]-]', '', 'g'))
                       END
                  FROM res_partner there
                 WHERE there.id = %(contact)s.id
                    OR there.parent_id = %(contact)s.id AND there.type = 'invoice'
            )
            """,
            postcode=postcode,
            is_own_short=is_short(SQL.identifier(alias, "zip")),
            is_short=is_short(SQL.identifier("there", "zip")),
            contact=SQL.identifier(alias),
        )

    return Domain.custom(to_sql=condition)
