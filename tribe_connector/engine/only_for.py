"""Who may call a public method: said at the method, and checked before anything else in it.

Every program that signs in to Odoo may call a method without an underscore, with records of
others and with none. ``docs/reachable.md`` lists them; ``tests/connector/test_reachable.py``
compares, and calls each as every role.
"""

import functools

from odoo.exceptions import AccessError

from ..sentence import say

# The roles of docs/reachable.md, by Odoo's group.
GROUPS = {
    "Employee": "base.group_user",
    "User": "tribe_connector.group_user",
    "Administrator": "tribe_connector.group_manager",
    "System": "base.group_system",
}


def only_for(role, operation="read"):
    """Let a method begin with the check of who calls it, and on what.

    Records that are gone are left out; without any there is nothing to do, which is told.

    :param role: who may at least, a key of ``GROUPS``
    :param operation: what else the caller needs on the records ("read", "write"); None for a
        method that is not about the records that it is called on
    """

    def declare(method):
        @functools.wraps(method)
        def checked(self, *args, **kwargs):
            _check_role(self.env, role)
            if operation is None:
                return method(self, *args, **kwargs)
            # A model without records has no table to look in.
            records = self.browse() if self._abstract else self.exists()
            records.check_access(operation)
            if not records:
                return self.env["tribe.work"]._tell_it_is_gone()
            return method(records, *args, **kwargs)

        checked.tribe_role = role
        checked.tribe_operation = operation
        return checked

    return declare


def _check_role(env, role):
    """Refuse who has not the role.

    :raises AccessError: naming who may
    """
    if env.su or env.user.has_group(GROUPS[role]):
        return
    sentences = {
        "Employee": say(env, "only_for_employees"),
        "User": say(env, "only_for_users"),
        "Administrator": say(env, "only_for_administrators"),
        "System": say(env, "only_for_system_administrators"),
    }
    raise AccessError(sentences[role])
