"""What happens outside the records when the addon leaves a database."""

import logging

from odoo.fields import Domain

from .tribe_api import TribeError

_logger = logging.getLogger(__name__)


def uninstall_hook(env):
    """Remove our webhooks from Tribe, so that it does not keep calling an address that is gone.

    Those of archived connections as well, and in a copy of a database none: they are its
    original's. A Tribe that cannot be reached must not keep anybody from uninstalling.
    """
    connections = env["tribe.connection"].sudo().with_context(active_test=False)
    for connection in connections.search(
        Domain("state", "!=", "draft")
        & Domain("is_demo_data", "=", False)
        & connections._made_here()
    ):
        try:
            connection._remove_webhooks()
        except TribeError as error:
            _logger.info("The webhooks of %s stay registered: %s", connection.name, error)
