"""Breaking the connection on purpose, and mending it."""

from dataclasses import dataclass

from flask import abort, flash, redirect, render_template, request, url_for

from ..faults import parse_fault

SLOW_SECONDS = 5.0


@dataclass(frozen=True)
class Trouble:
    """A button: what goes wrong, the faults (dicts) and switches (dict) that do it."""

    title: str
    meaning: str
    faults: tuple = ()
    switches: tuple = ()


FOR_EVER = {"times": None}
TROUBLES = {
    "down": Trouble(
        "Tribe is down",
        "Every call is answered with HTTP 503.",
        (
            {"kind": "status", "status": 503, **FOR_EVER},
            {"kind": "status", "status": 503, "path_contains": "/oauth2/token", **FOR_EVER},
        ),
    ),
    "slow": Trouble(
        "Tribe is slow",
        f"Every answer takes {SLOW_SECONDS:.0f} seconds longer.",
        ({"kind": "slow", "seconds": SLOW_SECONDS, **FOR_EVER},),
    ),
    "limit": Trouble(
        "Too many calls",
        "Every call is answered with HTTP 429.",
        ({"kind": "status", "status": 429, **FOR_EVER},),
    ),
    "lost": Trouble(
        "Answers are lost",
        "What is written is done, but the answer never arrives.",
        (
            {"kind": "lose_answer", "method": "POST", **FOR_EVER},
            {"kind": "lose_answer", "method": "PUT", **FOR_EVER},
        ),
    ),
    "held": Trouble(
        "Webhooks are held back",
        "They are sent when the connection is mended.",
        switches=(("webhook_paused", True),),
    ),
    "dropped": Trouble(
        "Webhooks are lost",
        "They are never sent.",
        switches=(("webhook_drop_rate", 1.0),),
    ),
}
MENDED = {"webhook_paused": False, "webhook_drop_rate": 0.0}


def add_routes(blueprint, sandbox):
    """Add the page that breaks things to the *blueprint*."""

    @blueprint.get("/trouble")
    def trouble():
        return render_template("trouble.html", troubles=TROUBLES, current=current(sandbox))

    @blueprint.post("/trouble")
    def make_trouble():
        name = request.form.get("trouble", "")
        if name == "mend":
            mend(sandbox)
            flash("All is well again.")
        elif name == "sign_out":
            sandbox.oauth.revoke_all()
            flash("All sign-ins were withdrawn: no token is good any more.")
        else:
            break_it(sandbox, TROUBLES.get(name) or abort(400), name)
            flash(f"{TROUBLES[name].title}. {TROUBLES[name].meaning}", "error")
        return redirect(url_for("pages.trouble"), 303)


def break_it(sandbox, trouble, name):
    """Let one kind of trouble begin; it ends when the connection is mended."""
    for fault in trouble.faults:
        sandbox.faults.add(parse_fault({**fault, "label": name}))
    if trouble.switches:
        sandbox.change_switches(dict(trouble.switches))


def mend(sandbox):
    """End all trouble."""
    sandbox.faults.clear()
    sandbox.change_switches(MENDED)


def current(sandbox):
    """Return the names of the troubles that are going on."""
    labels = {fault.label for fault in sandbox.faults.pending()}
    positions = sandbox.switches.as_dict()
    switched = {
        name
        for name, trouble in TROUBLES.items()
        if trouble.switches and all(positions[key] == value for key, value in trouble.switches)
    }
    return (labels & TROUBLES.keys()) | switched


def is_broken(sandbox):
    """Tell whether anything is made to go wrong, also by a test."""
    return bool(sandbox.faults.pending() or current(sandbox))
