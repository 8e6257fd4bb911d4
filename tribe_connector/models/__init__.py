# Large models have a file for each thing that is done with them, as account.journal of Odoo has
# account_journal_dashboard.py.
# Odoo builds models in the order in which they are defined: what others inherit comes first.
from . import tribe_written_by_connector
from . import tribe_invoice_facts
from . import tribe_of_legal_entity
from . import tribe_sign_in
from . import tribe_synchronized
from . import tribe_link
from . import tribe_work
from . import tribe_connection
from . import (
    account_account,
    account_move,
    account_move_line,
    account_partial_reconcile,
    account_payment_term,
    account_tax,
    ir_cron,
    res_company,
    res_config_settings,
    res_partner,
    res_partner_addons,
    res_partner_length,
    res_partner_untouchable,
    tribe_availability,
    tribe_check,
    tribe_conflict,
    tribe_connection_addresses,
    tribe_connection_customers,
    tribe_connection_dashboard,
    tribe_connection_headline,
    tribe_connection_life_cycle,
    tribe_connection_origin,
    tribe_connection_report,
    tribe_connection_schedule,
    tribe_connection_set_up,
    tribe_connection_tenant,
    tribe_connection_trial,
    tribe_connection_trouble,
    tribe_credential,
    tribe_cursor,
    tribe_invoice_field,
    tribe_ledger_account,
    tribe_legal_entity,
    tribe_link_credit,
    tribe_link_facts,
    tribe_message,
    tribe_phase,
    tribe_plan,
    tribe_plan_line,
    tribe_rate_limit,
    tribe_reading,
    tribe_run,
    tribe_run_line,
    tribe_sighting,
    tribe_suggestion,
    tribe_vat_group,
    tribe_work_adoption,
    tribe_work_claim,
    tribe_work_decisions,
    tribe_work_ignored,
    tribe_work_outcome,
    tribe_work_queue,
    tribe_work_webhook,
)
