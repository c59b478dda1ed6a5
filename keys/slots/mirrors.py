"""All mirrors of a vault: which can be reached, and doing one thing on each of them.

Whoever touches a mirror's segments holds that mirror's lock, and an operation holds the locks of all
reachable mirrors from its start to its end. So nobody copies a slot from one mirror to another while
it is being destroyed.
"""

from __future__ import annotations

import errno
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import MappingProxyType
from typing import Concatenate, ParamSpec, TypeVar

from keys.errors import SlotsUnavailable, SlotsUnsafe
from keys.slots.folder import Folder
from keys.slots.mirror import Mirror, admit

_P = ParamSpec("_P")
_T = TypeVar("_T")

# These speak of our own process or of a full disk, not of a mirror that is away.
_NOT_THE_MIRRORS_FAULT = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.ENOSPC, errno.EDQUOT})


class Together:
    """Reachable mirrors, open at the same time; one that fails drops out of the operation."""

    def __init__(self, folders: dict[Path, Folder], lose: Callable[[Path, OSError], None]) -> None:
        self._folders = folders
        self._lose = lose

    @property
    def paths(self) -> tuple[Path, ...]:
        """The mirrors that have not failed so far."""
        return tuple(self._folders)

    def each(
        self, work: Callable[Concatenate[Folder, _P], _T], *args: _P.args, **kwargs: _P.kwargs
    ) -> dict[Path, _T]:
        """Do it on every mirror; raise `SlotsUnavailable` when it succeeded on none."""
        return self.on(self.paths, work, *args, **kwargs)

    def on(
        self,
        paths: Sequence[Path],
        work: Callable[Concatenate[Folder, _P], _T],
        *args: _P.args,
        **kwargs: _P.kwargs,
    ) -> dict[Path, _T]:
        """Do it on some mirrors; raise `SlotsUnavailable` when no mirror is left."""
        results = {}
        for path in paths:
            try:
                results[path] = work(self._folders[path], *args, **kwargs)
            except OSError as error:
                self._folders.pop(path)
                self._lose(path, error)
        self.require_some()
        return results

    def require_some(self) -> None:
        """Raise `SlotsUnavailable` when no mirror is left."""
        if not self._folders:
            raise SlotsUnavailable("no slot mirror can be reached")


class Mirrors:
    """The configured mirrors, sorted into reachable ones and those that are away."""

    def __init__(self, paths: Sequence[Path], *, vault_id: str, allow_unsafe: bool) -> None:
        if not paths:
            raise ValueError("slots need at least one folder")
        self.vault_id = vault_id
        self.allow_unsafe = allow_unsafe
        self.paths = tuple(dict.fromkeys(paths))
        self._membership = threading.Lock()
        self._reachable: dict[Path, Mirror] = {}
        self._away: dict[Path, str] = {}
        for path in self.paths:
            try:
                self._reachable[path] = self._admit(path, self._reachable)
            except OSError as error:
                self._away[path] = _reason(error)
        if not self._reachable:
            raise SlotsUnavailable(f"no slot mirror can be reached: {self._reasons()}")

    @property
    def away(self) -> Mapping[Path, str]:
        """Mirrors that can't be used now, each with the reason."""
        return MappingProxyType(dict(self._away))

    @contextmanager
    def opened(
        self, lock: int | None = None, candidates: Mapping[Path, Mirror] | None = None
    ) -> Iterator[Together]:
        """Open every reachable mirror, locked if asked; raise `SlotsUnavailable` when none is.

        Locks are taken in the order of the mirrors' ids, which is the same in every process.
        """
        mirrors = self._reachable if candidates is None else candidates
        with ExitStack() as stack:
            folders = {}
            for mirror in sorted(mirrors.values(), key=lambda mirror: mirror.id):
                try:
                    folders[mirror.path] = stack.enter_context(mirror.opened(lock))
                except OSError as error:
                    self._lose(mirror.path, error)
            together = Together(folders, self._lose)
            together.require_some()
            yield together

    def look_again(self) -> dict[Path, Mirror]:
        """Return the mirrors that are there now, also those that came back."""
        found: dict[Path, Mirror] = {}
        for path in self.paths:
            try:
                found[path] = self._admit(path, found)
            except OSError as error:
                self._lose(path, error)
            except SlotsUnsafe as error:
                self._lose(path, OSError(errno.ESTALE, str(error)))
        return found

    def settle(self, mirrors: Mapping[Path, Mirror]) -> None:
        """Take these as the reachable ones: they are up to date. New ones join the configured."""
        with self._membership:
            self.paths = tuple(dict.fromkeys((*self.paths, *mirrors)))
            self._reachable = dict(mirrors)
            self._away = {path: self._away.get(path, "away") for path in self.paths if path not in mirrors}

    def require_new(self, mirror: Mirror) -> None:
        """Raise `SlotsUnsafe` when it is one of ours under another path, or a copy of one."""
        _require_distinct(mirror, self._reachable)

    def _admit(self, path: Path, others: Mapping[Path, Mirror]) -> Mirror:
        mirror = admit(path, vault_id=self.vault_id, allow_unsafe=self.allow_unsafe)
        _require_distinct(mirror, others)
        return mirror

    def _lose(self, path: Path, error: OSError) -> None:
        if error.errno in _NOT_THE_MIRRORS_FAULT:
            raise SlotsUnavailable(f"slots at {path}: {_reason(error)}") from error
        with self._membership:
            # The last one stays, to be tried again: it has missed nothing that another has seen.
            if path in self.paths and (path in self._away or self._reachable.keys() - {path}):
                self._away = {**self._away, path: _reason(error)}
                self._reachable = {p: mirror for p, mirror in self._reachable.items() if p != path}

    def _reasons(self) -> str:
        return "; ".join(f"{path}: {reason}" for path, reason in self._away.items())


def _require_distinct(mirror: Mirror, others: Mapping[Path, Mirror]) -> None:
    for path, other in others.items():
        if path != mirror.path and other.id == mirror.id:
            raise SlotsUnsafe(f"{mirror.path} is the same mirror as {path}, or a copy of it")


def _reason(error: OSError) -> str:
    return error.strerror or type(error).__name__
