"""The control API under /sandbox: what a test, or a person in Tribe, does. JSON, no token."""

import json

from flask import Blueprint, jsonify, request

from .errors import ApiError, not_found
from .faults import UnknownFault, parse_fault
from .schema import BINARY, BOOLEAN, INVOICE, INVOICE_PHASE
from .switches import UnknownSwitch
from .values import parse_json
from .writes import Actor

LONGEST_WAIT = 600.0


def create_blueprint(sandbox):
    """Return the Flask blueprint that controls *sandbox*."""
    blueprint = Blueprint("control", __name__, url_prefix="/sandbox")
    _add_error_handlers(blueprint)
    _add_switch_routes(blueprint, sandbox)
    _add_fault_routes(blueprint, sandbox)
    _add_call_routes(blueprint, sandbox)
    _add_row_routes(blueprint, sandbox)
    _add_webhook_routes(blueprint, sandbox)
    return blueprint


def _body():
    content = parse_json(request.get_data() or b"{}")
    if not isinstance(content, dict):
        raise ApiError(400, "A JSON object was expected.")
    return content


def _add_error_handlers(blueprint):
    @blueprint.errorhandler(UnknownSwitch)
    @blueprint.errorhandler(UnknownFault)
    def refuse(error):
        return jsonify(error=str(error)), 400


def _add_switch_routes(blueprint, sandbox):
    @blueprint.post("/reset")
    def reset():
        sandbox.reset(_body())
        return jsonify(ok=True)

    @blueprint.post("/invoices/multiply")
    def multiply_invoices():
        sandbox.multiply_invoices(_body()["times"])
        return jsonify(ok=True)

    @blueprint.post("/backup")
    def back_up():
        sandbox.back_up()
        return jsonify(ok=True)

    @blueprint.post("/restore")
    def restore():
        sandbox.restore()
        return jsonify(ok=True)

    @blueprint.get("/switches")
    def read_switches():
        return jsonify(sandbox.switches.as_dict())

    @blueprint.patch("/switches")
    def change_switches():
        sandbox.change_switches(_body())
        return jsonify(sandbox.switches.as_dict())

    @blueprint.post("/tokens/revoke")
    def revoke_tokens():
        sandbox.oauth.revoke_all()
        return jsonify(ok=True)

    @blueprint.post("/tokens/expire")
    def expire_access_tokens():
        sandbox.oauth.expire_access_tokens()
        return jsonify(ok=True)


def _add_fault_routes(blueprint, sandbox):
    @blueprint.post("/faults")
    def add_fault():
        sandbox.faults.add(parse_fault(_body()))
        return jsonify(ok=True), 201

    @blueprint.delete("/faults")
    def clear_faults():
        sandbox.faults.clear()
        return jsonify(ok=True)


def _add_call_routes(blueprint, sandbox):
    @blueprint.get("/calls")
    def calls():
        report = {**sandbox.calls.report(), "struck": dict(sandbox.faults.struck)}
        if request.args.get("log"):
            report["log"] = sandbox.calls.log()
        return jsonify(report)

    @blueprint.post("/calls/reset")
    def reset_calls():
        sandbox.calls.reset()
        return jsonify(ok=True)


def _add_row_routes(blueprint, sandbox):
    @blueprint.get("/rows/<set_name>")
    def read_rows(set_name):
        return jsonify(raw_rows(sandbox, set_name, request.args.to_dict()))

    @blueprint.post("/rows/<set_name>")
    def create_row(set_name):
        content = _body()
        entity_type = _entity_type(sandbox, set_name)
        identifier = sandbox.write(Actor.PERSON, lambda w: w.create(entity_type, content))
        return jsonify(_raw_row(sandbox, set_name, identifier)), 201

    @blueprint.patch("/rows/<set_name>/<identifier>")
    def change_row(set_name, identifier):
        content = _body()
        entity_type = _entity_type(sandbox, set_name)
        sandbox.write(Actor.PERSON, lambda w: w.update(entity_type, identifier, content))
        return jsonify(_raw_row(sandbox, set_name, identifier))

    @blueprint.delete("/rows/<set_name>/<identifier>")
    def delete_row(set_name, identifier):
        entity_type = _entity_type(sandbox, set_name)
        sandbox.write(Actor.PERSON, lambda w: w.delete(entity_type, identifier))
        return "", 204

    @blueprint.post("/invoices/<identifier>/phase")
    def set_phase(identifier):
        code = _body().get("code")
        phases = raw_rows(sandbox, INVOICE_PHASE, {"Code": str(code)})
        if not phases:
            raise not_found(f"There is no invoice phase '{code}'.")
        content = {"Phase": {"ID": phases[0]["ID"]}}
        entity_type = _entity_type(sandbox, INVOICE)
        sandbox.write(Actor.PERSON, lambda w: w.update(entity_type, identifier, content))
        return jsonify(_raw_row(sandbox, INVOICE, identifier))


def _add_webhook_routes(blueprint, sandbox):
    @blueprint.get("/webhook-secret")
    def webhook_secret():
        return jsonify(secret=sandbox.webhooks.secret)

    @blueprint.post("/webhooks")
    def send_webhook():
        content = _body()
        sandbox.webhooks.send(content.get("entityType"), content.get("payload"))
        return jsonify(ok=True), 202

    @blueprint.get("/deliveries")
    def deliveries():
        idle = True
        if request.args.get("wait"):
            seconds = float(request.args.get("seconds", LONGEST_WAIT))
            idle = sandbox.webhooks.wait_until_idle(seconds)
        return jsonify(idle=idle, deliveries=sandbox.webhooks.deliveries())


def _entity_type(sandbox, set_name):
    found = sandbox.schema.types.get(set_name)
    if found is None or not found.is_set:
        raise not_found(f"There is no set '{set_name}'.")
    return found


def raw_rows(sandbox, set_name, conditions):
    """Return all records of a set, unpaged: every property, and each link to one as an ID or null.

    *conditions* is a dict of names and texts that must all be equal. Raises ApiError (404).
    """
    entity_type = _entity_type(sandbox, set_name)
    wire_types = sandbox.schema.concrete_wire_types(set_name)
    marks = ", ".join("?" for _ in wire_types)
    condition, parameters = f"_Type IN ({marks})", wire_types
    if "ID" in conditions:
        condition, parameters = f"{condition} AND ID = ?", (*wire_types, conditions["ID"].lower())
    rows = sandbox.store.rows(entity_type.family, condition, parameters)
    raw = [_raw(sandbox.schema, row) for row in rows]
    return [
        row
        for row in raw
        if all(_as_text(row.get(name)) == text for name, text in conditions.items())
    ]


def _raw_row(sandbox, set_name, identifier):
    return raw_rows(sandbox, set_name, {"ID": identifier.lower()})[0]


def _raw(schema, row):
    entity_type = schema.of_wire_type(row["_Type"])
    scalars = {
        name: _raw_value(one, row[one.column])
        for name, one in entity_type.properties.items()
        if one.edm_type != BINARY
    }
    links = {
        name: row[one.column]
        for name, one in entity_type.navigations.items()
        if not one.is_collection
    }
    return {**scalars, **links}


def _raw_value(one, value):
    return bool(value) if one.edm_type == BOOLEAN and value is not None else value


def _as_text(value):
    return value if isinstance(value, str) else json.dumps(value)
