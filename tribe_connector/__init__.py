from . import engine, relations, invoices, models
from . import controllers, demo, wizards
from .hooks import uninstall_hook
from .log_filters import hide_secrets

hide_secrets()
