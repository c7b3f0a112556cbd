"""What a link shows of itself where it is pasted: its card."""
