"""A stand-in for Tribe CRM: the public API of docs/tribe-api.md over HTTP, with a real store.

Start it with ``python -m tribe_sandbox``; in a test with ``tribe_sandbox.process.SandboxProcess``.
It never imports the connector, and the connector never imports it.
"""
