from . import tribe_webhook
