"""$metadata as EDMX XML and as JSON, made from the schema that is served. docs/tribe-api.md."""

from xml.etree import ElementTree

from .schema import GUID, NAMESPACE, ROOT

EDMX = "http://docs.oasis-open.org/odata/ns/edmx"
EDM = "http://docs.oasis-open.org/odata/ns/edm"
CONTAINER = "Container"


def as_xml(schema, style):
    """Return the EDMX document as bytes. *style* is the switch ``metadata_style``."""
    ElementTree.register_namespace("edmx", EDMX)
    root = ElementTree.Element(f"{{{EDMX}}}Edmx", Version="4.0")
    services = ElementTree.SubElement(root, f"{{{EDMX}}}DataServices")
    document = ElementTree.SubElement(services, "Schema", xmlns=EDM, Namespace=NAMESPACE)
    for one in schema.types.values():
        _type_element(document, one, style)
    _employee_function(document)
    _container_element(document, schema)
    return b'<?xml version="1.0" encoding="UTF-8"?>' + ElementTree.tostring(root)


def _type_element(document, one, style):
    attributes = {"Name": one.name}
    inherits = style == "inherited" and one.base
    if inherits:
        attributes["BaseType"] = f"{NAMESPACE}.{one.base}"
    if one.is_abstract:
        attributes["Abstract"] = "true"
    element = ElementTree.SubElement(document, "EntityType", attributes)
    if not inherits:
        key = ElementTree.SubElement(element, "Key")
        ElementTree.SubElement(key, "PropertyRef", Name="ID")
    for member in _shown(one, one.properties, style):
        attributes = {"Name": member.name, "Type": member.edm_type}
        if member.edm_type == GUID:
            attributes["Nullable"] = "false"
        ElementTree.SubElement(element, "Property", attributes)
    for member in _shown(one, one.navigations, style):
        attributes = {"Name": member.name, "Type": _navigation_type(member)}
        if member.partner:
            attributes["Partner"] = member.partner
        ElementTree.SubElement(element, "NavigationProperty", attributes)


def _shown(one, members, style):
    if style == "flat" or not one.base:
        return list(members.values())
    return [member for name, member in members.items() if name in one.own]


def _navigation_type(member):
    name = f"{NAMESPACE}.{member.target}"
    return f"Collection({name})" if member.is_collection else name


def _employee_function(document):
    function = ElementTree.SubElement(document, "Function", Name="GetCurrentEmployee")
    ElementTree.SubElement(
        function, "ReturnType", Type=f"{NAMESPACE}.Relationship_Person_Contact_Employee"
    )


def _container_element(document, schema):
    container = ElementTree.SubElement(document, "EntityContainer", Name=CONTAINER)
    for name in schema.sets:
        one = schema.types[name]
        element = ElementTree.SubElement(
            container, "EntitySet", Name=name, EntityType=f"{NAMESPACE}.{name}"
        )
        for navigation in one.navigations.values():
            if navigation.target != ROOT:
                ElementTree.SubElement(
                    element,
                    "NavigationPropertyBinding",
                    Path=navigation.name,
                    Target=navigation.target,
                )
    ElementTree.SubElement(
        container,
        "FunctionImport",
        Name="GetCurrentEmployee",
        Function=f"{NAMESPACE}.GetCurrentEmployee",
        EntitySet="Relationship_Person_Contact_Employee",
    )


def as_json(schema, style):
    """Return the same as a CSDL JSON dict."""
    types = {one.name: _type_json(one, style) for one in schema.types.values()}
    types["GetCurrentEmployee"] = [
        {
            "$Kind": "Function",
            "$ReturnType": {"$Type": f"{NAMESPACE}.Relationship_Person_Contact_Employee"},
        }
    ]
    types[CONTAINER] = {
        "$Kind": "EntityContainer",
        **{name: {"$Collection": True, "$Type": f"{NAMESPACE}.{name}"} for name in schema.sets},
        "GetCurrentEmployee": {"$Function": f"{NAMESPACE}.GetCurrentEmployee"},
    }
    return {"$Version": "4.01", "$EntityContainer": f"{NAMESPACE}.{CONTAINER}", NAMESPACE: types}


def _type_json(one, style):
    described = {"$Kind": "EntityType"}
    if style == "inherited" and one.base:
        described["$BaseType"] = f"{NAMESPACE}.{one.base}"
    else:
        described["$Key"] = ["ID"]
    if one.is_abstract:
        described["$Abstract"] = True
    for member in _shown(one, one.properties, style):
        described[member.name] = {"$Type": member.edm_type, "$Nullable": member.edm_type != GUID}
    for member in _shown(one, one.navigations, style):
        described[member.name] = _navigation_json(member)
    return described


def _navigation_json(member):
    described = {"$Kind": "NavigationProperty", "$Type": f"{NAMESPACE}.{member.target}"}
    if member.is_collection:
        described["$Collection"] = True
    if member.partner:
        described["$Partner"] = member.partner
    return described
