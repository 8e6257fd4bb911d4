from . import test_access_rights
from . import test_refusal_counter
from . import test_apps_page
from . import test_webhook
