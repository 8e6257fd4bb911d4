"""Runs in Odoo's shell: sets the template up as a company has it that uses Odoo for years.

A second company and a branch, look-ups in VIES, languages, automations that write to fields of
their own, and a rule by which salespeople see their own contacts.
"""

# ruff: noqa: F821 - the shell provides env
company = env.company
netherlands = env.ref("base.nl").id

# Companies.
second, branch = env["res.company"].create(
    [
        {
            "name": "Voorbeeld Holding B.V.",
            "country_id": netherlands,
            "currency_id": env.ref("base.EUR").id,
        },
        {"name": "Voorbeeld Verkoop Filiaal", "parent_id": company.id},
    ]
)
for each in second, branch:
    env["account.chart.template"].try_loading("nl", each, install_demo=False)
companies = company | second | branch
companies.vat_check_vies = True
env.ref("base.user_admin").write({"company_ids": [(6, 0, companies.ids)]})
# `partner_company_default` would have all contacts in the company of whoever makes them.
env["ir.default"].set("res.partner", "company_id", False)
# So that its references are not for the first company only.
env["ir.sequence"].search([("code", "=", "res.partner")]).company_id = False

# Languages.
for code in "nl_NL", "fr_FR":
    env["res.lang"]._activate_lang(code)
modules = env["ir.module.module"].search([("state", "=", "installed")])
modules._update_translations(["nl_NL", "fr_FR"])

# Fields of their own, and automations that fill them in whenever somebody saves.
SOURCES = {
    "res.partner": ("on_create_or_write", "{'x_seen': record.display_name}"),
    "account.move": ("on_create_or_write", "{'x_seen': record.name or '/'}"),
}
for model, (trigger, values) in SOURCES.items():
    model_id = env["ir.model"]._get_id(model)
    env["ir.model.fields"].create(
        {
            "model_id": model_id,
            "name": "x_seen",
            "field_description": "Seen",
            "ttype": "char",
            "copied": False,
        }
    )
    env["base.automation"].create(
        {
            "name": f"Note what was seen: {model}",
            "model_id": model_id,
            "trigger": trigger,
            "action_server_ids": [
                (
                    0,
                    0,
                    {
                        "name": "Note what was seen",
                        "model_id": model_id,
                        "usage": "base_automation",
                        "state": "code",
                        "code": f"for record in records:\n    record.write({values})",
                    },
                )
            ],
        }
    )

# A salesperson's own contacts; the head of sales sees all.
known = "[user.partner_id.id, user.company_id.partner_id.id]"
own = f"['|', ('user_id', '=', user.id), ('id', 'in', {known})]"
for group, domain in (
    ("sales_team.group_sale_salesman", own),
    ("sales_team.group_sale_salesman_all_leads", "[(1, '=', 1)]"),
    ("account.group_account_invoice", "[(1, '=', 1)]"),
):
    env["ir.rule"].create(
        {
            "name": f"Own contacts: {group}",
            "model_id": env["ir.model"]._get_id("res.partner"),
            "groups": [(6, 0, env.ref(group).ids)],
            "domain_force": domain,
        }
    )
env.cr.commit()
