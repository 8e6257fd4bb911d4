"""What the connector costs: counts, and ratios within one run. Machines are noisy."""
