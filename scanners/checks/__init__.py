"""Checks: pure judgements of records, their catalogue, and the requirements that they are evidence for."""
