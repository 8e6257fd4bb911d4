from odoo import models

from ..codes import CREATE_ODOO, CREATE_TRIBE, QUESTION, RELATION_KINDS
from ..engine.problems import NeedsPerson, is_of_one_record, problem_of
from ..mapping import NUMBER_FIELDS
from ..sentence import said, sentence
from ..tribe_api import TribeRefused, TribeWriteForbidden
from ..tribe_names import NAVIGATIONS, PARTS_OF, RELATIONSHIPS
from .planning_batch import PlanningBatch
from .relation_reader import load_relations

# Records looked at before what was found is made permanent.
CHUNK = 40


class TribeRelationPlanner(models.AbstractModel):
    """Shows what exporter and importer would do: it decides as they do, and carries nothing out.

    Earlier lines of a plan count as if they were carried out: a relation that is going to be
    linked is taken, a number that is going to be given is in use.

    Deciding only reads. Should it write all the same, by a mistake or by another addon's code,
    Odoo's side of that is undone, and the client refuses Tribe's.
    """

    _name = "tribe.relation.planner"
    _inherit = "tribe.relation.exporter"
    _description = "Tribe Relation Planner"

    def _process(self, batch):
        """Make the next part of some plans."""
        for reference in batch.references:
            plan = self.env["tribe.plan"].browse(int(reference)).exists()
            if plan.state == "making":
                self._make_part(batch, plan)
            if plan.exists().state == "making":
                self.env["tribe.work"]._add(
                    batch.connection, "outbound", "plan", [plan.id], "follow"
                )
            batch.done(reference)
            batch.commit()

    def _make_part(self, batch, plan):
        lines = plan._next_lines(CHUNK)
        if lines:
            planned = self._plan_lines(batch, plan, lines)
            numbers = plan.numbers_planned
            if self._undo(batch, plan):
                self._keep(batch.connection, planned)
                plan.numbers_planned = numbers
        elif not plan.relations_listed:
            found = self._list_relations(PlanningBatch(batch, plan, {}))
            if self._undo(batch, plan):
                plan._add_relations(found)
                plan.relations_listed = True
        else:
            plan.state = "ready"

    def _plan_lines(self, batch, plan, lines):
        """Decide about some lines; a line that is refused something in Tribe says so, alone.

        :returns: ``[PlanningBatch]`` with what is to be kept
        """
        planning = PlanningBatch(batch, plan, self._reasons(plan, lines))
        try:
            with self.env.cr.savepoint():
                if lines.partner_id:
                    self._plan_partners(planning, lines)
                else:
                    self._plan_relations(planning, lines)
            return [planning]
        except (TribeWriteForbidden, TribeRefused) as error:
            if not isinstance(error, TribeWriteForbidden) and not is_of_one_record(error):
                raise
            if middle := len(lines) // 2:
                halves = lines[:middle], lines[middle:]
                return [part for half in halves for part in self._plan_lines(batch, plan, half)]
            refused = PlanningBatch(batch, plan, {})
            refused.fill(lines, {"action": QUESTION, "text": said(error)})
            return [refused]

    def _undo(self, batch, plan):
        """Undo all that deciding did. False when somebody took the plan away meanwhile."""
        batch.rollback()
        registry = self.env.registry
        if registry.cache_invalidated:
            # A setting that was changed and is as before may have been cached in between.
            registry.clear_cache(*registry.cache_invalidated)
        return bool(plan.exists())

    def _keep(self, connection, planned):
        """Write what was planned: plain values, without records that were undone."""
        said = {line_id: values for part in planned for line_id, values in part.lines.items()}
        candidates = [candidate for part in planned for candidate in part.candidates]
        partner_ids = {values.get("partner_id") for values in said.values() if values}
        partner_ids |= {candidate.partner.id for candidate in candidates}
        company_ids = {values.get("company_id") for values in said.values() if values}
        there = {
            "partner_id": self._existing_ids(self.env["res.partner"], partner_ids),
            "company_id": self._existing_ids(self.env["res.company"], company_ids),
        }
        for line in self.env["tribe.plan.line"].browse(said).exists():
            values = said[line.id]
            if values is None:
                line.unlink()
            else:
                gone = {name for name, ids in there.items() if values.get(name) not in ids}
                line.write({**values, **dict.fromkeys(gone & values.keys(), False)})
        self.env["tribe.suggestion"]._store(
            connection, [each for each in candidates if each.partner.id in there["partner_id"]]
        )

    def _existing_ids(self, records, ids):
        return set(records.browse(number for number in ids if number).exists().ids)

    def _reasons(self, plan, lines):
        """Why the partners of some lines are looked at: ``{partner_id as text: {reason}}``."""
        reasons = {str(partner_id): {"plan"} for partner_id in lines.partner_id.ids}
        if plan.scope == "initial":
            return {reference: {"initial"} for reference in reasons}
        for work in self.env["tribe.work"].search(
            [
                ("connection_id", "=", plan.connection_id.id),
                ("kind", "=", "partner"),
                ("reference", "in", list(reasons)),
            ]
        ):
            reasons[work.reference].add(work.reason)
        return reasons

    # Contacts

    def _plan_partners(self, batch, lines):
        of_tenant = batch.connection._of_tenant(lines.partner_id)
        for line in lines.filtered(lambda line: line.partner_id not in of_tenant):
            # Another connection's since the plan was begun.
            batch.leave_out(line)
        lines = lines.exists()
        by_partner = {line.partner_id: line for line in lines}
        links = self._links_by_partner(batch.connection, lines.partner_id)
        for line in lines:
            partner = line.partner_id
            if partner.id in links or self._wanted_roles(partner):
                continue
            if partner.tribe_synchronize:
                problem = self._private_supplier(partner)
                batch.fill(line, {"action": QUESTION, "text": said(problem)})
            else:
                batch.leave_out(line)
            lines -= line
        lines = lines.exists()
        too_long = self._too_long(batch.connection, lines.partner_id, links)
        for partner, problem in too_long.items():
            batch.fill(by_partner[partner], {"action": QUESTION, "text": said(problem)})
        lines = lines.filtered(lambda line: line.partner_id not in too_long)
        unsure = lines.partner_id.filtered(
            lambda partner: partner.id in links and links[partner.id].state == "sending"
        )
        for partner in unsure:
            text = sentence(
                "plan_answer_lost",
                contact=partner.display_name,
            )
            batch.fill(by_partner[partner], {"action": QUESTION, "text": text})
        for decision in self._decide_contacts(batch, lines.partner_id - unsure):
            changes = []
            with self._alone(decision):
                changes = self._changes_of_contact(batch, decision)
            self._fill(batch, by_partner[decision.partner], decision, changes)
            batch.candidates += decision.candidates

    # Relations

    def _list_relations(self, batch):
        """The relations of Tribe that this plan concerns, as far as no line is about them."""
        plan, connection = batch.plan, batch.connection
        found = {}
        if plan.scope == "changes":
            found = self._changed_relations(batch)
        elif connection.initial_scope == "both":
            found = self._current_relations(batch)
        return self._not_planned(plan, found)

    def _not_planned(self, plan, found):
        """Those of some relations that no line of a plan is about yet: ``{tribe_id: kind}``."""
        links = self.env["tribe.link"]._of_tribe(plan.connection_id, found)
        if plan.scope == "initial":
            linked = links.keys()
        else:
            partner_ids = [link.partner_id.id for link in links.values() if link.partner_id]
            planned = plan._planned("partner_id", partner_ids)
            linked = {each for each, link in links.items() if link.partner_id in planned}
        planned = plan._planned("tribe_id", found)
        return {
            tribe_id: kind
            # Organizations come first, as they do later.
            for tribe_id, kind in sorted(found.items(), key=lambda each: each[1])
            if tribe_id not in planned and tribe_id not in linked
        }

    def _current_relations(self, batch):
        """The customers and suppliers of Tribe now: ``{tribe_id: kind}``."""
        found = {}
        for entity_set, kind in RELATIONSHIPS.values():
            if entity_set in batch.connection._absent():
                continue
            navigation = NAVIGATIONS[kind]
            for page in batch.client.pages(
                entity_set, select="ID,IsFormer", expand=f"{navigation}($select=ID)"
            ):
                for row in page:
                    if row.get(navigation) and row.get("IsFormer") is not True:
                        found.setdefault(row[navigation]["ID"], kind)
        return found

    def _changed_relations(self, batch):
        """What changed in Tribe since the last look: ``{tribe_id: kind}``."""
        waiting = self.env["tribe.work"].search(
            [
                ("connection_id", "=", batch.connection.id),
                ("kind", "in", RELATION_KINDS),
                ("direction", "=", "inbound"),
            ]
        )
        found = {work.reference: work.kind for work in waiting}
        kinds = self.env["tribe.engine"]._table_of_kinds()
        connection, poller = batch.connection, self.env["tribe.poller"]
        for stream in (*RELATION_KINDS, *PARTS_OF):
            since = self.env["tribe.cursor"]._position(connection, stream)
            if not since or kinds[stream].entity_set in connection._absent():
                continue
            for by_kind in poller._changes(batch, stream, since):
                for kind, ids in by_kind.items():
                    found |= dict.fromkeys(ids, kind)
        return found

    def _plan_relations(self, batch, lines):
        importer = self.env["tribe.relation.importer"]
        for kind in RELATION_KINDS:
            # Those of the kind before may be left out.
            of_kind = {line.tribe_id: line for line in lines.exists() if line.kind == kind}
            remotes = load_relations(batch.connection, batch.client, kind, of_kind)
            relevant = importer._customers_and_suppliers(batch, remotes)

            def refuse(remote, error, of_kind=of_kind):
                text = problem_of(error, self.env).text
                line = of_kind.pop(remote.tribe_id)
                batch.fill(line, {"action": QUESTION, "name": remote.name, "text": text})

            for decision in importer._decide_relations(batch, importer._readable(relevant, refuse)):
                self._as_planned(batch, decision)
                line = of_kind.pop(decision.tribe_id)
                changes = []
                with self._alone(decision):
                    changes = self._changes_of_relation(batch, decision)
                self._fill(batch, line, decision, changes)
                batch.candidates += decision.candidates
            for line in of_kind.values():
                # Gone, or no customer or supplier: none of our business.
                batch.leave_out(line)

    def _as_planned(self, batch, decision):
        """See a decision of the importer as if the lines before it were carried out."""
        if decision.candidates:
            linked = self.env["tribe.plan.line"].search(
                [
                    ("plan_id", "=", batch.plan.id),
                    ("partner_id", "in", [each.partner.id for each in decision.candidates]),
                    ("action", "!=", QUESTION),
                    "|",
                    ("action", "=", CREATE_TRIBE),
                    ("tribe_id", "!=", False),
                ]
            )
            decision.candidates = [
                each for each in decision.candidates if each.partner not in linked.partner_id
            ]
            if decision.candidates:
                decision.ask(self._could_be(batch.connection, decision))
            else:
                decision.action, decision.error = CREATE_ODOO, None
        if decision.action == CREATE_ODOO:
            self._check_planned_numbers(batch, decision)

    def _check_planned_numbers(self, batch, decision):
        values = decision.remote.values()
        for name in NUMBER_FIELDS:
            if not values.get(name):
                continue
            first = batch.plan._line_with(name, values[name])
            if first:
                decision.ask(
                    self.env["tribe.relation.importer"]._same_number(decision.remote, first.name)
                )

    # What earlier lines mean

    def _owners(self, batch, tribe_ids):
        planned = self.env["tribe.plan.line"].search(
            [
                ("plan_id", "=", batch.plan.id),
                ("tribe_id", "in", list(tribe_ids)),
                ("partner_id", "!=", False),
                ("action", "!=", QUESTION),
            ],
        )
        # Of several the first.
        planned_owners = {line.tribe_id: line.partner_id for line in reversed(planned)}
        return planned_owners | super()._owners(batch, tribe_ids)

    def _free_numbers(self, batch, name, count):
        """The numbers that would be given, without giving them."""
        plan = batch.plan
        # Asked for each line: Tribe is asked once in a batch whether none is free.
        if name in batch.taken_up:
            raise batch.taken_up[name]
        try:
            free, position = self._peek_numbers(batch, name, count, plan._numbers_taken(name))
        except NeedsPerson as error:
            batch.taken_up[name] = error
            raise
        if count:
            plan._take_numbers(name, position)
        return free

    def _leased_unused(self, batch, name, numbers):
        """The free ones of some numbers, which are given to nobody."""
        return self._unused(batch, name, numbers)
