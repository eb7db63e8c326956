"""Routing configuration becomes classes of clients, and proofs of where they can be sent under which outages."""
