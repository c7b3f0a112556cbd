"""The demonstration: a sample vendor, half a year of plausible history, one journey played through."""
