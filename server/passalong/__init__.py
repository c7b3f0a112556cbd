"""Passalong: a share, gate and attribution server for customer-led growth."""

__version__ = "0.1.0"
