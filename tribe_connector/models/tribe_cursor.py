from odoo import fields, models

from ..tribe_api import Listing, Place

# Of a stream that is being read: its cursor is moved at the end alone.
PLACE = "place:"


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
    # Of a listing: what was looked for, how many rows were read, and the last of them.
    place = fields.Char(readonly=True)

    _stream_unique = models.Constraint(
        "UNIQUE(connection_id, stream)", "A stream has one cursor per connection."
    )

    def _position(self, connection, stream):
        """The moment (datetime, UTC) up to which a stream was read, or None."""
        return self._find(connection, stream).position or None

    def _forget(self, connections, *streams):
        """Have streams begin anew, or regular things be as if they had never happened."""
        self.search([("connection_id", "in", connections.ids), ("stream", "in", streams)]).unlink()

    def _listing(self, connection, stream, since):
        """Where a look at a stream goes on: ``(Listing, when it began)``; None: it begins now.

        :param since: from when on it looks (datetime, UTC, or None): another look begins anew
        """
        cursor = self._find(connection, PLACE + stream)
        of, _slash, place = (cursor.place or "").partition("/")
        if not place or of != str(since):
            return Listing(), None
        rows, _slash, last_id = place.partition("/")
        return Listing(place=Place(int(rows), last_id)), cursor.position

    def _keep_place(self, connection, stream, since, listing, began):
        """Note how far a look at a stream came that began at a moment (datetime, UTC)."""
        if not listing.place:
            self._forget(connection, PLACE + stream)
            return
        rows, last_id = listing.place
        self._move(connection, PLACE + stream, began)
        self._find(connection, PLACE + stream).place = f"{since}/{rows}/{last_id}"

    def _end(self, connection, stream, began):
        """Note that a look at a stream came to its end: the next one looks from its beginning."""
        self._move(connection, stream, began)
        self._forget(connection, PLACE + stream)

    def _forget_places(self, connections):
        """Have what is being read be read from its beginning."""
        domain = [("connection_id", "in", connections.ids), ("place", "!=", False)]
        self.search(domain).unlink()

    def _find(self, connection, stream):
        # A form that is not saved yet has none.
        return self.search([("connection_id", "in", connection.ids), ("stream", "=", stream)])

    def _move(self, connection, stream, position):
        """Note that a stream was read up to a moment (datetime, UTC)."""
        cursor = self._find(connection, stream)
        if cursor:
            cursor.position = position
        else:
            self.create({"connection_id": connection.id, "stream": stream, "position": position})
