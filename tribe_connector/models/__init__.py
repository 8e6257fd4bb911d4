# Odoo builds models in the order in which they are defined: what others inherit comes first.
from . import tribe_sign_in
from . import tribe_synchronized
from . import tribe_relation_synchronizer
from . import tribe_relation_matcher
from . import tribe_relation_creator
from . import tribe_relation_numbering
from . import (
    account_move,
    account_payment_term,
    account_tax,
    res_config_settings,
    res_partner,
    tribe_availability,
    tribe_check,
    tribe_conflict,
    tribe_connection,
    tribe_connection_dashboard,
    tribe_connection_life_cycle,
    tribe_connection_schedule,
    tribe_connection_set_up,
    tribe_connection_tenant,
    tribe_connection_trouble,
    tribe_credential,
    tribe_cursor,
    tribe_document_importer,
    tribe_engine,
    tribe_invoice_booker,
    tribe_invoice_field,
    tribe_invoice_importer,
    tribe_ledger_account,
    tribe_legal_entity,
    tribe_link,
    tribe_payment_exporter,
    tribe_phase,
    tribe_plan,
    tribe_plan_line,
    tribe_poller,
    tribe_rate_limit,
    tribe_relation_comparer,
    tribe_relation_exporter,
    tribe_relation_importer,
    tribe_relation_planner,
    tribe_run,
    tribe_run_line,
    tribe_suggestion,
    tribe_vat_group,
    tribe_work,
)
