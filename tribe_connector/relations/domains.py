"""Which contacts are meant, as domains of ``res.partner``."""

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
