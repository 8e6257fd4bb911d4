"""What a database has once the addon is installed: its tables, models, screens and records."""

import re

from lxml import etree

from odoo.tools import SQL

from .text import shown, write

MODULE = "tribe_connector"
# What is written by what it describes, not as a record.
DESCRIBED = (
    "ir.model",
    "ir.model.constraint",
    "ir.model.fields",
    "ir.model.fields.selection",
    "ir.model.inherit",
    "ir.model.relation",
    "ir.ui.view",
)
# What says when and as which record it was made, and when it is due.
OF_THIS_DATABASE = {
    "id",
    "create_date",
    "create_uid",
    "write_date",
    "write_uid",
    "parent_path",
    "nextcall",
    "lastcall",
}
OF_MODELS = ("name", "order", "transient", "abstract", "is_mail_thread", "is_mail_activity")
OF_FIELDS = (
    "type",
    "string",
    "help",
    "store",
    "required",
    "readonly",
    "copy",
    "index",
    "translate",
    "groups",
    "comodel_name",
    "inverse_name",
    "relation",
    "column1",
    "column2",
    "domain",
    "context",
    "ondelete",
    "check_company",
    "company_dependent",
    "currency_field",
    "size",
    "trim",
    "sanitize",
    "aggregator",
    "tracking",
    "selection",
    "related",
    "compute",
    "compute_sudo",
    "precompute",
    "recursive",
    "inverse",
    "search",
    "default",
    "prefetch",
)
COLUMNS = SQL(
    """
    SELECT table_name, column_name, udt_name, character_maximum_length, numeric_precision,
           numeric_scale, is_nullable, column_default
      FROM information_schema.columns
     WHERE table_schema = 'public'
    """
)
CONSTRAINTS = SQL(
    """
    SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid)
      FROM pg_constraint WHERE connamespace = 'public'::regnamespace AND conrelid != 0
    """
)
INDEXES = SQL("SELECT tablename, indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'")
TRIGGERS = SQL(
    """
    SELECT tgrelid::regclass::text, tgname, pg_get_triggerdef(oid)
      FROM pg_trigger WHERE NOT tgisinternal
    """
)


def write_all(env, folder):
    """Write all of it as files in a folder."""
    env = env(context={"lang": "en_US", "active_test": False})
    data = env["ir.model.data"].search([("module", "=", MODULE)])
    write(folder / "external_ids.txt", sorted(_external_id(each) for each in data))
    models = sorted(data.filtered(lambda each: each.model == "ir.model").mapped("res_id"))
    models = env["ir.model"].browse(models).sorted("model")
    write(folder / "schema.txt", _schema(env, models))
    write(folder / "models.txt", _models(env, models))
    write(folder / "fields.txt", _fields(env, data))
    _write_views(env, data, folder / "views")
    for model in sorted(set(data.mapped("model")) - set(DESCRIBED)):
        ids = data.filtered(lambda each: each.model == model).mapped("res_id")
        records = env[model].browse(ids).exists()
        write(folder / "records" / f"{model}.txt", _paragraphs(map(_record, records)))


def _external_id(data):
    return f"{data.name}: {data.model}{', not updated' if data.noupdate else ''}"


def _paragraphs(paragraphs):
    return [line for each in sorted(paragraphs) for line in (*each, "")]


# Tables


def _schema(env, models):
    tables = {env[name]._table for name in models.mapped("model") if name in env}
    relations = env["ir.model.relation"].search([("module.name", "=", MODULE)])
    tables |= set(relations.mapped("name"))
    lines = []
    for kind, query in (
        ("column", COLUMNS),
        ("constraint", CONSTRAINTS),
        ("index", INDEXES),
        ("trigger", TRIGGERS),
    ):
        for table, name, *rest in env.execute_query(query):
            if table in tables:
                told = " ".join(str(each) for each in rest if each is not None)
                lines.append(f"{table} {kind} {name}: {' '.join(told.split())}")
    return sorted(lines)


