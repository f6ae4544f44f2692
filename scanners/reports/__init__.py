"""Readers of other tools' reports: one file per tool, each `score` and `read`; `read.py` chooses."""
