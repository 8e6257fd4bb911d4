from odoo import api, models
from odoo.exceptions import AccessError

from ..sentence import say


class TribeWrittenByConnector(models.AbstractModel):
    """Refuses to write what only the connector writes: the stored readonly fields of ours.

    In Odoo ``readonly`` is about screens alone: whoever may write a record could set them by RPC,
    by an import, or by a default value. Our own code writes them with all rights.

    All models with records of ours inherit it, those that code alone makes as well: Odoo fills in
    the default values of the user also where code creates with all rights.
    """

    _name = "tribe.written.by.connector"
    _description = "Written by the Connector"

    @api.model
    def _is_written_by_connector(self, name):
        field = self._fields.get(name)
        return bool(
            field
            and field.store
            and field.readonly
            and name not in models.MAGIC_COLUMNS
            and "tribe_connector" in field._modules
        )

    @api.model
    def _has_no_default_of_users(self, name):
        """Whether nobody's default value counts for a field: it may hold commands, too."""
        field = self._fields.get(name)
        if self.env.su and field and "tribe_connector" in field._modules:
            return True
        return self._is_written_by_connector(name)

    @api.model
    def default_get(self, fields):
        # Not from the context, nor from ir.default, where every user writes their own.
        ours = [name for name in fields if self._has_no_default_of_users(name)]
        defaults = super().default_get([name for name in fields if name not in ours])
        for name in ours:
            field = self._fields[name]
            if field.default:
                value = field.convert_to_cache(field.default(self), self, validate=False)
                defaults[name] = field.convert_to_write(value, self)
        return defaults

    @api.model_create_multi
    def create(self, vals_list):
        for vals in vals_list:
            self._refuse_written_by_connector(vals)
        return super().create(vals_list)

    def write(self, vals):
        self._refuse_written_by_connector(vals)
        return super().write(vals)

    @api.model
    def _refuse_written_by_connector(self, vals):
        """Refuse values that nobody enters, before they come near the database.

        :raises AccessError: naming the fields, for everybody but the connector
        """
        if self.env.su:
            return
        refused = [name for name in vals if self._is_written_by_connector(name)]
        if refused:
            raise AccessError(
                say(
                    self.env,
                    "written_by_connector",
                    model=self.env["ir.model"]._get(self._name).name,
                    fields=", ".join(
                        f"“{self._fields[name]._description_string(self.env)}”" for name in refused
                    ),
                )
            )

    def _write_as_connector(self, vals):
        """Write what nobody enters, on behalf of a user who may change these records.

        :raises AccessError: for who may not
        """
        self.check_access("write")
        return self.sudo().write(vals)
