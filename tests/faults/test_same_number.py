"""Two relations of Tribe with one number reach two workers at once: one contact, one question."""

import concurrent.futures

PAIRS = 20
FIELDS = ["debtor_number", "tribe_id"]


def new_customer(lab, name: str, number: str) -> str:
    """Make a customer in Tribe that has a debtor number already; returns the relation's ID."""
    relation_id, _relationship_id = lab.make_customer_of({"Name": name, "DebtorNumber": number})
    return relation_id


def finish(lab) -> None:
    """Wait until Tribe has told everything, and all of it is done."""
    lab.sandbox.deliveries()
    lab.wait_until_idle()


def test_a_number_that_two_relations_have_is_given_once(lab):
    lab.odoo.write("tribe.connection", [lab.connection_id], number_source="tribe")
    twins = [(f"N-{pair}{twin}", f"T{pair}") for pair in range(PAIRS) for twin in (1, 2)]

    with concurrent.futures.ThreadPoolExecutor(max_workers=2) as two:
        relations = list(two.map(lambda twin: new_customer(lab, *twin), twins))
    finish(lab)

    numbers = [number for _name, number in twins]
    partners = lab.odoo.rows("res.partner", [["debtor_number", "in", numbers]], FIELDS)
    assert sorted(row["debtor_number"] for row in partners) == sorted(set(numbers))
    assert len(lab.problems()) == PAIRS

    for tribe_id in set(relations) - {row["tribe_id"] for row in partners}:
        lab.sandbox.change("Relation_Organization", tribe_id, {"DebtorNumber": f"X{tribe_id}"})
    finish(lab)

    assert lab.problems() == []
    for name, _number in twins:
        assert len(lab.odoo.rows("res.partner", [["name", "=", name]], ["id"])) == 1
    lab.odoo.write("tribe.connection", [lab.connection_id], number_source="sequence")
