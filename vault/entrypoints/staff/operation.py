"""An operation: a request, who may make it, and the function that answers it with rows."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Generic, TypeVar

from msgspec import Meta, Struct

from vault.domain.event import Actor
from vault.domain.staff import Role
from vault.entrypoints.staff.row import Row
from vault.errors import AccessDenied, KeyElsewhere
from vault.ports.vault import Vault
from vault.usecases.unlock_staff import Custodian, Person

Rows = Sequence[Row]

NameText = Annotated[str, Meta(max_length=256)]
IdText = Annotated[str, Meta(max_length=64)]
LineText = Annotated[str, Meta(max_length=600)]
PAGE_ROWS = 1000
Limit = Annotated[int, Meta(ge=1, le=PAGE_ROWS)]
"""How many rows at most in one answer over HTTP; at the vault's machine the command says how many."""
Index = Annotated[int, Meta(ge=0, le=2**53)]
Moment = Annotated[datetime, Meta(tz=True)]
Seconds = Annotated[int, Meta(ge=1, le=2**31)]

DPO_ALONE = (Role.DPO,)
OFFICE = (Role.DPO, Role.TECH_MANAGER)
EVERYBODY = tuple(Role)

Asked = TypeVar("Asked", bound=Struct)
Answer = TypeVar("Answer", Row, Rows)


class NothingSure(Struct, frozen=True):
    """A row of which its command relies on no field: it shows what there is."""


@dataclass(frozen=True, slots=True)
class Acting:
    """Who asks. At the vault's machine the operating system says it: `person` is None unless proven."""

    actor: Actor
    person: Person | None = None

    @property
    def custodian(self) -> Custodian:
        """The person with their keys at hand; raise `KeyElsewhere` where those are in an identity file."""
        if isinstance(self.person, Custodian):
            return self.person
        raise KeyElsewhere("this needs your key at the vault, and yours stays in your identity file")

    @property
    def proven(self) -> Person:
        """The person; raise `AccessDenied` for whoever the operating system alone vouches for."""
        if self.person is None:
            raise AccessDenied("prove who you are")
        return self.person

    @property
    def role(self) -> Role | None:
        """The proven role; None for whoever the operating system vouches for, whom no role narrows."""
        return self.person.member.role if self.person is not None else None


class _Asked:
    """What every operation has: a name, roles, and a function that says what it does."""

    __slots__ = ()
    name: str
    roles: Collection[Role]
    answer: Callable[..., object]

    @property
    def path(self) -> str:
        """The part of its URL, such as «audit/list»."""
        return self.name.replace(" ", "/")

    @property
    def summary(self) -> str:
        """The first line of what its function says of itself."""
        return (self.answer.__doc__ or self.name).partition("\n")[0]

    def must_be_for(self, acting: Acting) -> None:
        """Raise `AccessDenied` for a role that may not ask this."""
        if acting.role is not None and acting.role not in self.roles:
            raise AccessDenied("this is not for your role", why="role")


@dataclass(frozen=True, slots=True)
class Operation(_Asked, Generic[Asked, Answer]):
    """A named thing to ask for.

    `roles` may ask from their own machines; where `proof` is set, they alone may at the vault's machine, too,
    and prove who they are there. `paged_by` is the field whose last value is the `before` of the next page,
    `sure` what the command relies on in a row: what comes over a network without it is no vault's answer.
    """

    name: str
    asked: type[Asked]
    answer: Callable[[Vault, Acting, Asked], Awaitable[Answer]]
    roles: Collection[Role]
    many: bool
    proof: bool = False
    paged_by: str | None = None
    sure: type[Struct] = NothingSure


@dataclass(frozen=True, slots=True)
class StreamOperation(_Asked, Generic[Asked]):
    """An operation that answers row by row, as they come; at the vault's machine it needs no proof."""

    name: str
    asked: type[Asked]
    answer: Callable[[Vault, Acting, Asked], AsyncIterator[Row]]
    roles: Collection[Role]
    sure: type[Struct] = NothingSure
