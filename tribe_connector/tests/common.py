def create_connection(env, **values):
    """A connection that is active without having spoken to Tribe."""
    return env["tribe.connection"].create(
        {
            "name": "Tribe CRM",
            "mode": "demo",
            "api_address": "http://127.0.0.1:9",
            "authorization_address": "http://127.0.0.1:9",
            "client_id": "our-client",
            "client_secret": "our-secret",
            "webhook_secret": "our-webhook-secret",
            "state": "active",
            **values,
        }
    )
