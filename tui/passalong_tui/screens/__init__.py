"""One module a screen, its look in the .tcss beside it. Each screen's title is the question that it answers."""
