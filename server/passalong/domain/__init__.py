"""The nouns of Passalong and their rules: msgspec Structs and pure functions, no I/O, no clock."""
