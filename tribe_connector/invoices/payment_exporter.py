from decimal import Decimal

from odoo import models

from ..codes import MOVE_BACK, PAID_CODE, SENT_CODE
from ..engine.leases import tribe_key
from ..engine.problems import Busy, NeedsPerson
from ..mapping import answer
from ..sentence import Money, sentence
from ..tribe_api import TribeRefused

BUSY_SECONDS = 1


class TribePaymentExporter(models.AbstractModel):
    """Odoo to Tribe: a fully paid invoice moves to the phase Paid, and back if that is wanted."""

    _name = "tribe.payment.exporter"
    _description = "Tribe Payment Exporter"

    def _process(self, batch):
        """Do the work rows of some invoices."""
        by_reference = self._leased_links(batch)
        self._look_in_tribe(batch, by_reference)
        for reference in batch.references:
            link = by_reference.get(reference)
            is_asked = MOVE_BACK in batch.reasons[reference]
            code = self._wanted_phase(batch.connection, link, is_asked)
            if code:
                self._send_phase(batch, reference, link, code)
                continue
            if link and self._is_undone(batch.connection, link):
                batch.failed(reference, self._undone_problem(link), link.move_id.display_name)
            else:
                batch.done(reference)
            batch.commit()

    def _leased_links(self, batch):
        """The links of some invoices, by reference, each with the lease on what it is in Tribe.

        Whoever looks at an invoice of Tribe has that one as well, and writes to the same link.
        """
        moves = self.env["account.move"].browse(int(number) for number in batch.references)
        links = self.env["tribe.link"].search(
            [
                ("connection_id", "=", batch.connection.id),
                ("kind", "=", "invoice"),
                ("move_id", "in", moves.exists().ids),
            ]
        )
        for link in links:
            if not batch.leases.take(tribe_key(batch.connection.id, link.tribe_id)):
                name = link.move_id.display_name
                busy = Busy(sentence("invoices_being_booked"), BUSY_SECONDS)
                batch.failed(str(link.move_id.id), busy, name)
        # A new transaction sees what whoever had the leases before us did.
        batch.commit()
        self.env.invalidate_all()
        return {str(link.move_id.id): link for link in links}

    def _look_in_tribe(self, batch, by_reference):
        """See what Tribe has by now of the invoices of which it is to be told something.

        Nobody may have looked at them since they were changed there. What differs is looked at
        once more, as an invoice: there it is a problem.
        """
        links = self.env["tribe.link"].union(
            *(by_reference[each] for each in batch.references if each in by_reference)
        )
        links = links.filtered(
            lambda link: link.state == "linked" and self._phase_not_in_tribe(batch.connection, link)
        )
        if not links:
            return
        # What settles them counts as long as it is alike.
        links |= self._links_of_settling(links).filtered(
            lambda link: (
                link.connection_id == batch.connection
                and link.state == "linked"
                and batch.leases.take(tribe_key(batch.connection.id, link.tribe_id))
            )
        )
        failures = self.env["tribe.invoice.importer"]._compare_with_tribe(batch, links)
        for link, error in failures.items():
            batch.failed(str(link.move_id.id), error, link.move_id.display_name)
        unlike = links.filtered(lambda link: link.state != "linked")
        self.env["tribe.work"]._ask(
            batch.connection, "inbound", "invoice", unlike.mapped("tribe_id"), "again"
        )
        batch.commit()

    def _wanted_phase(self, connection, link, is_asked=False):
        """The code of the phase that Tribe should be told; None when there is nothing to tell.

        Sent stands for what is not paid any more (``_phase_record``). What differs is not told:
        Paid would freeze in Tribe what is not what was paid in Odoo.

        :param is_asked: a person wants Tribe told that it is not paid any more
        """
        if not link or link.state != "linked":
            return None
        code = self._phase_not_in_tribe(connection, link)
        is_wanted = code == PAID_CODE or connection.tell_unpaid or is_asked
        return code if code and is_wanted and not link._move_differences() else None

    def _phase_not_in_tribe(self, connection, link, covering=None):
        """The code of the phase that Tribe lacks, whether or not it may be told; else None.

        What Tribe itself calls paid stays paid there: only our own word is taken back. What is
        not compared is left alone: nobody knows whether it is what was paid.

        :param covering: see ``account.move._tribe_is_settled``
        """
        is_left_alone = link._is_booked_elsewhere() or link.phase_id._is_left_alone()
        if link.move_id.state != "posted" or is_left_alone:
            return None
        is_paid = self._is_paid(connection, link, covering)
        if is_paid and not link.told_paid:
            is_asked_about = link._is_moved_back() or self._is_settled_by_disputed(link)
            return None if is_asked_about else PAID_CODE
        if not is_paid and link.paid_by_us and link.told_paid:
            return SENT_CODE
        return None

    def _is_paid(self, connection, link, covering=None):
        """Whether an invoice is paid in Odoo.

        :param covering: see ``account.move._tribe_is_settled``
        """
        move = link.move_id
        is_paid = move.payment_state in connection._paid_states()
        return is_paid and move._tribe_is_settled(covering)

    def _is_settled_by_disputed(self, link):
        """Whether an invoice is settled by one that is not the same in Odoo and in Tribe.

        A credit note that was deleted in Tribe credits nothing there. Once a person has decided
        about it, it counts.
        """
        links = self._links_of_settling(link)
        return any(each.state in ("differs", "gone") for each in links)

    def _links_of_settling(self, links):
        """The links of what some invoices are settled with."""
        settling = links.move_id._tribe_settling() - links.move_id
        return settling.sudo().tribe_link_ids.filtered(lambda each: each.kind == "invoice")

    def _is_undone(self, connection, link, covering=None):
        """Whether Tribe has our word that it is paid, it is open again, and nobody decided.

        :param covering: see ``account.move._tribe_is_settled``
        """
        return (
            link.state == "linked"
            and not connection.tell_unpaid
            and self._phase_not_in_tribe(connection, link, covering) == SENT_CODE
        )

    def _undone_problem(self, link):
        move = link.move_id
        return NeedsPerson(
            sentence(
                "payment_undone",
                number=move.name,
                customer=move.commercial_partner_id._tribe_called(),
                open=Money(Decimal(str(abs(move.amount_residual))), move.currency_id.name),
            )
        )

    def _send_phase(self, batch, reference, link, code):
        name = link.move_id.display_name
        is_paid = code == PAID_CODE
        try:
            phase = self._phase_record(batch.connection, link, code)
            # For good: if the answer is lost then, the phase in Tribe is our word all the same.
            sending = {"phase": phase.tribe_id}
            link._note_told(sending, {"phase": link.phase_id.tribe_id})
            if is_paid:
                link._keep_phase_before()
            batch.commit()
            batch.client.update_by_post(
                "Activity_Invoice", link.tribe_id, {"Phase": {"ID": phase.tribe_id}}
            )
            link.write(
                {
                    "told_paid": is_paid,
                    "paid_by_us": is_paid,
                    "phase_id": phase.id,
                    "being_told": answer(link.being_told, sending, {}),
                }
            )
            batch.log("paid" if is_paid else "unpaid", name, move=link.move_id)
            batch.done(reference)
            batch.commit()
        except TribeRefused as error:
            batch.rollback()
            if is_paid or not link._forget_phase_before():
                batch.failed(reference, error, name)
                return
            # It may be there no more; then it is sent, as at first.
            batch.commit()
            self._send_phase(batch, reference, link, code)
        except Exception as error:  # noqa: BLE001 - classified by the batch
            batch.rollback()
            batch.failed(reference, error, name)

    def _phase_record(self, connection, link, code):
        """The phase that Tribe is told: what is paid no more is in the one that it had before."""
        phase = (code != PAID_CODE and link._phase_before()) or connection._phase(code)
        if not phase:
            raise NeedsPerson(
                sentence(
                    "invoice_phase_missing",
                    code=code,
                ),
            )
        return phase
