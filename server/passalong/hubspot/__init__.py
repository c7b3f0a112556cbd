"""HubSpot: leads and credits out, deals in. Removable by deleting this folder and its lines in `app.py`."""
