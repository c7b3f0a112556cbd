"""The monthly review as a document: an outline in words, and the forms it is handed out in."""
