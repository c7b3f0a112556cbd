"""The terminal console of Passalong."""
