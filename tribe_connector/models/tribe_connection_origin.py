from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.tools import SQL

from ..engine.only_for import only_for
from ..sentence import say


class TribeConnection(models.Model):
    """The database in which a connection was made: in a copy of it, it does nothing.

    A copy has the secrets, links and numbers of its original. If it went on, both would write in
    the same Tribe, and what one of them stops would stop for the other as well.
    """

    _inherit = "tribe.connection"

    database_uuid = fields.Char(readonly=True, copy=False, groups=fields.NO_ACCESS)
    database_name = fields.Char(readonly=True, copy=False, groups=fields.NO_ACCESS)
    former_uuids = fields.Json(
        readonly=True,
        copy=False,
        groups=fields.NO_ACCESS,
        help="Of before this database was moved. Tribe's ImportIds with them are ours, too.",
    )
    is_moved = fields.Boolean(compute="_compute_is_moved")

    def init(self):
        """Fill in the database of connections that were made before it was noted.

        Not where the database got another uuid since then, as Odoo gives to a duplicate and to a
        restored copy: whether this is the original, only a person knows.
        """
        self.env.cr.execute(
            SQL(
                """
                UPDATE tribe_connection connection
                   SET database_name = current_database(),
                       database_uuid = parameter.value
                  FROM ir_config_parameter parameter
                 WHERE parameter.key = 'database.uuid'
                   AND connection.database_name IS NULL
                   AND (parameter.write_date > connection.create_date) IS NOT TRUE
                """
            )
        )
        return super().init()

    @api.model_create_multi
    def create(self, vals_list):
        connections = super().create(vals_list)
        connections.sudo().write(self._here())
        return connections

    def _compute_is_moved(self):
        for connection in self:
            connection.is_moved = connection._is_moved()

    @api.model
    def _here(self):
        """What tells this database from others, as values of ours.

        Odoo's database manager gives a copy another uuid, PostgreSQL itself only another name.
        """
        uuid = self.env["ir.config_parameter"].sudo().get_param("database.uuid")
        return {"database_uuid": uuid, "database_name": self.env.cr.dbname}

    @api.model
    def _made_here(self):
        """The domain of connections that were made in this database."""
        return Domain.AND(Domain(name, "=", value) for name, value in self._here().items())

    def _is_moved(self):
        """Whether this is another database than the one in which the connection was made."""
        self.ensure_one()
        made = self._origin.sudo()
        # What is not saved yet was made nowhere.
        return bool(made) and any(made[name] != value for name, value in self._here().items())

    def _refuse_moved(self):
        """Refuse to speak with Tribe from a copy.

        :raises UserError: in another database than the one in which the connection was made
        """
        if self._is_moved():
            raise UserError(self._moved_sentence())

    def _moved_sentence(self):
        """That this is taken for a copy, and what to do if it is none; empty where it is none."""
        if not self._is_moved():
            return ""
        return say(
            self.env,
            "database_is_copy",
            here=self.env.cr.dbname,
            name=self.name,
        )

    @only_for("System", "write")
    def action_is_original(self):
        """Go on in this database: it is no copy, but the original, moved or renamed.

        Only system administrators know of other copies.
        """
        for connection in self.sudo().filtered(lambda each: each._is_moved()):
            here = self._here()
            uuids = {*(connection.former_uuids or ()), connection.database_uuid}
            # Where none was noted, none is known.
            former = sorted(uuids - {here["database_uuid"], False})
            connection.write({**here, "former_uuids": former})
            connection._catch_up()
