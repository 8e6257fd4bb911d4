"""Runs in Odoo's shell, without the addon: very many invoices, copied by SQL of one that is posted.

TRIBE_BENCH_INVOICES says how many.
"""

# ruff: noqa: F821 - the shell provides env
import os

count = int(os.environ["TRIBE_BENCH_INVOICES"])
customer = env["res.partner"].create({"name": "Klant B.V.", "is_company": True})
line = {"name": "Werk", "quantity": 1, "price_unit": 100}
move = env["account.move"].create(
    {
        "move_type": "out_invoice",
        "partner_id": customer.id,
        "invoice_date": "2026-01-15",
        "invoice_line_ids": [(0, 0, line)],
    }
)
move.action_post()
env.cr.commit()


def columns(table):
    """The columns of a table that PostgreSQL does not fill in by itself."""
    env.cr.execute(
        "SELECT column_name FROM information_schema.columns"
        " WHERE table_name = %s AND is_generated = 'NEVER'",
        [table],
    )
    return [name for (name,) in env.cr.fetchall()]


def copied(table, own):
    """The columns of a table, and what each copy has of them, as SQL."""
    names = columns(table)
    quoted = ", ".join(f'"{name}"' for name in names)
    return quoted, ", ".join(own.get(name, f'source."{name}"') for name in names)


env.cr.execute("SELECT last_value FROM account_move_id_seq")
first = env.cr.fetchone()[0]
names, values = copied(
    "account_move",
    {
        "id": "nextval('account_move_id_seq')",
        "name": "'OLD/' || number",
        "sequence_number": "number",
        "payment_reference": "'OLD/' || number",
    },
)
env.cr.execute(
    f"INSERT INTO account_move ({names}) SELECT {values} FROM account_move source,"
    " generate_series(1, %s) AS number WHERE source.id = %s",
    [count, move.id],
)
names, values = copied(
    "account_move_line",
    {
        "id": "nextval('account_move_line_id_seq')",
        "move_id": "entry.id",
        "move_name": "entry.name",
    },
)
env.cr.execute(
    f"INSERT INTO account_move_line ({names}) SELECT {values} FROM account_move_line source,"
    " account_move entry WHERE source.move_id = %s AND entry.id > %s",
    [move.id, first],
)
env.cr.commit()
