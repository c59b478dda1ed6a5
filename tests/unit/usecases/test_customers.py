"""Customers: added with an agreement, changed by instruction, closed for uploads only."""

from __future__ import annotations

import pytest

from tests.fakes.scene import OPERATOR, VISITOR, Scene
from vault.domain.event import Action
from vault.domain.names import CustomerName, SourceName
from vault.errors import Closed, DatabaseUnavailable, Invalid, NameTaken, NotFound
from vault.sealing.terms import terms_fact
from vault.usecases.add_customer import add_customer
from vault.usecases.add_source import add_source
from vault.usecases.change_customer import change_customer, close_customer
from vault.usecases.identify_source import identify_source
from vault.usecases.list_waiting import list_waiting
from vault.usecases.sign_in import sign_in

ACME = CustomerName("acme")


async def test_a_name_is_taken_once(scene: Scene) -> None:
    """A second customer of a name is refused, and leaves neither an identity nor an entry."""
    before = scene.parts.database.state
    with pytest.raises(NameTaken):
        await add_customer(scene.vault, ACME, agreement="contract", by=OPERATOR)

    assert scene.parts.database.state is before


@pytest.mark.parametrize("agreement", ["", "  "])
async def test_no_customer_without_an_agreement(scene: Scene, agreement: str) -> None:
    """Nothing is recorded for a company whose agreement nobody can name, now or by a later change."""
    with pytest.raises(Invalid):
        await add_customer(scene.vault, CustomerName("newco"), agreement=agreement, by=OPERATOR)
    with pytest.raises(Invalid):
        await change_customer(scene.vault, ACME, by=OPERATOR, agreement=agreement)


@pytest.mark.parametrize("line", ["a@b.example\nBcc: x@y.example", "a\x00b", "\u202eacme", "x" * 321])
async def test_a_title_or_address_is_one_line(scene: Scene, line: str) -> None:
    """What goes into heads of mail and pages can't begin a field of its own there."""
    name = CustomerName("alpha")
    for title, email in ((line, None), (None, line)):
        with pytest.raises(Invalid):
            await add_customer(scene.vault, name, agreement="x", by=OPERATOR, title=title, email=email)
        with pytest.raises(Invalid):
            await change_customer(
                scene.vault, scene.acme.customer.name, by=OPERATOR, title=title, email=email
            )


async def test_a_customer_that_was_not_written_has_no_password(scene: Scene) -> None:
    """When the commit fails, no password is returned and nothing of the customer stays."""
    scene.parts.database.fail_commit_with(DatabaseUnavailable("no disk"))
    with pytest.raises(DatabaseUnavailable):
        await add_customer(scene.vault, CustomerName("newco"), agreement="contract", by=OPERATOR)

    assert len(scene.parts.database.state.customers) == 2


async def test_the_password_is_kept_nowhere(scene: Scene) -> None:
    """Neither state nor log nor slots hold a customer's password."""
    password = scene.acme.password.reveal()

    assert password.decode() not in repr(scene.parts.database.state)
    assert password not in b"".join(each.record for each in scene.parts.database.state.entries.values())


async def test_changes_are_logged_by_field(scene: Scene) -> None:
    """What is given changes, the rest stays; the log says which fields, never their content."""
    changed = await change_customer(scene.vault, ACME, by=OPERATOR, title="ACME Ltd", email="a@example.org")

    assert (changed.title, changed.email, changed.agreement) == (
        "ACME Ltd",
        "a@example.org",
        "contract of acme",
    )
    assert scene.parts.database.state.customers[changed.id] == changed
    (event,) = await scene.log(Action.CUSTOMER_CHANGED)
    terms = terms_fact(scene.vault.keys, changed)
    assert event.entry.facts == {"customer": changed.id, "fields": "email,title", **terms}


async def test_retention_changes_by_instruction_only(scene: Scene) -> None:
    """Deletion on collection is switched off by whoever may instruct it, and the log keeps who that was."""
    with pytest.raises(Invalid):
        await change_customer(scene.vault, ACME, by=OPERATOR, delete_on_collection=False)
    changed = await change_customer(
        scene.vault,
        ACME,
        by=OPERATOR,
        delete_on_collection=False,
        instructed_by="A. Director, letter of 1 May",
    )

    assert not changed.delete_on_collection
    (event,) = await scene.log(Action.CUSTOMER_CHANGED)
    assert event.entry.facts["delete_on_collection"] is False
    assert event.detail is not None
    assert event.detail["instructed_by"] == "A. Director, letter of 1 May"


async def test_a_closed_customer_uploads_no_more(scene: Scene) -> None:
    """Closing stops sources and changes; what waits can still be collected."""
    await scene.upload(scene.acme.source, b"sound")
    await close_customer(scene.vault, ACME, by=OPERATOR)

    with pytest.raises(Closed):
        await identify_source(scene.vault, scene.acme.bearer.reveal().decode())
    with pytest.raises(Closed):
        await change_customer(scene.vault, ACME, by=OPERATOR, title="x")
    with pytest.raises(Closed):
        await close_customer(scene.vault, ACME, by=OPERATOR)
    with pytest.raises(Closed):
        await add_source(
            scene.vault, SourceName("late"), customer=ACME, zone="Europe/London", region="GB", by=OPERATOR
        )
    password = scene.acme.password.reveal().decode()
    await sign_in(scene.vault, customer="acme", password=password, by=VISITOR)
    assert len(await list_waiting(scene.vault, await scene.visitor(scene.acme))) == 1


async def test_an_unknown_customer_is_not_found(scene: Scene) -> None:
    """A name nobody has is an error of its own for staff."""
    with pytest.raises(NotFound):
        await change_customer(scene.vault, CustomerName("nobody"), by=OPERATOR, title="x")
