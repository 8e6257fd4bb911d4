from odoo import models

from ..codes import CREATE_TRIBE, GONE, LINK, QUESTION, RELATION_KINDS, SAME, UPDATE
from ..engine.leases import tribe_key
from ..engine.problems import PERSON_ERRORS, NeedsPerson, TryAgain
from ..mapping import (
    ADDRESS_FIELDS,
    NUMBER_FIELDS,
    PAYMENT_TERM_FIELDS,
    ValueUnreadable,
    is_unanswered,
    made_after_telling,
)
from ..sentence import sentence
from ..tribe_api import TribeError
from .decision import Decision
from .relation_reader import load_relations, name_of

# Reasons to compare with Tribe even when nothing changed in Odoo.
COMPARING_REASONS = {"initial", "person", "follow"}


class TribeRelationExporter(models.AbstractModel):
    """Odoo to Tribe: customers and suppliers that are new or changed.

    What is to be done with each is decided first, by reading; then it is carried out.
    """

    _name = "tribe.relation.exporter"
    _inherit = ["tribe.relation.numbering", "tribe.relation.creator"]
    _description = "Tribe Relation Exporter"

    def _process(self, batch):
        """Do the work rows of some partners."""
        partners = self._relevant(batch)
        links = self._links_by_partner(batch.connection, partners)
        unsure = partners.filtered(
            lambda partner: partner.id in links and links[partner.id].state == "sending"
        )
        self._settle(batch, unsure, links)
        decisions = self._decide_contacts(batch, self._still_open(batch, partners))
        batch.commit()
        self.env["tribe.suggestion"]._review_contacts(batch.connection, decisions)
        for decision in decisions:
            self._carry_out(batch, decision)
        created = [each.partner.id for each in decisions if each.action == CREATE_TRIBE]
        self._complete(batch, self._still_open(batch, partners.browse(created)))

    def _relevant(self, batch):
        """The partners to look at; whoever is gone or no customer (any more) is done.

        Whoever has a text that is too long has failed.
        """
        partners = self.env["res.partner"].with_context(active_test=False)
        partners = partners.browse(int(number) for number in batch.references).exists()
        links = self._links_by_partner(batch.connection, partners)
        linked = partners.filtered(lambda partner: partner.id in links)
        unlinked = (partners - linked).filtered("active")
        try:
            new = batch.connection._relations_among(unlinked)
        except NeedsPerson as problem:
            for partner in batch.connection._perhaps_relations_among(unlinked):
                batch.failed(str(partner.id), problem, partner._tribe_called())
            new = unlinked.browse()
        relevant = linked | self._without_private_suppliers(batch, new)
        too_long = self._too_long(batch.connection, relevant, links)
        for partner, problem in too_long.items():
            batch.failed(str(partner.id), problem, partner._tribe_called())
        relevant = relevant.filtered(lambda partner: partner not in too_long)
        for reference in batch.references:
            if int(reference) not in relevant.ids:
                batch.done(reference)
        return relevant

    def _without_private_suppliers(self, batch, partners):
        """Those of some new partners whom Tribe can have.

        Nothing is wrong with the others, such as employees: they stay in Odoo, and who asked about
        them is told. Only who was marked to be sent is a question.
        """
        staying = partners.filtered(lambda partner: not self._wanted_roles(partner))
        for partner in staying:
            called, reference = partner._tribe_called(), str(partner.id)
            if partner.tribe_synchronize:
                batch.failed(reference, self._private_supplier(partner), called)
            elif batch.reasons[reference] & COMPARING_REASONS:
                text = sentence("private_supplier_stays_in_odoo", contact=called)
                batch.log("note", called, text, partner=partner)
        return partners - staying

    def _private_supplier(self, partner):
        return NeedsPerson(sentence("supplier_is_private_person", contact=partner._tribe_called()))

    # Deciding

    def _decide_contacts(self, batch, partners):
        """What is to become of some partners: ``[Decision]``. Only reads, on both sides."""
        links = self._links_by_partner(batch.connection, partners)
        batch.links_with_number.clear()
        others = partners._tribe_own() | partners._tribe_elsewhere(batch.connection)
        of_others = [Decision(SAME, partner=each, link=links.get(each.id)) for each in others]
        self._decide_others(batch.connection, of_others)
        left = (partners - others).filtered(
            lambda partner: partner.id in links and links[partner.id].state == "left_to_odoo"
        )
        of_others += [Decision(SAME, partner=each, link=links[each.id]) for each in left]
        partners -= others | left
        known = partners.filtered(
            lambda partner: partner.id in links and links[partner.id].tribe_id
        )
        decisions = [self._decide_linked(batch, partner, links[partner.id]) for partner in known]
        decisions += self._decide_unlinked(batch, partners - known, links)
        self._compare_all(batch, decisions)
        return of_others + decisions

    def _decide_linked(self, batch, partner, link):
        """Whether a linked partner has to be compared with its relation."""
        decision = Decision(SAME, partner=partner, link=link)
        with self._alone(decision):
            if link.state != "gone" and self._has_work(batch, partner, link):
                decision.action = UPDATE
                if not batch.leases.take(tribe_key(batch.connection.id, link.tribe_id)):
                    decision.ask(self._busy(partner))
        return decision

    def _has_work(self, batch, partner, link):
        if link.kind != partner._tribe_kind():
            raise self._changed_kind(partner, link)
        if batch.reasons[str(partner.id)] & COMPARING_REASONS:
            return True
        values = partner._tribe_values(batch.connection)
        return (
            self._differs_from_agreed(values, link.agreed or {})
            or self._missing_roles(batch.connection, partner)
            or self._missing_numbers(partner, values)
            or is_unanswered(link.being_told)
            or self._has_parent_to_report(batch.connection, partner, link)
            or self._has_own_address_again(batch.connection, partner, link)
            or self._has_contact_apart(link)
        )

    def _decide_unlinked(self, batch, partners, links):
        """Which relation of Tribe each unlinked partner is, if any."""
        if not partners:
            return []
        matches, apart, given_up = self._find_matches(batch, partners)
        decisions = []
        for partner in partners:
            decision = Decision(CREATE_TRIBE, partner=partner, link=links.get(partner.id))
            decision.disowned = [row for row in apart[partner.id] if "ImportId" in row]
            decision.given_up = given_up[partner.id]
            with self._alone(decision):
                self._check_numbers_unique(batch.connection, partner)
                self._match(batch, decision, matches[partner.id])
                if decision.row:
                    decision.action = LINK
                    if "ImportId" not in decision.row:
                        name = name_of(decision.row)
                        self._check_number_of_tenant(batch.connection, partner, name)
            decisions.append(decision)
        self._look_for_candidates(batch, decisions)
        for decision in decisions:
            # Who it could be comes first: linked, its number is settled by itself.
            if decision.action == CREATE_TRIBE:
                with self._alone(decision):
                    self._check_numbers_apart(decision.partner, apart[decision.partner.id])
        return decisions

    def _look_for_candidates(self, batch, decisions):
        """Ask about relations that new ones could be; not those that prove to be somebody else."""
        proven = {each.tribe_id for each in decisions if each.action == LINK}
        decisions = [each for each in decisions if each.action == CREATE_TRIBE]
        partners = self.env["res.partner"].browse(each.partner.id for each in decisions)
        candidates = self._candidates_in_tribe(batch, partners)
        for decision in decisions:
            decision.candidates = [
                each for each in candidates[decision.partner.id] if each.tribe_id not in proven
            ]
            if decision.candidates:
                decision.ask(self._could_be(batch.connection, decision))

    def _compare_all(self, batch, decisions):
        """Read what is there in Tribe, and decide which value goes where."""
        known = [each for each in decisions if each.action in (UPDATE, LINK)]
        self._read_relations(batch, known)
        self._judge_all(batch, [each for each in known if each.remote and each.action == LINK])
        self._decide_numbers(
            batch, [each for each in decisions if each.action not in (SAME, QUESTION)]
        )
        for decision in decisions:
            with self._alone(decision):
                if decision.action == UPDATE:
                    self._compare_contact(batch, decision)
                elif decision.action == LINK:
                    self._compare_match(batch, decision)
                elif decision.action == CREATE_TRIBE:
                    decision.relationships = self._wanted_roles(decision.partner)
                    values, _notes = self._values_to_create(batch, decision)
                    self._relation_body(batch, decision.partner, values)

    def _read_relations(self, batch, decisions):
        """Read the relations of some decisions."""
        remotes = self._load_relations(batch, decisions)
        for decision in decisions:
            decision.remote = remotes.get(decision.tribe_id)
            try:
                if decision.remote:
                    decision.remote.check()
                    self._see(decision)
            except ValueUnreadable as error:
                decision.ask(error)

    def _judge_all(self, batch, decisions):
        """Leave it to a person where something speaks against what is found."""
        self._look_for_namesakes(batch, decisions)
        for decision in decisions:
            if decision.action == LINK:
                with self._alone(decision):
                    facts = self._relation_facts(decision.remote)
                    self._judge(batch, decision, facts, decision.remote.entity)
                    if decision.action == LINK:
                        self._check_not_taken(batch, decision.partner, decision.row)
                        batch.owner_by_tribe_id[decision.tribe_id] = decision.partner

    def _compare_match(self, batch, decision):
        """Compare who are one and the same for certain, even where their values are in doubt."""
        try:
            self._compare_contact(batch, decision)
        except (TryAgain, *PERSON_ERRORS) as error:
            if not decision.remote:
                raise
            decision.error = error

    def _load_relations(self, batch, decisions):
        """``{tribe_id: RemoteRelation}`` of the relations of some decisions."""
        remotes = {}
        for kind in RELATION_KINDS:
            ids = [each.tribe_id for each in decisions if each.partner._tribe_kind() == kind]
            remotes |= load_relations(batch.connection, batch.client, kind, ids)
        batch.connection._learn_absent(batch, remotes)
        return remotes

    def _compare_contact(self, batch, decision):
        partner, remote, link = decision.partner, decision.remote, decision.link
        if remote is None:
            if decision.action == LINK:
                raise TryAgain(sentence("not_shown_yet", contact=decision.name))
            self._check_surely_gone(batch, link)
            decision.action = GONE
            return
        decision.odoo = partner._tribe_values(batch.connection, remote.relationships)
        odoo = {**decision.odoo, **decision.numbers}
        decision.merged = self._merge(
            batch.connection, partner, link, self._agreed(decision), odoo, remote
        )
        self._leave_active(decision)
        self._check_can_apply(batch, partner, remote, decision.merged.to_odoo)
        self._check_can_write(batch, decision)
        decision.relationships = [
            kind
            for kind in self._missing_roles(batch.connection, partner, remote)
            if kind not in remote.relationships
        ]

    def _check_can_write(self, batch, decision):
        """Refuse what Tribe cannot take, such as a country that it does not have.

        :raises CountryUnknown: when Tribe lacks the country of an address that is to be written
        """
        to_tribe = decision.merged.to_tribe
        changed = {name: to_tribe[name] for name in ADDRESS_FIELDS if name in to_tribe}
        if changed:
            self._address_changes(batch.connection, decision.remote, changed)
        self._check_numbers_free_in_tribe(batch, decision)

    # Carrying out

    def _carry_out(self, batch, decision):
        """Do what was decided about one partner, and commit it; its failure is its own."""
        reference = str(decision.partner.id)
        if decision.action == QUESTION:
            self.env["tribe.suggestion"]._store(batch.connection, decision.candidates)
            company = batch.connection.company_id if decision.called else None
            error = self._of_contact(decision.error, decision)
            batch.failed(reference, error, decision.name, company)
            batch.commit()
            return
        actions = {
            SAME: lambda: self._say_it_is_gone(batch, decision),
            GONE: lambda: self._unlink_gone(batch, decision.link, decision.name),
            LINK: lambda: self._link_contact(batch, decision),
            UPDATE: lambda: self._update_both(batch, decision),
            CREATE_TRIBE: lambda: self._create_relation(batch, decision),
        }
        try:
            self._check_unchanged(batch.connection, decision)
            if decision.action != SAME:
                decision.partner._tribe_check_ours(batch.connection)
            self._disown(batch, decision)
            actions[decision.action]()
            batch.commit()
        except Exception as error:  # noqa: BLE001 - classified by the batch
            batch.rollback()
            if isinstance(error, TribeError) and not error.outcome_unknown:
                self._forget_sending(batch, decision.partner)
            batch.failed(reference, self._of_contact(error, decision), decision.name)
            return
        if question := self._question(decision):
            batch.failed(reference, self._of_contact(question, decision), decision.name)
        elif decision.action == CREATE_TRIBE:
            # Its ID is still to be learnt.
            return
        else:
            batch.done(reference)
        batch.commit()

    def _say_it_is_gone(self, batch, decision):
        """Say why nothing is done with a contact, to who asked for it; it may be there again."""
        partner, link = decision.partner, decision.link
        if link and link.state == "gone" and "person" in batch.reasons[str(partner.id)]:
            text = sentence("relation_deleted_in_tribe")
            batch.log("note", decision.name, text, partner=partner)
            works = self.env["tribe.work"]
            works._add(batch.connection, "inbound", link.kind, [link.tribe_id], "follow")
            self.env["tribe.engine"]._wake("inbound")

    def _link_contact(self, batch, decision):
        """Link a partner with the relation that it is, and bring both together."""
        decision.link = self._join(batch, decision)
        if not decision.error:
            self._update_both(batch, decision)

    def _update_both(self, batch, decision):
        """Bring one linked partner and its relation together."""
        partner, link, merged = decision.partner, decision.link, decision.merged
        odoo = {**decision.odoo, **decision.numbers}
        # What was free when it was decided may have been given to somebody since.
        self._check_can_apply(batch, partner, decision.remote, merged.to_odoo)
        stamps = decision.remote.stamps()
        batch.notice_lag(link._lag_shown(decision.seen, stamps, batch.began))
        self._keep_seen(decision)
        link._keep_shown(decision.remote, merged)
        self._link_relationships(link, decision.remote)
        self._check_given_up_sent(batch, decision)
        sent = self._note_sending(batch, decision) if merged.to_tribe else {}
        if sent:
            self._check_unchanged_in_tribe(batch, decision)
        agreed = self._send_changes(batch, decision, sent)
        if decision.numbers:
            partner._tribe_import_context().write(decision.numbers)
        if sent and (decision.numbers or merged.to_odoo):
            # What is refused from here on takes nothing back that Tribe has answered to.
            batch.commit()
        for kind in self._create_missing_relationships(batch, partner, link):
            name = PAYMENT_TERM_FIELDS[kind]
            agreed |= {name: odoo[name]} if name in odoo else {}
        if not merged.conflicts and not decision.seen.told:
            link._keep_alike(decision.remote)
        self._note_made(link, made_after_telling(link.made or {}, merged.to_tribe))
        refusal = self._apply_to_odoo(batch, link, merged.to_odoo, agreed, decision.remote)
        decision.error = decision.error or refusal
        self._log_notes(batch, link, merged.notes)
        self.env["tribe.conflict"]._store(link, merged.conflicts)
        self._forget_echoes(batch.connection, partner)

    # Problems

    def _of_contact(self, error, decision):
        """As ``_of_relation``, with the numbers that the contact has or was about to get."""
        partner = decision.partner
        numbers = {name: partner[name] for name in NUMBER_FIELDS} | decision.numbers
        return self._of_relation(error, decision.name, numbers)
