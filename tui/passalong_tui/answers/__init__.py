"""What the server answers, as far as the console reads it. Unknown fields are skipped, unknown words kept as text."""
