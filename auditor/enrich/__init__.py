"""Who and where: the catalogue, the inventory and location databases add columns to flows, never rows."""
