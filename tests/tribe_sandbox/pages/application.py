"""Configuration > Applications: what a program needs to sign in, and what it registered."""

from flask import flash, redirect, render_template, request, url_for

from ..consent import APPLICATION_NAME, SCOPES


def add_routes(blueprint, sandbox):
    """Add the page about the application to the *blueprint*."""

    @blueprint.get("/application")
    def application():
        return render_template(
            "application.html",
            name=APPLICATION_NAME,
            client_id=sandbox.oauth.client_id,
            client_secret=sandbox.oauth.client_secret,
            redirect_uris=sandbox.switches.redirect_uris,
            scopes=SCOPES,
            allowed_scopes=sandbox.switches.allowed_scopes,
            webhooks=sandbox.webhooks.list(),
            api_address=sandbox.address,
        )

    @blueprint.post("/application")
    def change_application():
        addresses = request.form.get("redirect_uris", "").split()
        scopes = [scope for scope in SCOPES if scope in request.form.getlist("scopes")]
        sandbox.change_switches({"redirect_uris": addresses, "allowed_scopes": scopes})
        flash("Saved.")
        return redirect(url_for("pages.application"), 303)
