"""Whether a piece of advocacy carries its tracked link: its public page is read now and then. Removable by deleting
this folder and its lines in `app.py`."""
