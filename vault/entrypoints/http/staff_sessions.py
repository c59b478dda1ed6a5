"""Staff sign in from machines of their own, and out again."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from http import HTTPStatus

from aiohttp import web

from keys.passwords import normalise
from keys.secret import Secret
from vault.domain.staff_session import ProofKind
from vault.entrypoints.http.answers import SessionAnswer, render_json
from vault.entrypoints.http.context import VAULT, visitor_actor
from vault.entrypoints.http.credentials import session_token
from vault.entrypoints.http.json_body import read_json
from vault.entrypoints.http.refusals import FieldInvalid, SignInNeeded
from vault.entrypoints.http.staff_answers import (
    ChallengeAnswer,
    ChallengeRequest,
    StaffSessionAnswer,
    StaffSignIn,
)
from vault.errors import AccessDenied
from vault.usecases.authenticate_staff import StaffVisitor, authenticate_staff
from vault.usecases.challenge_staff import answer_challenge, challenge_staff
from vault.usecases.end_session import end_session
from vault.usecases.hand_over_recording import locked_group_identities
from vault.usecases.sign_in_staff import sign_in_staff


async def begin_staff_session(request: web.Request) -> web.Response:
    """Sign in by passphrase, or by the answer that an identity file gave."""
    asked = await read_json(request, StaffSignIn)
    vault, by = request.app[VAULT], visitor_actor(request)
    match asked:
        case StaffSignIn(passphrase=str(passphrase), ticket=None, answer=None):
            signed = await sign_in_staff(vault, asked.staff, normalise(passphrase), by=by)
        case StaffSignIn(passphrase=None, ticket=str(ticket), answer=str(answer)):
            given = Secret(answer.encode("utf-8", "surrogatepass"))
            signed = await answer_challenge(vault, asked.staff, ticket=ticket, answer=given, by=by)
        case _:
            raise FieldInvalid("passphrase", "either passphrase, or ticket and answer")
    return render_json(SessionAnswer.of(signed), HTTPStatus.CREATED)


async def challenge(request: web.Request) -> web.Response:
    """Ask a question that only the owner of an identity file can answer."""
    asked = await read_json(request, ChallengeRequest)
    return render_json(ChallengeAnswer.of(await challenge_staff(request.app[VAULT], asked.staff)))


async def show_staff_session(request: web.Request) -> web.Response:
    """Show who is signed in, and what their identity file opens."""
    async with staff_signed_in(request) as visitor:
        away = visitor.session.proof is ProofKind.IDENTITY
        locked = await locked_group_identities(request.app[VAULT], visitor.person) if away else []
    member = visitor.person.member
    shown = [base64.b64encode(each).decode() for each in locked]
    session = visitor.session
    return render_json(StaffSessionAnswer(member.name, member.role, session.proof, session.expires_at, shown))


async def end_current_staff_session(request: web.Request) -> web.Response:
    """Sign out."""
    async with staff_signed_in(request) as visitor:
        await end_session(request.app[VAULT], visitor.session, by=visitor.person.actor)
    return web.Response(status=HTTPStatus.NO_CONTENT)


@asynccontextmanager
async def staff_signed_in(request: web.Request) -> AsyncIterator[StaffVisitor]:
    """Hold the person whose session's token came as Bearer; raise `SignInNeeded` without a live one."""
    token = session_token(request)
    try:
        visitor = await authenticate_staff(request.app[VAULT], token, by=visitor_actor(request))
    except AccessDenied:
        raise SignInNeeded("sign in again") from None
    yield visitor
