"""What a sharing customer sees: its shares, what came of them, a new link, its own look."""
