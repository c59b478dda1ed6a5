"""The routes of staff who work from machines of their own, with their descriptions."""

from __future__ import annotations

from vault.entrypoints.http import answers, staff_answers, staff_opening, staff_sessions
from vault.entrypoints.http.routes import Route, Who
from vault.entrypoints.http.staff_operations import OPERATION_ROUTES

_SESSIONS = "/v1/staff/sessions"
_CURRENT = f"{_SESSIONS}/current"

STAFF_ROUTES: tuple[Route, ...] = (
    Route(
        "POST",
        "/v1/staff/challenges",
        staff_sessions.challenge,
        Who.ANYONE,
        "Ask for a question that the owner of an identity file can answer; alike for every name.",
        {200: staff_answers.ChallengeAnswer},
        (400, 408, 413, 415, 503),
        (staff_answers.ChallengeRequest,),
    ),
    Route(
        "POST",
        _SESSIONS,
        staff_sessions.begin_staff_session,
        Who.ANYONE,
        "Sign in, by passphrase or by the answer to a challenge. 403 alike for every wrong one.",
        {201: answers.SessionAnswer},
        (400, 403, 408, 413, 415, 429, 503),
        (staff_answers.StaffSignIn,),
    ),
    Route(
        "GET",
        _CURRENT,
        staff_sessions.show_staff_session,
        Who.STAFF,
        "Who is signed in, and what opens by their identity file.",
        {200: staff_answers.StaffSessionAnswer},
        (401, 503),
    ),
    Route(
        "DELETE",
        _CURRENT,
        staff_sessions.end_current_staff_session,
        Who.STAFF,
        "Sign out.",
        {204: None},
        (401, 503),
    ),
    Route(
        "POST",
        "/v1/staff/recordings/open",
        staff_opening.send_opened,
        Who.STAFF,
        "Open a recording, with a reason. To an identity file's owner it comes sealed, as an age file.",
        {200: "application/octet-stream"},
        (400, 401, 403, 404, 408, 410, 413, 415, 429, 503),
        (staff_answers.OpenRequest,),
        sends={
            200: (
                staff_opening.FORM,
                staff_opening.DIGEST,
                staff_opening.SIZE,
                staff_opening.RECORDING,
                staff_opening.LAYERS,
            )
        },
    ),
    Route(
        "POST",
        "/v1/staff/grants/question",
        staff_opening.ask_grant_question,
        Who.STAFF,
        "Ask an identity file's owner what proves a grant's password; alike for whoever has no grant.",
        {200: staff_answers.GrantQuestion},
        (400, 401, 403, 404, 408, 413, 415, 503),
        (staff_answers.GrantQuestionRequest,),
    ),
    Route(
        "POST",
        "/v1/staff/grants/approval-question",
        staff_opening.ask_approval_question,
        Who.STAFF,
        "Ask an identity file's owner what approves a grant. For: dpo.",
        {200: staff_answers.ApprovalQuestion},
        (400, 401, 403, 404, 408, 409, 410, 413, 415, 503),
        (staff_answers.ApprovalQuestionRequest,),
    ),
    Route(
        "POST",
        "/v1/staff/recordings/export",
        staff_opening.send_export,
        Who.STAFF,
        "Export a recording as an age file for one recipient, with a reason. For: dpo.",
        {200: "application/octet-stream"},
        (400, 401, 403, 404, 408, 410, 413, 415, 503),
        (staff_answers.ExportRequest,),
        sends={200: (staff_opening.RECORDING, staff_opening.RECIPIENT, staff_opening.NICKNAME)},
    ),
    *OPERATION_ROUTES,
)
