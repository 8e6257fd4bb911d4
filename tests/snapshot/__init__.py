"""What ./dev snapshot writes: what is installed, what overrides what, and what is sent to Tribe."""
