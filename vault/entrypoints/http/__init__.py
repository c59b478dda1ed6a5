"""The HTTP door: parse, call one use case, render. `routes` is the table of everything it answers."""
