"""Runs in Odoo's shell: gives the template's company the Netherlands and the Dutch chart.

And keeps Odoo's bot from beginning a chat, which covers the whole of a narrow screen, and Odoo
from proposing companies of the internet while somebody types a name.
"""

company = env.company  # noqa: F821 - the shell provides env
company.write(
    {
        "name": "Voorbeeld Verkoop B.V.",
        "country_id": env.ref("base.nl").id,  # noqa: F821
        "currency_id": env.ref("base.EUR").id,  # noqa: F821
    }
)
if company.chart_template != "nl":
    env["account.chart.template"].try_loading("nl", company, install_demo=False)  # noqa: F821
env.ref("base.user_admin").odoobot_state = "disabled"  # noqa: F821
parameters = env["ir.config_parameter"]  # noqa: F821
parameters.set_param("database.secret", "a fixed secret of a test database")
parameters.set_param("iap.partner_autocomplete.endpoint", "http://127.0.0.1:9")
env.cr.commit()  # noqa: F821
