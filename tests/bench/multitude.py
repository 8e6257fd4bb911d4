"""Very many linked contacts, made by SQL of one that was imported."""

from odoo.tools import SQL

# What is not as in the one that is copied.
OWN_OF_PARTNER = {
    "id": "nextval('res_partner_id_seq')",
    "name": "'Menigte ' || number",
    "complete_name": "'Menigte ' || number",
    "debtor_number": "'M' || number",
    "commercial_partner_id": "currval('res_partner_id_seq')",
    "create_date": "now() - interval '30 days'",
    "write_date": "now() - interval '30 days'",
}
OWN_OF_LINK = {
    "id": "nextval('tribe_link_id_seq')",
    "tribe_id": "gen_random_uuid()::text",
    "partner_id": "partner.id",
    "agreed": "CASE WHEN link.kind = 'organization' THEN link.agreed::jsonb || "
    "jsonb_build_object('name', partner.name, 'debtor_number', partner.debtor_number) "
    "ELSE link.agreed::jsonb END",
    "create_date": "now() - interval '30 days'",
    "write_date": "now() - interval '30 days'",
}


def multiply(env, partner, first: int, last: int) -> None:
    """Have contacts numbered from first to last as one that is linked, with links of their own.

    Tribe has none of them: for what asks it about none.
    """
    env.flush_all()
    partners = _columns(env, "res_partner", OWN_OF_PARTNER, "partner")
    env.cr.execute(
        SQL(
            "INSERT INTO res_partner (%s) SELECT %s FROM res_partner partner,"
            " generate_series(%s, %s) AS number WHERE partner.id = %s",
            *partners,
            first,
            last,
            partner.id,
        )
    )
    links = _columns(env, "tribe_link", OWN_OF_LINK, "link")
    env.cr.execute(
        SQL(
            "INSERT INTO tribe_link (%s) SELECT %s FROM tribe_link link, res_partner partner"
            " WHERE link.partner_id = %s AND partner.name LIKE 'Menigte %%'"
            " AND NOT EXISTS (SELECT 1 FROM tribe_link other WHERE other.partner_id = partner.id)",
            *links,
            partner.id,
        )
    )
    for table in ("res_partner", "tribe_link"):
        env.cr.execute(SQL("ANALYZE %s", SQL.identifier(table)))
    env.cr.commit()
    env.invalidate_all()


def _columns(env, table: str, own: dict, alias: str) -> tuple[SQL, SQL]:
    """The columns of a table, and the value that each copy has of them."""
    env.cr.execute(
        SQL(
            "SELECT column_name FROM information_schema.columns"
            " WHERE table_name = %s AND is_generated = 'NEVER'",
            table,
        )
    )
    names = [name for (name,) in env.cr.fetchall()]
    copied = [SQL(own[name]) if name in own else SQL.identifier(alias, name) for name in names]
    return SQL(", ").join(SQL.identifier(name) for name in names), SQL(", ").join(copied)
