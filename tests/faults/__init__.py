"""Crashes and faults, with real processes: nothing lost, nothing doubled."""
