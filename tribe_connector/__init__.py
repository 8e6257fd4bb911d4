from . import controllers, demo, models, wizards
from .hooks import uninstall_hook
from .sql_log import hide_secrets

hide_secrets()
