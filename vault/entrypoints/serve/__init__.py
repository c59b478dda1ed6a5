"""The server processes: a supervisor that binds the socket and keeps house, and workers that answer."""

from vault.entrypoints.serve.supervisor import serve

__all__ = ["serve"]
