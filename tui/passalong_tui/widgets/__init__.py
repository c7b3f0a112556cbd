"""The console's own widgets. None of them asks the server; screens hand them what they draw."""
