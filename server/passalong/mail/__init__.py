"""Letters, carried to one SMTP server. Removable by deleting this folder and its lines in `app.py`."""
