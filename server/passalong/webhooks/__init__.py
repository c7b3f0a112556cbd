"""Webhooks: what happens here, told to the vendor's own systems. Removable by deleting this folder and its lines in
`app.py`."""
