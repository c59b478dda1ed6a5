"""What staff may ask of a vault: each operation once, for the command line and for HTTP.

A command of `callvault` parses its arguments into an operation's request. At the vault's machine it calls the
operation; with `--server` it posts the request, and the HTTP door calls it. Both render the same rows.
"""
