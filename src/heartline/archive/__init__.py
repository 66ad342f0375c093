"""Histories in files: read into entries, uploaded as a phone would, and written out again.

A backup of the Android app *SMS Backup & Restore* (XML) and Heartline's own export (JSON lines) both pass through here, and
so does what a simulated phone has from the start. Files are streamed: what is in memory is one entry, one batch, and the
ids of the rows that the account already has.
"""
