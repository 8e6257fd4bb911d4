from odoo import fields, models


class TribeCursor(models.Model):
    """How far one stream of a connection was read, or when something regular last happened.

    In a table of its own: a worker that moves a cursor never meets a user who saves settings.
    """

    _name = "tribe.cursor"
    _inherit = "tribe.written.by.connector"
    _description = "Tribe Cursor"
    _rec_name = "stream"

    connection_id = fields.Many2one(
        "tribe.connection", required=True, index=True, ondelete="cascade", readonly=True
    )
    stream = fields.Char(required=True, readonly=True)
    position = fields.Datetime(required=True, readonly=True)

    _stream_unique = models.Constraint(
        "UNIQUE(connection_id, stream)", "A stream has one cursor per connection."
    )

    def _position(self, connection, stream):
        """The moment (datetime, UTC) up to which a stream was read, or None."""
        # A form that is not saved yet has none.
        cursor = self.search([("connection_id", "in", connection.ids), ("stream", "=", stream)])
        return cursor.position or None

    def _forget(self, connections, *streams):
        """Have streams begin anew, or regular things be as if they had never happened."""
        self.search([("connection_id", "in", connections.ids), ("stream", "in", streams)]).unlink()

    def _move(self, connection, stream, position):
        """Note that a stream was read up to a moment (datetime, UTC)."""
        cursor = self.search([("connection_id", "=", connection.id), ("stream", "=", stream)])
        if cursor:
            cursor.position = position
        else:
            self.create({"connection_id": connection.id, "stream": stream, "position": position})
