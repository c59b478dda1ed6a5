"""The command `callvault`: parse, call one use case, render.

`main` is where it begins, `tree` names every command and loads a group's module when it is asked for.
"""
