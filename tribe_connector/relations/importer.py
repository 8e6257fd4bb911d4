from itertools import chain

from odoo import models

from ..codes import CREATE_ODOO, LINK, QUESTION, SAME, UPDATE
from ..engine.leases import number_key, partner_key, tribe_key
from ..engine.problems import Busy, NeedsPerson, TryAgain
from ..mapping import NUMBER_FIELDS, ValueUnreadable
from ..sentence import sentence
from ..tribe_names import RELATIONSHIPS
from .decision import Decision
from .number_fields import numbers_of, with_numbers
from .relation_reader import load_relations
from .synchronizer import BUSY_SECONDS


class TribeRelationImporter(models.AbstractModel):
    """Tribe to Odoo: relations that changed, or that an invoice needs.

    What is to be done with each is decided first, by reading; then it is carried out.
    """

    _name = "tribe.relation.importer"
    _inherit = "tribe.relation.matcher"
    _description = "Tribe Relation Importer"

    def _process(self, batch):
        """Do the work rows of one kind."""
        if batch.kind == "address":
            self._follow_addresses(batch)
        elif batch.kind in RELATIONSHIPS:
            self._follow_relationships(batch)
        else:
            self._import_kind(batch)

    # Relations

    def _import_kind(self, batch):
        remotes = load_relations(batch.connection, batch.client, batch.kind, batch.references)
        batch.connection._learn_absent(batch, remotes)
        failures = {}
        self._import(batch, self._customers_and_suppliers(batch, remotes), failures)
        self._note_deleted_relations(
            batch, [r for r in batch.references if r not in remotes], failures
        )
        batch.done(*(each for each in batch.references if each not in failures))
        for reference in batch.references:
            batch.failed(reference, *failures[reference])

    def _customers_and_suppliers(self, batch, remotes):
        """The relations that are linked, or are a customer or supplier now.

        Leads are not, nor is our own organization. A legal entity of it may be one.
        """
        links = self.env["tribe.link"]._of_tribe(batch.connection, remotes)
        own_id = batch.connection.own_organization_id
        return [
            remote
            for tribe_id, remote in remotes.items()
            if tribe_id in links or (remote.is_current and tribe_id != own_id)
        ]

    def _import(self, batch, remotes, failures):
        """Create or change the partners of some relations.

        :param failures: gets ``{tribe_id: (exception, name, company)}`` for the ones that could
            not be, each with the company in which its reason may be read, where that is known
        """

        def fail(remote, error, company=None):
            error = self._of_relation(error, remote.name, dict(numbers_of(remote)))
            failures[remote.tribe_id] = (error, remote.name, company)

        def refuse(decision, error):
            # It may name the contact, and so may whatever Odoo or an addon says of it.
            # One that was made in what was undone is no more.
            company = decision.partner and decision.partner.exists().company_id
            if decision.called:
                company = None
            fail(decision.remote, error, company or batch.connection.company_id)

        leased = self._leased(batch, self._readable(remotes, fail), fail)
        self._note_arrived(batch, leased)
        decisions = self._decide_relations(batch, leased)
        self.env["tribe.suggestion"]._review_relations(batch.connection, decisions)
        for decision in decisions:
            if decision.action == QUESTION:
                refuse(decision, decision.error)
                self.env["tribe.suggestion"]._store(batch.connection, decision.candidates)
        self._carry_out_decisions(batch, decisions, failures, refuse)
        carried_out = [each for each in decisions if each.tribe_id not in failures]
        partners = self.env["res.partner"].browse(
            each.partner.id for each in carried_out if each.partner and each.action != SAME
        )
        # In the order in which they came: so they get their numbers, and so the plan says.
        self._have_completed(batch, partners)

    def _readable(self, remotes, fail):
        """The relations whose values Odoo can have.

        :param fail: called with each other one and its exception
        """
        readable = []
        for remote in remotes:
            try:
                remote.check()
                readable.append(remote)
            except ValueUnreadable as error:
                fail(remote, error)
        return readable

    def _leased(self, batch, remotes, fail):
        """The relations that no other worker is at, nor at their partners and numbers."""
        links = self._links_of_relations(batch, remotes)
        connection_id = batch.connection.id
        sides, numbers = {}, {}
        for remote in remotes:
            link = links.get(remote.tribe_id)
            partner = link and link.partner_id
            sides[remote.tribe_id] = {tribe_key(connection_id, remote.tribe_id)}
            sides[remote.tribe_id] |= {partner_key(connection_id, partner.id)} if partner else set()
            numbers[remote.tribe_id] = {
                number_key(connection_id, *each) for each in numbers_of(remote)
            }
        # All of one kind at the cost of one; numbers only of those that we may work on.
        held = set(batch.leases.take_each(chain.from_iterable(sides.values())))
        free = [remote for remote in remotes if sides[remote.tribe_id] <= held]
        held = set(
            batch.leases.take_each(chain.from_iterable(numbers[each.tribe_id] for each in free))
        )
        leased = {each.tribe_id: each for each in free if numbers[each.tribe_id] <= held}
        for remote in remotes:
            if remote.tribe_id not in leased:
                fail(remote, self._busy_remote(remote.name))
        # A new transaction sees what whoever had the leases before us did.
        batch.commit()
        return list(leased.values())

    def _links_of_relations(self, batch, remotes):
        """The links of some relations: ``{tribe_id: link}``.

        Also of those whose contact was merged or deleted while they were being sent.
        """
        links = self.env["tribe.link"]
        found = links._of_tribe(batch.connection, [remote.tribe_id for remote in remotes])
        arrived = {
            remote.entity["ImportId"]: remote.tribe_id
            for remote in remotes
            if remote.tribe_id not in found and remote.entity.get("ImportId")
        }
        sent = links._of_import_ids(batch.connection, arrived)
        return found | {
            arrived[import_id]: link for import_id, link in sent.items() if not link.partner_id
        }

    def _note_arrived(self, batch, remotes):
        """Note which relations have arrived of what was being sent, and nobody waits for.

        And which of contacts that were merged are there again, after they were deleted.
        """
        for tribe_id, link in self._links_of_relations(batch, remotes).items():
            if not link.tribe_id:
                link.tribe_id = tribe_id
            if link.state == "gone" and link.merged_into_id:
                link.state = "merged"

    def _busy_remote(self, name):
        return Busy(sentence("relation_being_synchronized", relation=name), BUSY_SECONDS)

    def _still_there(self, link, remote):
        """The question what becomes of a relation whose contact was merged into another one.

        Two that were merged often have one name, so their numbers tell them apart.
        """
        connection, other = link.connection_id, link.merged_into_id
        called = self._name_of_other(connection, other)
        if called and self._may_be_named(connection, other):
            called = with_numbers(called, {name: other[name] for name in NUMBER_FIELDS})
        return NeedsPerson(
            sentence(
                "relation_of_merged_contact",
                relation=with_numbers(remote.name, dict(numbers_of(remote))),
                partner=called or sentence("another_contact"),
            ),
        )

    def _there_again(self, remote):
        """The question about a relation whose contact is another connection's; it is not named."""
        return NeedsPerson(
            sentence("relation_there_again", relation=remote.name),
        )

    # Deciding

    def _decide_relations(self, batch, remotes):
        """What is to become of some relations: ``[Decision]``. Only reads."""
        links = self._links_of_relations(batch, remotes)
        partners = self.env["tribe.link"].concat(*links.values()).partner_id
        moved = batch.connection._no_longer_linked(partners)
        decisions = []
        for remote in remotes:
            link = links.get(remote.tribe_id)
            # Without a partner it was deleted in Odoo: nothing is created a second time.
            is_followed = link and link.partner_id and link.state != "left_to_odoo"
            action = CREATE_ODOO if not link else UPDATE if is_followed else SAME
            decision = Decision(
                action, remote=remote, link=link, partner=link and link.partner_id or None
            )
            if link and link.state == "merged" and remote.is_current:
                decision.ask(self._still_there(link, remote))
            elif link and link.state == "gone" and link.partner_id in moved:
                # As if it had no contact: whoever reads of it may not know that one any more.
                decision.action, decision.partner = SAME, None
                if remote.is_current:
                    decision.ask(self._there_again(remote))
            decisions.append(decision)
        self._decide_others(batch.connection, decisions)
        for decision in decisions:
            if decision.action == UPDATE and decision.link.kind != decision.partner._tribe_kind():
                decision.ask(self._changed_kind(decision.partner, decision.link))
        self._look_for_partners(batch, [d for d in decisions if d.action == CREATE_ODOO])
        for decision in decisions:
            if decision.action in (UPDATE, LINK):
                with self._alone(decision):
                    self._compare_relation(batch, decision)
        return decisions

    def _compare_relation(self, batch, decision):
        """Decide which value goes where."""
        self._see(decision)
        partner, link, remote = decision.partner, decision.link, decision.remote
        decision.odoo = partner._tribe_values(batch.connection, remote.relationships)
        decision.merged = self._merge(
            batch.connection, partner, link, self._agreed(decision), decision.odoo, remote
        )
        self._leave_active(decision)
        self._check_can_apply(batch, partner, remote, decision.merged.to_odoo)

    # Carrying out

    def _carry_out_decisions(self, batch, decisions, failures, refuse):
        """Do what was decided about some relations, and commit it.

        :param failures: has those that failed, by ID; with them nothing is done
        :param refuse: called with each decision that fails, and its exception
        """
        batch.apply_splitting_on_error(
            [each for each in decisions if each.disowned],
            lambda part: [self._disown(batch, decision) for decision in part],
            refuse,
        )
        for action, carry_out in (
            (UPDATE, self._update_contacts),
            (LINK, self._link_relations),
            (CREATE_ODOO, self._create_contacts),
        ):
            of_action = [
                each
                for each in decisions
                if each.action == action and each.tribe_id not in failures
            ]
            for piece in _in_turn(of_action):
                batch.apply_splitting_on_error(
                    piece, lambda part, carry_out=carry_out: carry_out(batch, part), refuse
                )
                batch.commit()

    def _note_deleted_relations(self, batch, relation_ids, failures):
        """Relations that were deleted in Tribe: the link says so, the partner stays."""
        self.env["tribe.suggestion"]._forget_relations(batch.connection, relation_ids)
        for link in self.env["tribe.link"]._of_tribe(batch.connection, relation_ids).values():
            if link.state in ("gone", "left_to_odoo"):
                continue
            if link.kind != batch.kind:
                # It was looked for among those of the other kind.
                self._enqueue_relations(batch, link.kind, [link.tribe_id])
                continue
            partner = link.partner_id
            name = partner._tribe_called() if partner else link.tribe_id
            try:
                self._check_surely_gone(batch, link)
            except TryAgain as error:
                failures[link.tribe_id] = (error, name)
                continue
            self._unlink_gone(batch, link, name)


def _in_turn(decisions):
    """Some decisions in pieces: a contact that is changed by itself, since somebody may save it."""
    changing = [each for each in decisions if each.merged.to_odoo]
    others = [each for each in decisions if not each.merged.to_odoo]
    return [piece for piece in (others, *([each] for each in changing)) if piece]
