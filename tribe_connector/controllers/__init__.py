from . import tribe_report
from . import tribe_sign_in
from . import tribe_webhook
