"""What all requests to other people's servers have in common: where they may go, and how they get there."""
