"""What can go wrong between a client and the vault: either it is final, or trying again may help."""

from __future__ import annotations


class ClientError(Exception):
    """It did not work, and the same again would not."""


class ServerRefused(ClientError):
    """The vault's answer is final: a 4xx. `code` is the problem's own."""

    def __init__(self, status: int, code: str, detail: str) -> None:
        super().__init__(detail)
        self.status = status
        self.code = code


class NotUnderstood(ClientError):
    """The answer is not what a vault of this version would say."""


class CertificateWrong(ClientError):
    """The vault answered a receipt with a certificate that is none, or is about something else."""


class TryAgain(ClientError):
    """The vault could not answer now, or the line broke.

    `after_seconds` is what the vault asked for; `progressed` says that something got through before.
    """

    def __init__(self, message: str, *, after_seconds: float | None = None, progressed: bool = False) -> None:
        super().__init__(message)
        self.after_seconds = after_seconds
        self.progressed = progressed