# Models and fields


def _models(env, models):
    paragraphs = []
    for model in models:
        told = [f"{name}: {shown(model[name])}" for name in OF_MODELS if name in model._fields]
        if model.model in env:
            parents = env[model.model]
            told.append(f"inherits: {shown(dict(parents._inherits))}")
            told.append(f"called by: {shown(parents._rec_name)}")
            told.append(f"has a table: {parents._auto}")
        paragraphs.append([model.model, *(f"    {each}" for each in told)])
    return _paragraphs(paragraphs)


def _fields(env, data):
    ids = data.filtered(lambda each: each.model == "ir.model.fields").mapped("res_id")
    paragraphs = []
    for described in env["ir.model.fields"].browse(ids):
        field = env[described.model]._fields[described.name]
        told = [f"    {name}: {_attribute(env, field, name)}" for name in OF_FIELDS]
        told.append(f"    depends: {shown(sorted(_depends(env, field)))}")
        told = [line for line in told if not line.endswith((": None", ": False", ": ()"))]
        paragraphs.append([f"{described.model}.{described.name}", *told])
    return _paragraphs(paragraphs)


def _attribute(env, field, name):
    value = getattr(field, name, None)
    if name == "selection" and value:
        value = field._description_selection(env)
    if callable(value):
        # A function that no override can change has no name to speak of.
        called = getattr(value, "__name__", "")
        return "a function" if called in ("", "<lambda>") else f"function {called}"
    return shown(value)


def _depends(env, field):
    if not field.compute:
        return ()
    depends, on_context = field.get_depends(env[field.model_name])
    return {*depends, *(f"context {name}" for name in on_context)}


# Screens


def _write_views(env, data, folder):
    ids = data.filtered(lambda each: each.model == "ir.ui.view").mapped("res_id")
    ours = env["ir.ui.view"].browse(ids)
    for view in ours:
        write(folder / f"{_name(view)}.txt", _record(view))
    roots = ours
    while extended := roots.filtered(lambda view: view.mode != "primary").inherit_id:
        roots = roots.filtered(lambda view: view.mode == "primary") | extended
    for view in roots:
        write(folder / f"{_name(view)}.xml", [_pretty(env, view.get_combined_arch())])


def _pretty(env, arch):
    """An architecture, indented, with external IDs instead of those of records."""
    tree = etree.fromstring(arch, etree.XMLParser(remove_blank_text=True))
    for node in tree.iter(etree.Element):
        for name in ("name", "action"):
            if re.fullmatch(r"\d+", node.get(name) or ""):
                action = env["ir.actions.actions"].browse(int(node.get(name)))
                node.set(name, _name(env[action.sudo().type].browse(action.id)))
    etree.indent(tree, "  ")
    return etree.tostring(tree, encoding="unicode")


# Records


def _record(record):
    """A record as lines: its external ID, and all that is stored of it."""
    told = [f"    {name}: {_value(record, name)}" for name in _stored(record)]
    return [_name(record), *(line for line in told if not line.endswith((": False", ": []")))]


def _stored(record):
    """The names of what is stored of a record, also in one that it is made of."""
    return [
        name
        for name, field in sorted(record._fields.items())
        if name not in OF_THIS_DATABASE
        and (field.store or (field.inherited and field.related_field.store))
        and field.type not in ("one2many", "many2one_reference")
    ]


def _value(record, name):
    field, value = record._fields[name], record[name]
    if field.type in ("many2one", "reference"):
        return _name(value) if value else False
    if field.type == "many2many":
        return shown(sorted(map(_name, value)))
    if name in ("arch_db", "arch_prev") and value:
        return _pretty(record.env, value.encode())
    return shown(value)


def _name(record):
    """What a record is called in every database."""
    names = record.get_external_id()
    return names.get(record.id) or f"{record._name} {record.display_name}"
