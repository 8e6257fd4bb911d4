from . import account_move_reversal, base_partner_merge
