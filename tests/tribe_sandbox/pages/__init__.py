"""The pages on which a person works in the stand-in, as in Tribe's own web app. HTML, no log-in."""

from flask import Blueprint, flash, redirect, render_template

from ..errors import ApiError
from . import application, forms, invoices, relations, traffic, trouble


def create_blueprint(sandbox):
    """Return the Flask blueprint of all pages of *sandbox*."""
    blueprint = Blueprint("pages", __name__)
    for part in (relations, invoices, trouble, traffic, application):
        part.add_routes(blueprint, sandbox)

    @blueprint.errorhandler(ApiError)
    def explain(error):
        flash(error.message, "error")
        return redirect(forms.page_before(), 303)

    @blueprint.errorhandler(404)
    def nothing_there(error):
        return render_template("not_found.html"), 404

    blueprint.add_app_template_filter(plain)
    blueprint.add_app_template_filter(money)

    @blueprint.context_processor
    def shown_everywhere():
        return {"is_broken": trouble.is_broken(sandbox)}

    return blueprint


def plain(value):
    """Return a value as it is typed: nothing for None, no decimals for a whole number."""
    if value is None:
        return ""
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def money(amount, currency):
    """Return an amount with two decimals and its currency."""
    return f"{amount or 0:,.2f} {currency or 'EUR'}"
