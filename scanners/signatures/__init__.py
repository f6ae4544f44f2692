"""Signatures and provenance of images, from bytes alone: who signed what, and whom a policy trusts. Opens no socket.

`examine` finds out what each attached document proves, once for all policies; `judge` says what that is worth under one.
"""
