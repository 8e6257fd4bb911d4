"""Runs in Odoo's shell: a second company, customers and suppliers.

Reads what Tribe has from the file named by SEED_TRIBE.
"""

# ruff: noqa: F821 - the shell provides env
import json
import os
from pathlib import Path

RELATIONS_OF_BOTH = 25
tribe = json.loads(Path(os.environ["SEED_TRIBE"]).read_text())

first = env.company
second = env["res.company"].create(
    {
        "name": "Voorbeeld Diensten B.V.",
        "country_id": env.ref("base.nl").id,
        "currency_id": env.ref("base.EUR").id,
    }
)
env["account.chart.template"].try_loading("nl", second, install_demo=False)
admin = env.ref("base.user_admin")
admin.write({"company_ids": [(4, company.id) for company in (first, second)]})

nl = env.ref("base.nl").id
mobile = env["res.partner"]._tribe_mobile_field()
vals_list = []
for organization in tribe["organizations"][:RELATIONS_OF_BOTH]:
    vals_list.append(
        {
            "name": organization["Name"].strip(),
            "is_company": True,
            "customer_rank": 1,
            "debtor_number": organization["DebtorNumber"],
            "email": organization["EmailAddress"],
            "country_id": nl,
        }
    )
streets = ["Kerkstraat", "Dorpsstraat", "Stationsweg", "Molenlaan", "Prinsengracht"]
cities = [("1012 AB", "Amsterdam"), ("3511 CD", "Utrecht"), ("9712 EF", "Groningen")]
for number in range(25):
    zip_code, city = cities[number % 3]
    vals_list.append(
        {
            "name": f"Bouwbedrijf {number + 1} B.V.",
            "is_company": True,
            "customer_rank": 1 if number % 5 else 0,
            "supplier_rank": 1 if number % 5 == 0 or number % 7 == 0 else 0,
            "debtor_number": f"2{number:04d}" if number % 3 == 0 and number % 5 else False,
            "email": f"administratie@bouwbedrijf{number + 1}.example",
            "phone": f"+31 20 555 {number:04d}",
            "website": f"https://www.bouwbedrijf{number + 1}.example",
            "street": f"{streets[number % 5]} {number + 1}{'abc'[number % 3]}",
            "zip": zip_code,
            "city": city,
            "country_id": nl,
        }
    )
for first_name, last_name in [
    ("Jan", "van der Berg"),
    ("Femke", "de Vries"),
    ("Søren", "Ødegård"),
    ("Maria", "O'Brien"),
    ("Anna", "Jansen-de Boer"),
]:
    vals_list.append(
        {
            "name": f"{first_name} {last_name}",
            "is_company": False,
            "customer_rank": 1,
            "email": f"{first_name.lower()}@particulier.example",
            mobile: "+31 6 12345678",
            "street": "Dorpsstraat 12 bis",
            "zip": "2011 AA",
            "city": "Haarlem",
            "country_id": nl,
        }
    )
# Contacts that are neither customer nor supplier stay at home.
vals_list.append({"name": "Alleen een contact", "is_company": True})
env["res.partner"].create(vals_list)
env.cr.commit()
