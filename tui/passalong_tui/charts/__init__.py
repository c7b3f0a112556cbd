"""Charts as pure functions from numbers to text: each says in words and patterns what it also says in colour."""
