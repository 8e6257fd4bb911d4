from odoo import models

from ..engine.problems import NeedsPerson

PAID_CODE = "Paid"


class TribePaymentExporter(models.AbstractModel):
    """Odoo to Tribe: an invoice that is fully paid moves to the phase Paid."""

    _name = "tribe.payment.exporter"
    _description = "Tribe Payment Exporter"

    def _process(self, session):
        """Do the work rows of some invoices."""
        moves = self.env["account.move"].browse(int(number) for number in session.references)
        links = self.env["tribe.link"].search(
            [
                ("connection_id", "=", session.connection.id),
                ("kind", "=", "invoice"),
                ("move_id", "in", moves.exists().ids),
            ]
        )
        by_reference = {str(link.move_id.id): link for link in links}
        for reference in session.references:
            link = by_reference.get(reference)
            if link and not link.told_paid and self._is_paid(session.connection, link.move_id):
                self._tell(session, reference, link)
            else:
                session.done(reference)
                session.commit()

    def _is_paid(self, connection, move):
        states = {"paid"} | ({"in_payment"} if connection.paid_when == "in_payment" else set())
        return move.state == "posted" and move.payment_state in states

    def _tell(self, session, reference, link):
        name = link.move_id.display_name
        try:
            phase = self._paid_phase(session.connection)
            session.client.update_by_post(
                "Activity_Invoice", link.tribe_id, {"Phase": {"ID": phase.tribe_id}}
            )
            link.write({"told_paid": True, "phase_id": phase.id})
            session.log("paid", name, move=link.move_id)
            session.done(reference)
            session.commit()
        except Exception as error:  # noqa: BLE001 - classified by the session
            self.env.cr.rollback()
            session.failed(reference, error, name)

    def _paid_phase(self, connection):
        phase = connection._phase(PAID_CODE)
        if not phase:
            raise NeedsPerson(
                self.env._(
                    "Tribe has no invoice phase with the code Paid, so payments cannot be told. "
                    "Add one in Tribe, then connect again."
                )
            )
        return phase
