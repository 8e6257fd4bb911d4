"""Relations and contacts: how each becomes, and stays, like the other."""
