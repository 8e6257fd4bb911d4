import time

from odoo import models

from ..codes import TRIAL
from ..probe import WRITING as BY_WRITING
from ..probe import Trial
from ..sentence import say
from ..tribe_api import TOKEN_HEADER, TribeRefused

# Under what a row of work has the notes of a try, and under what a webhook of it is told.
NOTES, HEARD = "trial", "heard"


class TribeTrial(models.AbstractModel):
    """Tries how Tribe takes writes, with one organization of our own (``probe/writing.py``).

    A person asks for it. Each step is committed and is a row of work, so that nobody waits while
    Tribe takes its time to show a change, and a webhook of it is only one more row.
    """

    _name = "tribe.trial"
    _description = "Tribe Trial"

    def _process(self, batch):
        """Do the next step of a try."""
        for reference in batch.references:
            facts = batch.facts(reference)
            notes = next((each[NOTES] for each in facts if NOTES in each), None)
            if "person" in batch.reasons[reference]:
                notes = Trial.begin(notes or {"id": batch.connection.test_organization_id})
            if notes:
                self._go_on(batch, reference, notes, facts)
            batch.done(reference)
            batch.commit()

    def _go_on(self, batch, reference, notes, facts):
        connection = batch.connection
        trial = self._trial(batch, reference, notes)
        for each in facts:
            if HEARD in each:
                trial.hear(each[HEARD])
        # The same object, which a step changes.
        batch.kept[reference] = {NOTES: notes}
        try:
            seconds = trial.step()
        except TribeRefused as error:
            trial.give_up()
            self._note(connection, trial)
            batch.failed(reference, error, facts={NOTES: Trial.begin(notes)})
            return
        self._note(connection, trial)
        if seconds is not None:
            self.env["tribe.work"]._go_on_trying(connection, {NOTES: notes}, seconds)
            return
        batch.log("note", connection.name, say(self.env, "trial_done"))

    def _trial(self, batch, reference, notes):
        connection = batch.connection
        return Trial(
            batch.client,
            notes,
            absent=connection._absent_for_trial(),
            keep=lambda: batch.keep(reference, {NOTES: notes}),
            own_webhooks=lambda: connection._own_webhooks(batch.client, TRIAL),
            webhook=(
                connection._webhook_url(TRIAL),
                {TOKEN_HEADER: connection._credential().webhook_token},
            ),
            settle=connection.settle_seconds,
            now=self._now,
        )

    def _now(self):
        """The time in seconds."""
        return time.time()

    def _note(self, connection, trial):
        """Keep what was found so far, and which organization is ours."""
        if connection.test_organization_id != (trial.notes.get("id") or False):
            connection.test_organization_id = trial.notes.get("id")
        if self.env["tribe.reading"]._learn(connection, trial.values, BY_WRITING):
            self.env["tribe.check"]._store_readings(connection)
