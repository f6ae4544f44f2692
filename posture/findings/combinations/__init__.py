"""Toxic combinations: facts that are each bearable and together a path into the host. One rule, one file."""
