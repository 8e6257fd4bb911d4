import hashlib

from odoo import fields, models

from ..engine.problems import FOR_PEOPLE
from ..sentence import in_language, stored

# The cursors that remember what was ignored of a contact: this, its ID, and a hash of the problem.
IGNORED = "ignored:"


class TribeWork(models.Model):
    """*Ignore* for contacts that Tribe does not know, who are found again every night.

    What was ignored is known by its sentence, which tells of the contact and of Tribe: it is
    another one once something of that matters. A contact that is saved is looked at for its own
    sake, and so is one that somebody asks about.
    """

    _inherit = "tribe.work"

    def _keep_ignored(self):
        """Have the night say no more of these problems, as long as they are the same."""
        now = fields.Datetime.now()
        for work in self.filtered(lambda work: work.kind == "partner"):
            stream = _stream(work.reference, self._mark_of(work.error))
            self.env["tribe.cursor"]._move(work.connection_id, stream, now)

    def _is_ignored(self, problem):
        """Whether the night found what somebody ignored; else nothing of it is ignored any more."""
        if self[0].kind != "partner" or problem.kind not in FOR_PEOPLE:
            return False
        of_contact = self.env["tribe.cursor"].search(
            [
                ("connection_id", "=", self.connection_id.id),
                ("stream", "=like", f"{_stream(self[0].reference)}%"),
            ]
        )
        stream = _stream(self[0].reference, self._mark_of(problem.text))
        is_same = stream in of_contact.mapped("stream")
        if is_same and set(self.mapped("reason")) == {"nightly"}:
            return True
        of_contact.unlink()
        return False

    def _mark_of(self, text):
        """A hash of what a problem says, in whatever language it is read."""
        kept = stored(in_language(self.env, text)) or ""
        return hashlib.blake2b(kept.encode(), digest_size=12).hexdigest()

    def _forget_ignored_but(self, connection, partners):
        """Remember nothing of contacts that Tribe came to know, or that are gone."""
        cursors = self.env["tribe.cursor"].search(
            [("connection_id", "=", connection.id), ("stream", "=like", f"{IGNORED}%")]
        )
        known = {str(each) for each in partners.ids}
        cursors.filtered(lambda cursor: cursor.stream.split(":")[1] not in known).unlink()


def _stream(reference, mark=""):
    return f"{IGNORED}{reference}:{mark}"
