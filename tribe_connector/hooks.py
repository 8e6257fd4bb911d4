"""What happens outside the records when the addon leaves a database."""

import logging

from .tribe_api import TribeError

_logger = logging.getLogger(__name__)


def uninstall_hook(env):
    """Remove our webhooks from Tribe, so that it does not keep calling an address that is gone.

    A Tribe that cannot be reached must not keep anybody from uninstalling.
    """
    for connection in (
        env["tribe.connection"]
        .sudo()
        .search([("state", "!=", "draft"), ("is_demo_data", "=", False)])
    ):
        try:
            connection._remove_webhooks()
        except TribeError as error:
            _logger.info("The webhooks of %s stay registered: %s", connection.name, error)
