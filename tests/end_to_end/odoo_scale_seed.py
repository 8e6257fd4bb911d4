"""Runs in Odoo's shell: very many customers and suppliers.

SEED_TRIBE names the file with Tribe's organizations, and TRIBE_SCALE says how many partners. One
in twenty is an organization of Tribe: it has the number and the name of one.
"""

# ruff: noqa: F821 - the shell provides env
import itertools
import json
import os
from pathlib import Path

BATCH = 1000
SHARED = 20
STREETS = ("Kerkstraat", "Dorpsstraat", "Stationsweg", "Molenlaan", "Prinsengracht")

size = int(os.environ["TRIBE_SCALE"])
organizations = json.loads(Path(os.environ["SEED_TRIBE"]).read_text())["organizations"]
nl = env.ref("base.nl").id


def partner(position):
    """What one partner is like: one in eight is a person, one in seven supplies too."""
    is_person = position % 8 == 0
    shared = organizations.pop() if position % SHARED == 1 and organizations else {}
    name = f"Jan van der Berg {position}" if is_person else f"Bouwbedrijf {position} B.V."
    return {
        # By a number alone, under another name, nobody is known.
        "name": shared.get("Name", name),
        "is_company": not is_person,
        "customer_rank": 1,
        "supplier_rank": int(not is_person and position % 7 == 0),
        "debtor_number": shared.get("DebtorNumber", False),
        "email": f"administratie@klant{position}.example",
        "phone": f"+31 20 {position:07d}",
        "street": f"{STREETS[position % 5]} {position % 300 + 1}",
        "zip": "1012 AB",
        "city": "Amsterdam",
        "country_id": nl,
    }


partners = env["res.partner"].with_context(tracking_disable=True)
positions = iter(range(size))
while chunk := list(itertools.islice(positions, BATCH)):
    partners.create([partner(position) for position in chunk])
    env.cr.commit()
    env.invalidate_all()
