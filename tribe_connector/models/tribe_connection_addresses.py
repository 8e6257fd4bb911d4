from odoo import api, models
from odoo.exceptions import AccessError, ValidationError

from ..codes import RUNNING_STATES
from ..sentence import in_language, say, sentence
from ..tribe_api import TribeAddressInvalid, check_address, check_own_address, host_of
from .tribe_credential import new_webhook_token

# Where Tribe is, by what it is called in a sentence. The first two are sent secrets.
TRIBES_ADDRESSES = {
    "api_address": sentence("address_api"),
    "authorization_address": sentence("address_sign_in"),
    "web_address": sentence("address_app"),
}
SECRETS_GO_TO = ("api_address", "authorization_address")
OWN_ADDRESS = "webhook_address"
ADDRESSES = (*TRIBES_ADDRESSES, OWN_ADDRESS)


class TribeConnection(models.Model):
    """Where Tribe and this Odoo are: who says so, and what another host is not told."""

    _inherit = "tribe.connection"

    @api.model_create_multi
    def create(self, vals_list):
        connections = super().create(vals_list)
        # Afterwards: the context and ir.default fill in what was not given.
        usual = {name: self._usual_address(name) for name in ADDRESSES}
        for connection in connections:
            connection._refuse_other_addresses(
                {name: connection[name] for name in ADDRESSES}, usual
            )
        return connections

    def write(self, vals):
        for connection in self:
            connection._refuse_other_addresses(vals, connection)
        for connection in self:
            # Before what is entered together with the address, which is meant for the new host.
            connection._forget_what_the_old_host_knows(vals)
        return super().write(vals)

    @api.model
    def _usual_address(self, name):
        """The default of the field itself."""
        default = self._fields[name].default
        return default(self) if default else False

    def _refuse_other_addresses(self, vals, usual):
        """Refuse to send secrets, people or webhooks somewhere else, to whoever may not say so.

        :param vals: addresses, and whatever else is written
        :param usual: the addresses that are no change, by name
        :raises AccessError: for all but system administrators
        """
        changed = [name for name in ADDRESSES if name in vals and vals[name] != usual[name]]
        if changed and not self.env.su and not self.env.user.has_group("base.group_system"):
            raise AccessError(say(self.env, "addresses_only_for_system_administrators"))

    @api.constrains(*ADDRESSES)
    def _check_addresses(self):
        for connection in self:
            try:
                for name, what in TRIBES_ADDRESSES.items():
                    check_address(what, connection[name])
                if connection.webhook_address:
                    check_own_address(connection.webhook_address)
            except TribeAddressInvalid as error:
                raise ValidationError(
                    say(
                        self.env,
                        "connection_problem",
                        name=connection.name,
                        problem=in_language(self.env, error),
                    )
                ) from error

    def _forget_what_the_old_host_knows(self, vals):
        """Tell another host no secret that was entered for this one: a person is asked again.

        Another API is another Tribe as well: it has none of our webhooks, and what the old one
        sends is not believed any more. So the connection is connected and activated anew.
        """
        moved = [
            name
            for name in SECRETS_GO_TO
            if name in vals and host_of(vals[name]) != host_of(self[name])
        ]
        if not moved:
            return
        forgotten = {"client_secret": False}
        if "api_address" in moved:
            forgotten |= {"webhook_secret": False, "webhook_token": new_webhook_token()}
            if self.state in RUNNING_STATES or self.state == "connected":
                self._write_as_connector({"state": "draft"})
        self._credential().write(forgotten)

    def _secret_forgotten_sentence(self):
        """That there is a client ID without its secret; empty where that is not so."""
        credential = self._credential()
        if self.is_demo_data or not credential.client_id or credential.client_secret:
            return ""
        return say(
            self.env,
            "client_secret_forgotten",
            name=self.name,
        )
