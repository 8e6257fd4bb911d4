"""The page on which a person lets an application in. docs/tribe-api.md."""

from flask import Blueprint, redirect, render_template, request

from .oauth import NowhereToReturn, Refused

APPLICATION_NAME = "Odoo"
SCOPES = {
    "read": "Read relations, invoices and settings",
    "write": "Create and change relations, and move invoices to another phase",
    "offline": "Stay signed in, also when you are away",
}


def create_blueprint(sandbox):
    """Return the Flask blueprint of the authorization endpoint."""
    blueprint = Blueprint("consent", __name__)

    @blueprint.get("/oauth2/auth")
    def ask():
        try:
            challenge, consent = sandbox.oauth.ask(request.args.to_dict())
        except Refused as refused:
            return redirect(refused.address, 302)
        return render_template(
            "consent.html",
            application=APPLICATION_NAME,
            challenge=challenge,
            return_address=consent.redirect_uri,
            scopes=[SCOPES.get(scope, scope) for scope in consent.scope.split()],
        )

    @blueprint.post("/oauth2/auth")
    def decide():
        is_allowed = request.form.get("decision") == "allow"
        address = sandbox.oauth.decide(request.form.get("challenge", ""), is_allowed)
        return redirect(address, 303)

    @blueprint.errorhandler(NowhereToReturn)
    def explain(error):
        return render_template("consent_refused.html", reason=str(error)), 400

    return blueprint
