"""What a row of the mapping may be booked on, whoever enters it: the screens, RPC or an import."""

from odoo.exceptions import ValidationError

from ..sentence import say


def check_chosen(rows, name):
    """Refuse a tax or an account that Tribe's invoices are not booked on.

    What was chosen before stays until it is changed; an invoice that needs it is held.

    :param rows: VAT groups or general ledger accounts
    :param name: the field that was written
    :raises ValidationError: naming the row, its legal entity, the cause and the remedy
    """
    # First, by Odoo: nothing below names what is another company's.
    rows._check_company([name])
    for row in rows.filtered(name):
        problem = _problem(row, row[name].with_company(row.company_id))
        if problem:
            raise ValidationError(
                say(
                    row.env,
                    "mapping_problem",
                    name=row.display_name,
                    entity=row.legal_entity_id.name,
                    problem=problem,
                )
            )


def problems_of(row, names):
    """What is wrong with what was chosen in some fields of a row, as sentences.

    Something else can have become of it since. What the reader may not see is not judged.
    """
    chosen = [row[name]._filtered_access("read").with_company(row.company_id) for name in names]
    problems = [_problem(row, each) for each in chosen if each]
    # Goods and services may have one tax.
    return [*dict.fromkeys(problem for problem in problems if problem)]


def _problem(row, chosen):
    if not row.company_id:
        # Odoo's own check takes an account of any company then.
        return say(row.env, "choose_company_first", entity=row.legal_entity_id.name)
    if not chosen.active:
        return say(row.env, "chosen_is_archived", chosen=chosen.display_name)
    return chosen._tribe_problem(row.company_id)
