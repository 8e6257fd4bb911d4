"""What went over the wire lately: API calls in, webhooks out."""

from urllib.parse import unquote

from flask import render_template

SHOWN = 40


def add_routes(blueprint, sandbox):
    """Add the page about traffic to the *blueprint*."""

    @blueprint.get("/traffic")
    def traffic():
        return render_template("traffic.html", **_recent(sandbox))

    @blueprint.get("/traffic/recent")
    def recent():
        return render_template("traffic_recent.html", **_recent(sandbox))


def _recent(sandbox):
    calls = [
        {**call, "query": unquote(call["query"]), "is_wrong": _is_wrong(call.get("answer"))}
        for call in sandbox.calls.log()[: -SHOWN - 1 : -1]
    ]
    return {
        "calls": calls,
        "counts": sandbox.calls.report(),
        "deliveries": sandbox.webhooks.deliveries()[: -SHOWN - 1 : -1],
    }


def _is_wrong(answer):
    return isinstance(answer, str) or (answer or 0) >= 400
