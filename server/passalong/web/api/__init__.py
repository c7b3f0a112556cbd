"""JSON for integrators and for the console. Bodies are snake_case, times RFC 3339 UTC, money in minor units."""
