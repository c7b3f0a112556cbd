"""The commands of the `passalong` program, one module each, every one holding its `command`."""
