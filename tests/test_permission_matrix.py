"""Who gets what from every address of ours: (pattern, method) x actor x state of the group, plain and htmx.

A row says, for a public group, what each actor gets. What they get of the other kinds of groups, of a group that is
closed, and of a text that is kept for members follows from a few rules, which stand in `expected`. A pattern without a
row fails.

    .  an answer (2xx, or a redirect that is not to the login)     f  403
    l  the way to the login                                        n  404, as if it were not there
"""

import uuid
from datetime import time, timedelta

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection, transaction
from django.test import Client
from django.urls import URLPattern, get_resolver, reverse
from django.utils import timezone

from readinggroup.accounts.models import Archive, Login
from readinggroup.discussion.models import Draft
from readinggroup.groups import actions, settling
from readinggroup.groups.models import FeedAddress, Group, GroupExport, Letter, RulesReview, Visibility
from readinggroup.moderation.actions import Seen, Verdict, appeal, decide, report
from readinggroup.moderation.models import Case, Juror
from readinggroup.notifications.actions import tell
from readinggroup.notifications.models import Category, PushSubscription
from readinggroup.notifications.unsubscribing import unsubscribe_address
from readinggroup.proposals.actions import ask_to_propose_with
from readinggroup.proposals.models import Proposal
from readinggroup.readings.models import Correction, Reading, TextImport
from readinggroup.replica import READING
from readinggroup.revisions.rehearsal_views import seen_of
from readinggroup.schedule import actions as scheduling
from readinggroup.schedule.actions import note_decision, open_session, put_series_on_calendar
from readinggroup.schedule.models import Answer, CalendarAddress
from texts.revising.rehearsal import wording_of

from . import factories
from .conftest import make_house, signed_in_as
from .moderation.decisions import entered
from .notifications.push_service import create_subscription
from .proposals import ballots
from .proposals.counted import accepted, closed_ballot, receipts
from .proposals.steps import proposed, typed
from .schedule import sessions
from .schedule.agenda_steps import agenda_form, ended, under_way
from .schedule.houses import scheduled_session, series_form, series_of, session_form, session_in
from .side_by_side.houses import two_editions
from .thoroughness import THOROUGH, thoroughly
from .valid_html import Kept, why_no_checker

ACTORS = [
    "visitor",
    "outsider",
    "invited",
    "former",
    "elsewhere",
    "member",
    "organizer",
    "moderator",
    "owner",
    "suspended",
]
OUTSIDE = ACTORS[:5]  # who does not belong; of these the first has not signed in

#                                    v o i f e  m g d w s
MATRIX = {
    ("group", "GET"): ". . . . .  . . . . .",
    ("what_we_read", "GET"): ". . . . .  . . . . .",
    # Of a ballot that is counted, and of a proposal that was chosen and whose text is not there.
    ("proposals:result", "GET"): ". . . . .  . . . . .",
    ("proposals:papers", "GET"): ". . . . .  . . . . .",
    ("proposals:recount_script", "GET"): ". . . . .  . . . . .",
    ("proposals:bring_text", "GET"): "l f f f f  f . f . f",
    ("proposals:bring_text", "POST"): "l f f f f  f . f . f",
    ("readings:reading_page", "GET"): ". . . . .  . . . . .",
    ("readings:paragraph_number", "GET"): ". . . . .  . . . . .",
    ("readings:keep_place", "POST"): "l f f f f  . . . . .",
    ("readings:where_we_are", "GET"): "l f f f f  . . . . .",
    ("readings:where_we_are", "POST"): "l f f f f  . . . . .",
    ("readings:settle_reading", "GET"): "l f f f f  f . f . f",
    ("readings:settle_reading", "POST"): "l f f f f  f . f . f",
    ("side_by_side:beside", "GET"): ". . . . .  . . . . .",
    ("side_by_side:editions", "GET"): "l f f f f  f . f . f",
    ("side_by_side:editions", "POST"): "l f f f f  f . f . f",
    ("side_by_side:links", "GET"): "l f f f f  f . f . f",
    ("side_by_side:links", "POST"): "l f f f f  f . f . f",
    ("side_by_side:separate", "GET"): "l f f f f  f . f . f",
    ("side_by_side:separate", "POST"): "l f f f f  f . f . f",
    ("readings:import_text", "GET"): "l f f f f  f . f . f",
    ("readings:import_text", "POST"): "l f f f f  f . f . f",
    ("readings:preview_import", "GET"): "l f f f f  f . f . f",
    ("readings:preview_import", "POST"): "l f f f f  f . f . f",
    ("revisions:history", "GET"): ". . . . .  . . . . .",
    ("revisions:removed_paragraphs", "GET"): ". . . . .  . . . . .",
    ("revisions:revision", "GET"): ". . . . .  . . . . .",
    ("revisions:changes", "GET"): ". . . . .  . . . . .",
    ("revisions:undo", "GET"): "l f f f f  f . f . f",
    ("revisions:undo", "POST"): "l f f f f  f . f . f",
    ("revisions:notes", "GET"): "l f f f f  f . f . f",
    ("revisions:notes", "POST"): "l f f f f  f . f . f",
    ("revisions:correct_paragraph", "GET"): "l f f f f  f . f . f",
    ("revisions:correct_paragraph", "POST"): "l f f f f  f . f . f",
    ("revisions:bring_correction", "GET"): "l f f f f  f . f . f",
    ("revisions:bring_correction", "POST"): "l f f f f  f . f . f",
    ("revisions:rehearsal", "GET"): "l f f f f  f . f . f",
    ("revisions:rehearsal", "POST"): "l f f f f  f . f . f",
    ("revisions:link", "POST"): "l f f f f  f . f . f",
    ("revisions:publish", "POST"): "l f f f f  f . f . f",
    ("revisions:discard", "POST"): "l f f f f  f . f . f",
    ("discussion:paragraph", "GET"): ". . . . .  . . . . .",
    ("discussion:post_comment", "POST"): "l f f f f  . . . . f",
    ("discussion:draft_comment", "POST"): "l f f f f  . . . . .",
    ("discussion:draft_answer", "POST"): "l f f f f  . . . . .",
    ("discussion:draft_edit", "POST"): "l f f f f  . n n n n",
    ("discussion:suggest_members", "GET"): "l f f f f  . . . . .",
    ("discussion:whole", "GET"): ". . . . .  . . . . .",
    ("discussion:pulse", "GET"): ". . . . .  . . . . .",
    ("discussion:next_unread", "GET"): "l f f f f  . . . . .",
    ("discussion:mark_seen", "POST"): "l f f f f  . . . . .",
    ("discussion:mark_all_seen", "POST"): "l f f f f  . . . . .",
    ("discussion:save_whole", "GET"): ". . . . .  . . . . .",
    ("discussion:search", "GET"): ". . . . .  . . . . .",
    ("discussion:comment", "GET"): ". . . . .  . . . . .",
    ("discussion:answer_comment", "GET"): "l f f f f  . . . . f",
    ("discussion:answer_comment", "POST"): "l f f f f  . . . . f",
    ("discussion:edit_comment", "GET"): "l f f f f  . n n n f",
    ("discussion:edit_comment", "POST"): "l f f f f  . n n n f",
    ("discussion:withdraw_comment", "GET"): "l f f f f  . n n n f",
    ("discussion:withdraw_comment", "POST"): "l f f f f  . n n n f",
    ("discussion:put_back_comment", "GET"): "l f f f f  . n n n f",
    ("discussion:put_back_comment", "POST"): "l f f f f  . n n n f",
    ("discussion:wordings", "GET"): ". . . . .  . . . . .",
    ("discussion:words_written_about", "GET"): ". . . . .  . . . . .",
    ("discussion:take_back_wordings", "GET"): "l f f f f  . n n n f",
    ("discussion:take_back_wordings", "POST"): "l f f f f  . n n n f",
    ("discussion:show_wordings", "POST"): "l f f f f  . n n n f",
    ("discussion:reactions", "POST"): "l f f f f  . . . . f",
    ("discussion:question", "GET"): "l f f f f  . . . . f",
    ("discussion:question", "POST"): "l f f f f  . . . . f",
    ("discussion:questions", "GET"): ". . . . .  . . . . .",
    ("discussion:follow_thread", "GET"): "l f f f f  . . . . .",
    ("discussion:follow_thread", "POST"): "l f f f f  . . . . .",
    ("discussion:mute_person", "GET"): "l f f f f  n . . . .",
    ("discussion:mute_person", "POST"): "l f f f f  n . . . .",
    ("discussion:slow_thread", "GET"): "l f f f f  f f . . f",
    ("discussion:slow_thread", "POST"): "l f f f f  f f . . f",
    ("discussion:look_first_at_paragraph", "GET"): "l f f f f  f f . . f",
    ("discussion:look_first_at_paragraph", "POST"): "l f f f f  f f . . f",
    ("discussion:look_first_in_reading", "GET"): "l f f f f  f f . . f",
    ("discussion:look_first_in_reading", "POST"): "l f f f f  f f . . f",
    ("discussion:follow_paragraph", "GET"): "l f f f f  . . . . .",
    ("discussion:follow_paragraph", "POST"): "l f f f f  . . . . .",
    ("discussion:follow_reading", "GET"): "l f f f f  . . . . .",
    ("discussion:follow_reading", "POST"): "l f f f f  . . . . .",
    ("moderation:report_comment", "GET"): "l f f f f  n . . . f",
    ("moderation:report_comment", "POST"): "l f f f f  n . . . f",
    ("moderation:queue", "GET"): "l f f f f  f f . . f",
    ("moderation:log", "GET"): ". . . . .  . . . . .",
    ("moderation:log_entry", "GET"): ". . . . .  . . . . .",
    ("moderation:log_numbers", "GET"): ". . . . .  . . . . .",
    ("moderation:log_numbers_csv", "GET"): ". . . . .  . . . . .",
    ("moderation:settings", "GET"): "l f f f f  f f f . f",
    ("moderation:settings", "POST"): "l f f f f  f f f . f",
    # Of a decision about the member, who has appealed against it; the organizer is drawn to serve.
    ("moderation:decision", "GET"): "l n n n n  . n . . n",
    ("moderation:appeal_against", "GET"): "l n n n n  . n n n n",
    ("moderation:appeal_against", "POST"): "l n n n n  . n n n n",
    ("moderation:reverse_decision", "GET"): "l n n n n  n n . . n",
    ("moderation:reverse_decision", "POST"): "l n n n n  n n . . n",
    ("moderation:write_statement", "POST"): "l n n n n  . n . . n",
    ("moderation:appeal", "GET"): "l f f f f  f f . . f",
    ("moderation:appeal", "POST"): "l f f f f  f f . . f",
    ("moderation:serve", "GET"): "l n n n n  n . n n n",
    ("moderation:serve", "POST"): "l n n n n  n . n n n",
    ("moderation:case", "GET"): "l f f f f  f f . . f",
    ("moderation:claim_case", "POST"): "l f f f f  f f . . f",
    ("moderation:release_case", "POST"): "l f f f f  f f . . f",
    ("moderation:decide", "GET"): "l f f f f  f f . . f",
    ("moderation:decide", "POST"): "l f f f f  f f . . f",
    ("moderation:reasons", "GET"): "l f f f f  f f . . f",
    ("moderation:reasons", "POST"): "l f f f f  f f . . f",
    ("moderation:change_reason", "GET"): "l f f f f  f f . . f",
    ("moderation:change_reason", "POST"): "l f f f f  f f . . f",
    ("moderation:retire_reason", "POST"): "l f f f f  f f . . f",
    ("moderation:report_name", "GET"): "l f f f f  . . . . f",
    ("moderation:report_name", "POST"): "l f f f f  . . . . f",
    ("moderation:decide_about_member", "GET"): "l f f f f  f f . . f",
    ("moderation:decide_about_member", "POST"): "l f f f f  f f . . f",
    ("moderation:decide_about_thread", "GET"): "l f f f f  f f . . f",
    ("moderation:decide_about_thread", "POST"): "l f f f f  f f . . f",
    ("moderation:decide_about_paragraph", "GET"): "l f f f f  f f . . f",
    ("moderation:decide_about_paragraph", "POST"): "l f f f f  f f . . f",
    ("groups:settle_group", "GET"): "l f f f f  f f f . f",
    ("groups:settle_group", "POST"): "l f f f f  f f f . f",
    ("groups:rules", "GET"): ". . . . .  . . . . .",
    ("groups:rules_version", "GET"): ". . . . .  . . . . .",
    ("groups:rules_history", "GET"): ". . . . .  . . . . .",
    ("groups:edit_rules", "GET"): "l f f f f  f f f . f",
    ("groups:edit_rules", "POST"): "l f f f f  f f f . f",
    ("groups:rules_reviews", "GET"): ". . . . .  . . . . .",
    ("groups:rules_review", "GET"): ". . . . .  . . . . .",
    ("groups:ask_rules_review", "GET"): "l f f f f  . . . . f",
    ("groups:ask_rules_review", "POST"): "l f f f f  . . . . f",
    ("groups:support_rules_review", "POST"): "l f f f f  . . . . f",
    ("groups:take_rules_review_back", "POST"): "l f f f f  . n n n f",
    ("groups:answer_rules_review", "GET"): "l f f f f  f f f . f",
    ("groups:answer_rules_review", "POST"): "l f f f f  f f f . f",
    ("groups:archive_group", "GET"): "l f f f f  f f f . f",
    ("groups:archive_group", "POST"): "l f f f f  f f f . f",
    ("groups:hand_over", "GET"): "l f f f f  f f f . f",
    ("groups:hand_over", "POST"): "l f f f f  f f f . f",
    ("groups:answer_handover", "GET"): "l f f f f  . n n n n",
    ("groups:answer_handover", "POST"): "l f f f f  . n n n n",
    ("groups:delete_group", "GET"): "l f f f f  f f f . f",
    ("groups:delete_group", "POST"): "l f f f f  f f f . f",
    ("group_export", "GET"): "l f f f f  f f f . f",
    ("group_export", "POST"): "l f f f f  f f f . f",
    ("fetch_group_export", "GET"): "l f f f f  f f f . f",
    ("groups:who_may", "GET"): ". . . . .  . . . . .",
    ("groups:members", "GET"): "l f f f f  . . . . .",
    ("groups:member", "GET"): "l f f f f  . . . . .",
    ("groups:invite", "GET"): "l f f f f  f . f . f",
    ("groups:invite", "POST"): "l f f f f  f . f . f",
    ("groups:revoke_invitation", "POST"): "l f f f f  f . f . f",
    ("groups:ask_to_join", "GET"): "l . . . .  . . . . .",
    ("groups:ask_to_join", "POST"): "l . . . .  . . . . .",
    ("groups:answer_join_request", "POST"): "l f f f f  f . f . f",
    ("groups:hand_out_roles", "POST"): "l f f f f  f f f . f",
    ("groups:name_here", "GET"): "l f f f f  . . . . .",
    ("groups:name_here", "POST"): "l f f f f  . . . . .",
    ("groups:put_welcome_away", "POST"): "l f f f f  . . . . .",
    ("discussion:contributions", "GET"): "l f f f f  . . . . .",
    ("discussion:leave", "GET"): "l f f f f  . . . . .",
    ("discussion:leave", "POST"): "l f f f f  . . . . .",
    ("groups:regenerate_invitation", "POST"): "l f f f f  f . f . f",
    ("groups:invite_by_email", "GET"): "l f f f f  f . f . f",
    ("groups:invite_by_email", "POST"): "l f f f f  f . f . f",
    ("groups:send_email_invitation_again", "POST"): "l f f f f  f . f . f",
    ("groups:take_back_email_invitation", "POST"): "l f f f f  f . f . f",
    ("groups:write_letter", "GET"): "l f f f f  f . f . f",
    ("groups:write_letter", "POST"): "l f f f f  f . f . f",
    ("groups:letters", "GET"): "l f f f f  f . f . f",
    ("groups:letter", "GET"): "l f f f f  . . . . .",
    ("feeds:comments", "GET"): ". . . . .  . . . . .",
    ("feeds:news", "GET"): ". . . . .  . . . . .",
    ("feeds:addresses", "GET"): ". . . . .  . . . . .",
    ("feeds:make_address", "POST"): "l f f f f  . . . . .",
    ("feeds:revoke_address", "POST"): "l f f f f  . . . . .",
    ("schedule:attend", "GET"): "l f f f f  . . . . f",
    ("schedule:attend", "POST"): "l f f f f  . . . . f",
    ("schedule:note_who_was_there", "GET"): "l f f f f  f . f . f",
    ("schedule:note_who_was_there", "POST"): "l f f f f  f . f . f",
    ("schedule:poll", "GET"): "l f f f f  . . . . .",
    ("schedule:poll_words", "GET"): "l f f f f  . . . . .",
    ("schedule:who_can", "GET"): "l f f f f  . . . . .",
    ("schedule:people", "GET"): "l f f f f  . . . . .",
    ("schedule:answer_poll", "POST"): "l f f f f  . . . . f",
    ("schedule:open_poll", "GET"): "l f f f f  f . f . f",
    ("schedule:open_poll", "POST"): "l f f f f  f . f . f",
    ("schedule:propose_time", "POST"): "l f f f f  f . f . f",
    ("schedule:change_deadline", "POST"): "l f f f f  f . f . f",
    ("schedule:withdraw_time", "POST"): "l f f f f  f . f . f",
    ("schedule:pick_time", "GET"): "l f f f f  f . f . f",
    ("schedule:pick_time", "POST"): "l f f f f  f . f . f",
    ("schedule:group_calendar", "GET"): ". . . . .  . . . . .",
    ("schedule:session_calendar", "GET"): ". . . . .  . . . . .",
    ("schedule:mail_invitation", "POST"): "l f f f f  . . . . f",
    # Of a session that is under way, of which the member takes the minutes.
    ("schedule:edit_agenda", "GET"): "l f f f f  f . f . f",
    ("schedule:edit_agenda", "POST"): "l f f f f  f . f . f",
    ("propose_agenda", "GET"): "l f f f f  f . f . f",
    ("propose_agenda", "POST"): "l f f f f  f . f . f",
    ("run_session", "GET"): "l f f f f  . . . . .",
    ("step_session", "POST"): "l f f f f  f . f . f",
    ("answered_in_session", "POST"): "l f f f f  . . f . f",
    ("schedule:minutes", "GET"): "l f f f f  . . f . f",
    ("schedule:write_minutes", "GET"): "l f f f f  . . f . f",
    ("schedule:write_minutes", "POST"): "l f f f f  . . f . f",
    ("schedule:minutes_wordings", "GET"): "l f f f f  . . f . f",
    ("schedule:note_decision", "GET"): "l f f f f  . . f . f",
    ("schedule:note_decision", "POST"): "l f f f f  . . f . f",
    ("schedule:take_outcome_back", "POST"): "l f f f f  . . f . f",
    ("schedule:settle_minutes", "POST"): "l f f f f  f . f . f",
    # Of a session on the calendar, and of one that is under way; who leads one: tests/schedule/test_states.py.
    ("schedule:sessions", "GET"): ". . . . .  . . . . .",
    ("schedule:session", "GET"): ". . . . .  . . . . .",
    ("schedule:new_session", "GET"): "l f f f f  f . f . f",
    ("schedule:new_session", "POST"): "l f f f f  f . f . f",
    ("schedule:change_session", "GET"): "l f f f f  f . f . f",
    ("schedule:change_session", "POST"): "l f f f f  f . f . f",
    ("schedule:choose_passages", "GET"): "l f f f f  f . f . f",
    ("schedule:choose_passages", "POST"): "l f f f f  f . f . f",
    ("schedule:choose_paragraph", "GET"): "l f f f f  f . f . f",
    ("schedule:put_on_calendar", "POST"): "l f f f f  f . f . f",
    ("schedule:cancel_session", "GET"): "l f f f f  f . f . f",
    ("schedule:cancel_session", "POST"): "l f f f f  f . f . f",
    ("schedule:open_session", "POST"): "l f f f f  n . n . f",
    ("schedule:close_session", "POST"): "l f f f f  n . n . f",
    ("schedule:this_month", "GET"): "l f f f f  f . f . f",
    ("schedule:month", "GET"): "l f f f f  f . f . f",
    ("schedule:make_series", "GET"): "l f f f f  f . f . f",
    ("schedule:make_series", "POST"): "l f f f f  f . f . f",
    ("schedule:series", "GET"): ". . . . .  . . . . .",
    ("schedule:put_series_on_calendar", "POST"): "l f f f f  f . f . f",
    ("schedule:change_series", "GET"): "l f f f f  f . f . f",
    ("schedule:change_series", "POST"): "l f f f f  f . f . f",
    ("schedule:cancel_series", "GET"): "l f f f f  f . f . f",
    ("schedule:cancel_series", "POST"): "l f f f f  f . f . f",
    ("schedule:plan", "GET"): "l f f f f  f . f . f",
    ("schedule:plan", "POST"): "l f f f f  f . f . f",
    # Of a proposal of somebody else, which the member is asked to propose, too, and of one and a draft of the member's.
    ("proposals:proposals", "GET"): ". . . . .  . . . . .",
    ("proposals:proposal", "GET"): ". . . . .  . . . . .",
    ("proposals:proposal_wordings", "GET"): ". . . . .  . . . . .",
    ("proposals:proposal_text", "GET"): "n n n n n  . . n . n",
    ("proposals:support_proposal", "POST"): "l f f f f  . . . . f",
    ("proposals:propose", "GET"): "l f f f f  . . . . f",
    ("proposals:propose", "POST"): "l f f f f  . . . . f",
    ("proposals:alike", "GET"): "l f f f f  . . . . f",
    ("proposals:change_proposal", "GET"): "l f f f f  . n n n f",
    ("proposals:change_proposal", "POST"): "l f f f f  . n n n f",
    ("proposals:publish_proposal", "POST"): "l f f f f  . n n n f",
    ("proposals:discard_proposal", "GET"): "l f f f f  . n n n f",
    ("proposals:discard_proposal", "POST"): "l f f f f  . n n n f",
    ("proposals:withdraw_proposal", "GET"): "l f f f f  . n n n f",
    ("proposals:withdraw_proposal", "POST"): "l f f f f  . n n n f",
    ("proposals:bring_proposal_back", "POST"): "l f f f f  . . . . f",
    ("proposals:propose_with", "POST"): "l f f f f  . n n n f",
    ("proposals:answer_propose_with", "POST"): "l f f f f  . n n n f",
    ("proposals:answer_proposal", "GET"): "l f f f f  f . f . f",
    ("proposals:answer_proposal", "POST"): "l f f f f  f . f . f",
    ("proposals:settle_proposals", "GET"): "l f f f f  f f f . f",
    ("proposals:settle_proposals", "POST"): "l f f f f  f f f . f",
    # Of a draft, of one that is announced, and of one that is open. Nobody has voted yet.
    ("proposals:ballots", "GET"): ". . . . .  . . . . .",
    ("proposals:ballot", "GET"): ". . . . .  . . . . .",
    ("proposals:new_ballot", "GET"): "l f f f f  f . f . f",
    ("proposals:new_ballot", "POST"): "l f f f f  f . f . f",
    ("proposals:change_ballot", "GET"): "l f f f f  f . f . f",
    ("proposals:change_ballot", "POST"): "l f f f f  f . f . f",
    ("proposals:announce_ballot", "POST"): "l f f f f  f . f . f",
    ("proposals:discard_ballot", "POST"): "l f f f f  f . f . f",
    ("proposals:open_ballot", "POST"): "l f f f f  f . f . f",
    ("proposals:void_ballot", "GET"): "l f f f f  f . f . f",
    ("proposals:void_ballot", "POST"): "l f f f f  f . f . f",
    ("proposals:vote", "GET"): "l f f f f  . . . . f",
    ("proposals:vote", "POST"): "l f f f f  . . . . f",
    ("proposals:voted", "GET"): "l f f f f  . . . . f",
    # Of no group:
    ("home", "GET"): ". . . . .  . . . . .",
    ("healthz", "GET"): ". . . . .  . . . . .",
    ("readyz", "GET"): ". . . . .  . . . . .",
    ("site_state", "GET"): "n n n n n  n n n n n",  # for staff: tests/test_health.py
    ("accounts:profile", "GET"): "l . . . .  . . . . .",
    ("accounts:profile", "POST"): "l . . . .  . . . . .",
    ("accounts:preferences", "GET"): "l . . . .  . . . . .",
    ("accounts:preferences", "POST"): "l . . . .  . . . . .",
    ("accounts:choose_language", "POST"): ". . . . .  . . . . .",
    ("accounts:sign_in_by_link", "GET"): ". . . . .  . . . . .",
    ("inbox", "GET"): "l . . . .  . . . . .",
    ("open_notice", "POST"): "l n n n n  . n n n n",
    ("mark_all_read", "POST"): "l . . . .  . . . . .",
    ("mail_choices", "GET"): "l . . . .  . . . . .",
    ("mail_choices", "POST"): "l . . . .  . . . . .",
    ("notifications:unsubscribe", "GET"): ". . . . .  . . . . .",
    ("notifications:unsubscribe", "POST"): ". . . . .  . . . . .",
    ("notifications:subscribe_device", "GET"): "l . . . .  . . . . .",
    ("notifications:subscribe_device", "POST"): "l . . . .  . . . . .",
    ("notifications:unsubscribe_device", "POST"): "l . . . .  . . . . .",
    ("notifications:remove_device", "POST"): "l n n n n  . n n n n",
    ("notifications:push_worker", "GET"): ". . . . .  . . . . .",
    ("notifications:mail_on_again", "POST"): "l . . . .  . . . . .",
    ("accounts:take_back_address", "GET"): ". . . . .  . . . . .",
    ("accounts:take_back_address", "POST"): ". . . . .  . . . . .",
    ("accounts:kept_words", "GET"): "l . . . .  . . . . .",
    ("accounts:provider_login", "GET"): "n n n n n  n n n n n",
    ("accounts:provider_login", "POST"): "n n n n n  n n n n n",
    ("accounts:provider_callback", "GET"): "n n n n n  n n n n n",
    ("accounts:sign_in_again", "GET"): "l . . . .  . . . . .",
    ("accounts:sign_in_again", "POST"): "l . . . .  . . . . .",
    ("my_data:my_data", "GET"): "l . . . .  . . . . .",
    ("my_data:my_data", "POST"): "l . . . .  . . . . .",
    ("my_data:fetch_archive", "GET"): "l n n n n  . n n n n",
    ("my_data:delete_account", "GET"): "l . . . .  . . . . .",
    ("my_data:delete_account", "POST"): "l . . . .  . . . . .",
    ("my_data:undo_deletion", "POST"): "l . . . .  . . . . .",
    ("my_data:privacy", "GET"): ". . . . .  . . . . .",
    ("groups:found_group", "GET"): "l . . . .  . . . . .",
    ("groups:found_group", "POST"): "l . . . .  . . . . .",
    ("groups:join", "GET"): ". . . . .  . . . . .",
    ("groups:join", "POST"): ". . . . .  . . . . .",
    ("discussion:left", "GET"): "l n n . n  n n n n n",
    ("discussion:left", "POST"): "l n n . n  n n n n n",
    # The address of a member, who belongs: it is the key, whoever has it. Others' addresses: tests/feeds/.
    ("feeds:private_comments", "GET"): ". . . . .  . . . . .",
    ("feeds:private_news", "GET"): ". . . . .  . . . . .",
    # As above. Of all my groups: who belongs to none has an address, too, under which there is nothing.
    ("schedule:private_group_calendar", "GET"): ". . . . .  . . . . .",
    ("schedule:private_calendar", "GET"): ". . . . .  . . . . .",
    ("schedule:my_calendar", "GET"): "l . . . .  . . . . .",
    ("schedule:make_calendar_address", "POST"): "l . . . .  . . . . .",
    ("schedule:revoke_calendar_address", "POST"): "l . . . .  . . . . .",
    ("groups:my_groups", "GET"): "l . . . .  . . . . .",
    ("discussion:my_drafts", "GET"): "l . . . .  . . . . .",
    ("discussion:delete_draft", "POST"): "l . . . .  . . . . .",  # whose it is: tests/discussion/test_drafts.py
    ("discussion:move_draft", "POST"): "l n n n n  . n n n n",
    ("discussion:my_contributions", "GET"): "l . . . .  . . . . .",
    ("discussion:my_muted", "GET"): "l . . . .  . . . . .",
    ("discussion:my_muted", "POST"): "l . . . .  . . . . .",  # whose it is: tests/discussion/test_muting.py
    ("moderation:my_cases", "GET"): "l . . . .  . . . . .",
    ("moderation:my_reports", "GET"): "l . . . .  . . . . .",
}  # fmt: skip
KNOWN_OF_LISTED = {
    "group", "groups:who_may", "groups:ask_to_join", "groups:rules", "groups:rules_version", "groups:rules_history",
}  # fmt: skip
OF_NO_GROUP = {
    "home", "healthz", "readyz", "site_state",
    "groups:found_group", "groups:join", "discussion:left", "groups:my_groups",
    "discussion:my_drafts", "discussion:delete_draft", "discussion:move_draft",
    "discussion:my_contributions", "discussion:my_muted", "inbox", "open_notice", "mark_all_read", "mail_choices",
    "feeds:private_comments", "feeds:private_news", "moderation:my_cases", "moderation:my_reports",
    "schedule:private_group_calendar", "schedule:private_calendar", "schedule:my_calendar",
    "schedule:make_calendar_address", "schedule:revoke_calendar_address",
} | {name for name, _method in MATRIX if name.startswith(("accounts:", "notifications:", "my_data:"))}  # fmt: skip
# Whom it concerns is asked for, or who moderates; 404 for all others, whatever kind of group it is.
OF_A_DECISION = {
    f"moderation:{name}" for name in ("decision", "appeal_against", "reverse_decision", "write_statement", "serve")
}
# Also who does not write may open these:
READ_AT_A_COMMENT = {
    "discussion:comment", "discussion:wordings", "discussion:follow_thread", "discussion:mute_person",
    "discussion:words_written_about",
}  # fmt: skip
OF_A_COMMENT = READ_AT_A_COMMENT | {
    "moderation:report_comment", "moderation:decide_about_thread", "discussion:take_back_wordings",
    "discussion:show_wordings", "discussion:reactions", "discussion:question", "discussion:draft_answer",
    "discussion:draft_edit", "discussion:slow_thread",
    *(f"discussion:{act}_comment" for act in ("answer", "edit", "withdraw", "put_back")),
}  # fmt: skip
OF_REVISIONS = {name for name, _method in MATRIX if name.startswith("revisions:")}
READ_OF_REVISIONS = {f"revisions:{name}" for name in ("history", "removed_paragraphs", "revision", "changes")}
OF_A_TEXT = READ_OF_REVISIONS | {
    "readings:reading_page", "readings:paragraph_number", "discussion:paragraph", "discussion:whole",
    "discussion:questions", "discussion:pulse", "discussion:save_whole", "side_by_side:beside",
}  # fmt: skip
OF_A_READER = {
    "readings:keep_place", "readings:where_we_are",
    "discussion:next_unread", "discussion:mark_seen", "discussion:mark_all_seen",
    "discussion:follow_reading", "discussion:follow_paragraph", "discussion:draft_comment",
    "discussion:look_first_at_paragraph", "discussion:look_first_in_reading",
}  # fmt: skip
OF_AN_AGENDA = {
    "propose_agenda", "run_session", "step_session", "answered_in_session", "schedule:edit_agenda", "schedule:minutes",
    "schedule:write_minutes", "schedule:note_decision", "schedule:take_outcome_back", "schedule:settle_minutes",
    "schedule:minutes_wordings",
}  # fmt: skip
SERIES_ACTS = [("", ""), ("change_", ""), ("cancel_", ""), ("put_", "_on_calendar")]
DRAFT_BALLOT = {"proposals:change_ballot", "proposals:announce_ballot", "proposals:discard_ballot"}
OPEN_BALLOT = {"proposals:ballot", "proposals:void_ballot", "proposals:vote", "proposals:voted"}
READ_OF_SESSIONS = {
    "schedule:sessions", "schedule:session", "schedule:series", "schedule:poll", "schedule:group_calendar",
    "schedule:session_calendar", "schedule:people", "schedule:poll_words", "schedule:who_can",
}  # fmt: skip
READ_OF_PROPOSALS = {
    *(f"proposals:proposal{what}" for what in ("", "s", "_wordings", "_text")),
    *(f"proposals:{page}" for page in ("ballots", "ballot", "result", "papers", "recount_script")),
}
# What nobody does in a group that is in the archive or about to be deleted: writing, joining, inviting, settling.
NOT_WHILE_CLOSED = {
    "readings:import_text", "readings:preview_import", "readings:settle_reading", "discussion:post_comment",
    "discussion:look_first_at_paragraph", "discussion:look_first_in_reading",
    "side_by_side:editions", "side_by_side:links", "side_by_side:separate",
    "moderation:queue", "moderation:appeal", "moderation:settings", "groups:settle_group", "groups:edit_rules",
    "groups:ask_rules_review",
    "groups:support_rules_review", "groups:take_rules_review_back", "groups:answer_rules_review", "groups:invite",
    "groups:revoke_invitation", "groups:regenerate_invitation", "groups:invite_by_email", "groups:answer_join_request",
    "groups:send_email_invitation_again", "groups:take_back_email_invitation", "groups:hand_out_roles",
    "groups:write_letter", "groups:letters", "moderation:case", "moderation:claim_case", "moderation:release_case",
    "moderation:decide", "moderation:reasons", "moderation:change_reason", "moderation:retire_reason",
    "moderation:report_name", "moderation:decide_about_member", "moderation:decide_about_paragraph",
    *({name for name, _method in MATRIX if name.startswith("schedule:")} - READ_OF_SESSIONS),
    *({name for name, _method in MATRIX if name.startswith("proposals:")} - READ_OF_PROPOSALS),
    *(OF_A_COMMENT - READ_AT_A_COMMENT - {"discussion:draft_answer", "discussion:draft_edit"}),
    *(OF_AN_AGENDA - {"run_session"}),
    *(OF_REVISIONS - READ_OF_REVISIONS),
}  # fmt: skip
OF_THE_GROUP = {
    "discussion:leave",
    "discussion:search",
    "discussion:suggest_members",
}  # of discussion's, those of no text
ONLY_WITH_DEBUG = {"outbox", "outbox_message", "gallery"}


def our_patterns(patterns, namespace=""):
    """The names of our views' patterns, with their namespaces."""
    for pattern in patterns:
        if isinstance(pattern, URLPattern):
            if pattern.callback.__module__.startswith(("readinggroup.", "texts.")):
                yield f"{namespace}{pattern.name}"
        else:
            inner = f"{pattern.app_name}:" if pattern.app_name else namespace
            yield from our_patterns(pattern.url_patterns, inner)


def test_every_pattern_has_its_rows():
    names = set(our_patterns(get_resolver().url_patterns))
    assert names - ONLY_WITH_DEBUG == {name for name, _method in MATRIX}


def test_everything_is_open_to_somebody():
    """A row that nobody ever gets an answer from would hide that its page is broken."""
    closed = {name for (name, _method), cells in MATRIX.items() if "." not in cells}
    # There is a provider only where one is configured: tests/accounts/test_single_sign_on.py configures one. The site's
    # own page is for its staff, whom no group knows: tests/test_health.py.
    assert closed == {"accounts:provider_login", "accounts:provider_callback", "site_state"}


def expected(name, method, actor, visibility, state="open"):
    """What the actor gets there; for all but an open public group by a few rules."""
    told = MATRIX[name, method].split()[ACTORS.index(actor)]
    refused = "l" if actor == "visitor" else "f"
    closed = state in {"archived_at", "delete_at"}
    if name == "groups:join" and closed and (method == "GET" or actor in OUTSIDE):
        return "n"  # the link opens nothing until the group is open again; who belongs already is led in
    if name in OF_NO_GROUP:
        return told
    if name in OF_A_DECISION:
        if closed and (name, method, actor) == ("moderation:serve", "POST", "organizer"):
            return 409  # nobody decides anything in a group that is closed
        return "n" if closed and actor in {"moderator", "owner"} else told
    if actor not in OUTSIDE:
        if name == "groups:settle_group" and method == "GET":
            return told  # what can be done with a closed group stands there
        if closed and name == "proposals:proposal_text" and actor in {"organizer", "owner"}:
            return "n"  # who keeps no texts there any more
        return "f" if closed and name in NOT_WHILE_CLOSED else told
    if visibility == Visibility.MEMBERS or (visibility == Visibility.LISTED and name in OF_A_COMMENT):
        return "n"  # they do not learn that it exists
    if visibility == Visibility.LISTED and name not in KNOWN_OF_LISTED:
        return refused
    if state == "text for members" and name in OF_A_COMMENT:
        return "n"
    if (state == "text for members" and name in OF_A_TEXT) or (closed and name == "groups:ask_to_join"):
        return refused
    return told


def outcome(answer):
    """One of the four letters, or the status where it is something else."""
    where = answer.headers.get("Location") or answer.headers.get("HX-Redirect") or ""
    if answer.status_code in {302, 401} and where.startswith("/accounts/login/?next="):
        return "l"
    if 200 <= answer.status_code < 400:
        return "."
    return {403: "f", 404: "n"}.get(answer.status_code, answer.status_code)


class Cell:
    """A house with everything in it that an address may need, and every actor signed in."""

    def __init__(self, visibility, state="open"):
        self.house, self.state = make_house(visibility), state
        house = self.house
        self.people = {name: getattr(house, name) for name in ACTORS[5:9]}
        self.people |= {"visitor": None, "outsider": house.outsider, "invited": factories.create_user("Ines")}
        self.people["former"] = factories.create_member(house.group, "Fred", roles=["moderator"])
        house.group.memberships.filter(user=self.people["former"]).update(left_at=timezone.now())
        self.people["elsewhere"] = factories.create_member(
            factories.create_group(), "Elsa", roles=["moderator", "owner"]
        )
        self.people["suspended"] = factories.create_member(house.group, "Susa")
        factories.give_sign_of_worker()
        self.comment = factories.create_comment(house.reading, house.member)
        entered(house, self.comment)
        self.text = factories.TEXT + f"\n{uuid.uuid4()}\n"
        two_editions(house)
        self.well = factories.create_reading(house.group, "The Well\n\nNobody drew water here.\n", filename="well.txt")
        self.whose_feed = house.member
        self.rules = settling.change_rules(group=house.group, rules=[("Be brief", "")], by=house.owner)
        self.decide()
        self.meet()
        self.meeting = under_way(house, 4, 5, facilitator=None, minute_taker=house.member)
        self.outcome = note_decision(
            session=self.meeting.session, item=self.meeting.items[0], words="So.", key=uuid.uuid4(), by=house.member
        )
        scheduling.write_minutes(
            session=self.meeting.session, item=self.meeting.items[0], version=0, body="Words.", by=house.member
        )
        ended(self.meeting.session)
        self.session = scheduled_session(house)
        self.to_bring = accepted(house)
        self.counted = closed_ballot(house, papers=receipts({"named": [1]}), options=[self.to_bring, "Nothing"])
        self.series = put_series_on_calendar(series=series_of(house), by=house.organizer)
        self.under_way = open_session(session=session_in(house, timedelta(0)), by=house.organizer)
        self.propose()
        self.ballots = ballots.draft(house), ballots.announced(house), ballots.opened(house)
        self.furnish()
        self.cookies = {actor: signed_in_as(person).cookies for actor, person in self.people.items()}

    def client_of(self, actor, **options):
        """A new browser in which the actor has signed in."""
        client = Client(**options)
        client.cookies.update(self.cookies[actor])
        return client

    def ask(self, client, method, address, data=None, **headers):
        """The answer, after which everything is as it was: no request is in another one's way."""
        send = client.post if method == "POST" else client.get
        with transaction.atomic():
            answer = send(address, data, headers=headers)
            transaction.set_rollback(True)
        return answer

    def meet(self):
        """A session in a month, to which the member goes."""
        organizer, day = self.house.organizer, (timezone.now() + timedelta(days=30)).date()
        about = {"title": "The first ferry", "date": day, "time": time(19), "zone": "Europe/Berlin"}
        made = scheduling.create(reading=self.house.reading, by=organizer, where="On the quay", **about)
        self.announced = scheduling.put_on_calendar(session=made, by=organizer)
        scheduling.answer(session=made, by=self.house.member, answer=Answer.GOING)
        self.met = sessions.begun(sessions.scheduled(self.house))
        self.planned, self.asked = sessions.draft(self.house), sessions.asked_when(self.house)

    def propose(self):
        """What another member proposes, together with the member if they agree; and what the member does."""
        other = factories.create_member(self.house.group)
        self.proposal, self.faded = (proposed(self.house, by=other, title=title) for title in ("The Bridge", "Winter"))
        ask_to_propose_with(proposal=self.proposal, user=self.house.member, by=other)
        Proposal.objects.filter(pk=self.faded.pk).update(state="faded")
        self.mine = proposed(self.house, title="A Field", file=(b"A Field\n\nNobody sowed here.\n", "field.txt"))
        self.my_draft = proposed(self.house, title="Summer", publish=False)

    def decide(self):
        """What somebody has decided who moderates no more, about a comment of the member, who has appealed."""
        house = self.house
        former = factories.create_member(house.group, "Nemo", roles=["moderator"])
        self.decided = factories.create_comment(house.reading, house.member, "Decided upon.")
        report(comment=self.decided, words="Look.", by=self.people["suspended"])
        verdict = Verdict(action="hide", ground="rule", rule=self.rules.rules.get(number=1), words="Because.")
        seen = [Seen(Case.objects.get(comment=self.decided).pk, "visible", 1)]
        self.decision = decide(group=house.group, seen=seen, verdict=verdict, by=former)
        actions.leave(membership=house.group.memberships.get(user=former), by=former)
        self.appeal = appeal(decision=self.decision, words="No.", by=house.member)
        until = timezone.now() + timedelta(days=3)
        self.juror = Juror.objects.create(appeal=self.appeal, user=house.organizer, answer_by=until)

    def furnish(self):
        """What an address may need, and the state that the rows are about."""
        house = self.house
        closed = {name: timezone.now() if self.state == name else None for name in ("archived_at", "delete_at")}
        Group.objects.filter(pk=house.group.pk).update(**closed)
        Reading.objects.filter(pk=house.reading.pk).update(for_members=self.state == "text for members")
        settling.offer_group(group=house.group, to=house.member, by=house.owner)
        self.export = GroupExport.objects.create(
            group=house.group, asked_by=house.owner, made_at=timezone.now(), content=b"x"
        )
        for person in (self.people["suspended"], house.other):
            theirs = house.group.memberships.get(user=person)
            actions.suspend(membership=theirs, until=theirs.FOR_GOOD, reason="Rest a while.", by=house.owner)
        self.case = Case.objects.create(group=house.group, comment=self.comment, kind="comment", due_at=timezone.now())
        self.reason = house.group.reasons.create(title="Trade", words="No trade here.")
        self.mailed = house.group.email_invitations.create(
            email=f"{uuid.uuid4().hex}@example.org",
            created_by=house.organizer,
            expires_at=timezone.now() + timedelta(days=1),
            asked_at=timezone.now() - timedelta(days=1),
        )
        self.letter = Letter.objects.create(
            group=house.group, by=house.organizer, subject="Soon", body="Soon.", body_html="<p>Soon.</p>"
        )
        self.token = actions.invite(group=house.group, uses=1, days=1, roles=[], by=house.owner)
        self.request = actions.ask_to_join(group=house.group, words="Hello.", by=self.people["invited"])
        told = {"kind": "groups/join_request_answered", "category": "decision", "facts": {"group": "G"}}
        tell(recipients=[house.member], event="told", **told)
        self.archive = Archive.objects.create(user=house.member, state="ready", size=1, made_at=timezone.now())
        login = Login.objects.create(
            session_key=uuid.uuid4().hex, user=house.member, expire_date=timezone.now() + timedelta(days=1)
        )
        self.device = PushSubscription.objects.create(user=house.member, login=login, **create_subscription())
        self.draft = Draft.objects.create(
            author=house.member, reading=house.reading, paragraph=self.comment.paragraph, parent=self.comment, body="x"
        )
        self.correction = Correction.objects.create(
            reading=house.reading,
            base=house.reading.edition.current,
            by=house.organizer,
            changes=[self.change("remove")],
        )
        self.upload = TextImport.objects.create(
            group=house.group, source=house.reading.edition.current.source, by=house.organizer
        )

    def change(self, act):
        """A change by hand to a paragraph of which nothing is said."""
        return {"change": act, "paragraph": factories.version_of(self.house.reading, 9).paragraph.public_id}

    def address(self, name):
        group, reading = self.house.group.slug, self.house.reading.slug
        more = {
            "readings:paragraph_number": [4],
            **{f"revisions:{name}": [1] for name in ("revision", "changes")},
            **{f"revisions:{name}": [self.correction.pk] for name in ("rehearsal", "link", "publish", "discard")},
            "revisions:correct_paragraph": [self.comment.paragraph.public_id],
            "proposals:bring_text": [self.to_bring.public_id],
            **{f"proposals:{page}": [self.counted.public_id] for page in ("result", "papers", "recount_script")},
            "readings:preview_import": [self.upload.pk],
            **{f"side_by_side:{page}": [self.house.other_reading.slug] for page in ("beside", "links", "separate")},
            "discussion:paragraph": [self.comment.paragraph.public_id],
            "discussion:post_comment": [self.comment.paragraph.public_id],
            "discussion:draft_comment": [self.comment.paragraph.public_id],
            "discussion:mark_seen": [self.comment.paragraph.public_id],
            "discussion:look_first_at_paragraph": [self.comment.paragraph.public_id],
            "discussion:follow_paragraph": [self.comment.paragraph.public_id],
            "schedule:choose_paragraph": [self.session.public_id, self.comment.paragraph.public_id],
            "schedule:close_session": [self.under_way.public_id],
            "schedule:month": [2027, 5],
            **{f"schedule:{act}series{rest}": [self.series.public_id] for act, rest in SERIES_ACTS},
            "groups:member": [self.house.other.public_id],
            "groups:rules_version": [1],
            "groups:letter": [self.letter.pk],
            "moderation:log_entry": [1],
            "fetch_group_export": [self.export.pk],
            "moderation:appeal": [self.appeal.pk],
            "groups:hand_out_roles": [self.house.other.public_id],
            "moderation:case": [self.case.pk],
            "moderation:claim_case": [self.case.pk],
            "moderation:release_case": [self.case.pk],
            "moderation:change_reason": [self.reason.pk],
            "moderation:retire_reason": [self.reason.pk],
            "moderation:report_name": [self.house.other.public_id],
            "moderation:decide_about_member": [self.house.other.public_id],
            "moderation:decide_about_paragraph": [self.comment.paragraph.public_id],
            **{f"schedule:{name}": [self.met.public_id] for name in ("attend", "note_who_was_there")},
            **{
                f"schedule:{name}": [self.asked.public_id]
                for name in ("poll", "poll_words", "answer_poll", "propose_time", "change_deadline")
            },
            **{
                f"schedule:{name}": [self.asked.public_id, sessions.times_of(self.asked)[0]]
                for name in ("withdraw_time", "pick_time")
            },
            "schedule:who_can": [self.asked.public_id, sessions.times_of(self.asked)[0], "yes"],
            "schedule:people": [self.met.public_id, "going"],
            **{
                f"proposals:{name}": [self.proposal.public_id]
                for name in ("proposal", "support_proposal", "answer_propose_with", "answer_proposal")
            },
            **{
                f"proposals:{name}": [self.mine.public_id]
                for name in (
                    "proposal_wordings",
                    "proposal_text",
                    "change_proposal",
                    "withdraw_proposal",
                    "propose_with",
                )
            },
            **{f"proposals:{act}_proposal": [self.my_draft.public_id] for act in ("publish", "discard")},
            "proposals:bring_proposal_back": [self.faded.public_id],
            "schedule:open_poll": [self.planned.public_id],
            "schedule:session_calendar": [self.announced.public_id],
            "schedule:mail_invitation": [self.announced.public_id],
            "groups:revoke_invitation": [self.house.group.invitations.last().pk],
            "groups:regenerate_invitation": [self.house.group.invitations.last().pk],
            "groups:send_email_invitation_again": [self.mailed.public_id],
            "groups:take_back_email_invitation": [self.mailed.public_id],
            "groups:answer_join_request": [self.request.pk],
            **{name: [self.ballots[0].public_id] for name in DRAFT_BALLOT},
            "proposals:open_ballot": [self.ballots[1].public_id],
            **{name: [self.ballots[2].public_id] for name in OPEN_BALLOT},
            "schedule:write_minutes": ["all"],
            "schedule:minutes_wordings": [self.meeting.items[0].public_id],
            "schedule:note_decision": [self.meeting.items[0].public_id],
            "schedule:take_outcome_back": [self.outcome.public_id],
        }
        if name in OF_AN_AGENDA:
            return reverse(name, args=[group, self.meeting.session.public_id, *more.get(name, [])])
        if name == "notifications:unsubscribe":
            return unsubscribe_address(self.house.member, "reply").removeprefix(settings.SITE_URL)
        if name in {"groups:join", "accounts:sign_in_by_link", "accounts:take_back_address"}:
            return reverse(name, args=[self.token])
        if name == "open_notice":
            return reverse(name, args=[self.house.member.notices.get(event="told").public_id])
        if name == "notifications:remove_device":
            return reverse(name, args=[self.device.public_id])
        if name.startswith("accounts:provider_"):
            return reverse(name, args=["oidc"])
        if name == "my_data:fetch_archive":
            return reverse(name, args=[self.archive.public_id])
        if name == "schedule:private_calendar":
            return reverse(name, args=[self.calendar_token()])
        if name.startswith("feeds:private_") or name == "schedule:private_group_calendar":
            return reverse(name, args=[self.feed_token()])
        if name == "discussion:left":
            return reverse(name, args=[group])
        if (name.endswith("rules_review") and "ask" not in name) or name.endswith("rules_review_back"):
            return reverse(name, args=[group, self.review().pk])
        if name == "discussion:contributions":
            return reverse(name, args=[group, self.house.other.public_id])
        if name in {"discussion:delete_draft", "discussion:move_draft"}:
            return reverse(name, args=[self.draft.public_id])
        if name == "moderation:serve":
            return reverse(name, args=[self.appeal.pk])
        if name in OF_A_DECISION:
            return reverse(name, args=[self.decision.public_id])
        if name in OF_NO_GROUP:
            return reverse(name)
        if name in OF_A_COMMENT:
            return reverse(name, args=[self.comment.public_id])
        if (
            name.startswith("schedule:")
            and name.endswith(("session", "passages", "put_on_calendar"))
            and "new" not in name
        ):
            more.setdefault(name, [self.session.public_id])
        about = ("discussion:", "revisions:", "side_by_side:")
        is_inside = (name.startswith(about) and name not in OF_THE_GROUP) or name in {
            "readings:reading_page", "readings:paragraph_number", "readings:keep_place", "readings:settle_reading",
            "moderation:decide_about_paragraph", "schedule:plan", "readings:where_we_are",
        }  # fmt: skip
        return reverse(name, args=[group, *([reading] if is_inside else []), *more.get(name, [])])

    def review(self):
        """What the member has asked of the rules; not there before it is needed, since one is open a person."""
        asked = {"group": self.house.group, "asked_by": self.house.member}
        return RulesReview.objects.get_or_create(**asked, defaults={"rule_set": self.rules, "words": "Why?"})[0]

    def feed_token(self):
        """Of the private address of one person; of somebody who does not belong, one is made behind the site's back."""
        if self.whose_feed is None:
            return "nobodys"
        mine, _made = FeedAddress.objects.get_or_create(group=self.house.group, user=self.whose_feed, revoked_at=None)
        return mine.token

    def calendar_token(self):
        """Of the private address of one person's calendar."""
        if self.whose_feed is None:
            return "nobodys"
        mine, _made = CalendarAddress.objects.get_or_create(user=self.whose_feed, revoked_at=None)
        return mine.token

    def data(self, name):
        """A form that would be accepted."""
        meeting = self.meeting
        return {
            "schedule:edit_agenda": agenda_form(meeting.session, [{"item": meeting.items[0]}, {}]),
            "propose_agenda": {"paragraph": [self.comment.paragraph.public_id], "allotted": "5"},
            "step_session": {"to": meeting.items[1].public_id, "version": meeting.session.agenda.version},
            "answered_in_session": {
                "item": meeting.items[0].public_id, "question": self.comment.public_id, "was": ":", "key": uuid.uuid4(),
            },
            "schedule:write_minutes": {"body": "Words.", "version": 0},
            "schedule:note_decision": {"words": "Words.", "key": uuid.uuid4()},
            "schedule:settle_minutes": {"act": "publish"},
            "proposals:propose": typed(title=f"{uuid.uuid4()}"),
            "proposals:change_proposal": typed(title=f"{uuid.uuid4()}", wording=1),
            "proposals:propose_with": {"member": self.house.organizer.public_id},
            "proposals:answer_propose_with": {"answer": "agree"},
            "proposals:answer_proposal": {
                "state": "later", "reason": "So.", "seen": self.proposal.events.values_list("pk", flat=True).last(),
            },
            "proposals:settle_proposals": {"most_proposals": 3, "proposals_fade_after": 30},
            "readings:keep_place": {"paragraph": self.comment.paragraph.public_id},
            "readings:where_we_are": {"number": "4"},
            "proposals:bring_text": {"file": SimpleUploadedFile("ferry.txt", self.text.encode())},
            "revisions:bring_correction": {"file": SimpleUploadedFile("ferry.txt", self.text.encode())},
            "revisions:publish": {"why": "So.", "seen": seen_of(self.correction)},
            "revisions:link": {"take_back": "1"},
            "revisions:undo": {"why": "So.", "seen": "1"},
            "revisions:correct_paragraph": {"act": "merge"},
            "revisions:notes": {"note": "1", "body": "So.", "seen": wording_of("")},
            "side_by_side:editions": {"other": self.well.pk},
            "side_by_side:links": {"act": "propose"},
            "readings:import_text": {"file": SimpleUploadedFile("ferry.txt", self.text.encode())},
            "readings:preview_import": {"title": "T", "language": "en"},
            "discussion:post_comment": {"body": "Words.", "key": uuid.uuid4()},
            "discussion:answer_comment": {"body": "Words.", "key": uuid.uuid4()},
            "discussion:edit_comment": {"body": self.comment.body, "wording": 1},
            "discussion:draft_comment": {"body": "Words.", "sequence": 0},
            "discussion:draft_answer": {"body": "Words.", "sequence": 1},
            "discussion:draft_edit": {"body": "Words.", "sequence": 0, "wording": 1},
            "discussion:reactions": {"unset": "agree"},
            "discussion:question": {"question": "", "was": ":"},
            "discussion:mute_person": {"act": "mute"},
            "discussion:slow_thread": {"reason": "Slowly.", "every": "60"},
            "discussion:look_first_at_paragraph": {"off": "1"},
            "discussion:look_first_in_reading": {"off": "1"},
            "discussion:follow_thread": {"level": "watch"},
            "discussion:follow_paragraph": {"level": "mute"},
            "discussion:follow_reading": {"level": "normal"},
            "moderation:appeal_against": {"words": "No."},
            "moderation:reverse_decision": {"words": "Because."},
            "moderation:write_statement": {
                "words": "Hm.", "to": self.house.member.public_id, "key": uuid.uuid4(),
            },
            "moderation:appeal": {"answer": "uphold", "words": "Because."},
            "moderation:serve": {"act": "agree"},
            "moderation:report_comment": {"rule": "none", "words": "Look."},
            "moderation:report_name": {"rule": "none", "words": "Look."},
            "moderation:decide": {"seen": f"{self.case.pk}:visible:1:0", "action": "leave"},
            "moderation:reasons": {"title": "Noise", "words": "Too loud."},
            "moderation:change_reason": {"title": "Noise", "words": "Too loud."},
            "moderation:decide_about_member": {"person": "lift"},
            "moderation:decide_about_thread": {"action": "unlock", "standing": 0},
            "moderation:decide_about_paragraph": {"action": "unlock", "standing": 0},
            "schedule:new_session": session_form(reading=self.house.reading.slug, key=uuid.uuid4().hex),
            "schedule:change_session": session_form(version=self.session.version),
            "schedule:choose_passages": {"version": self.session.version, "passages": "4-5"},
            "schedule:cancel_session": {"reason": "Ice."},
            "schedule:make_series": series_form(reading=self.house.reading.slug, key=uuid.uuid4()),
            "schedule:change_series": series_form(version=self.series.version, key=uuid.uuid4()),
            "schedule:cancel_series": {"reason": "Ice.", "version": self.series.version},
            "schedule:plan": {"first": 1, "parts": 2, "divide": "1"},
            "groups:settle_group": {
                "name": "N", "visibility": self.house.group.visibility, "language": "en", "time_zone": "UTC",
            },
            "groups:edit_rules": {
                "form-TOTAL_FORMS": 1, "form-INITIAL_FORMS": 0, "form-0-title": "T", "form-0-ORDER": 1,
                "based_on": self.house.group.rule_sets.first().number,
            },
            "groups:ask_rules_review": {"words": "Why?"},
            "groups:support_rules_review": {"act": "support"},
            "groups:answer_rules_review": {"outcome": "left", "answer": "So."},
            "moderation:settings": {"hold_first": 1, "hold_links": 2},
            "groups:hand_over": {"to": self.house.group.memberships.get(user=self.house.other).pk},
            "groups:answer_handover": {"answer": "decline"},
            "groups:delete_group": {"name": self.house.group.name},
            "groups:found_group": {"name": "N", "visibility": "members"},
            "groups:hand_out_roles": {"roles": []},
            "groups:name_here": {"name_here": f"Called {uuid.uuid4().hex}"},
            "groups:invite_by_email": {"email": f"{uuid.uuid4().hex}@example.org"},
            "discussion:leave": {"contributions": "name"},
            "discussion:left": {"contributions": "name"},
            "groups:invite": {"uses": 1, "days": 1},
            "groups:write_letter": {"subject": "Soon", "body": "Soon.", "key": uuid.uuid4(), "send": "1"},
            "groups:ask_to_join": {"words": "Hello."},
            "groups:answer_join_request": {"answer": "decline"},
            "schedule:attend": {"answer": "going"},
            "schedule:answer_poll": {"words": "Always."},
            "schedule:open_poll": {
                "until": sessions.a_day(5), "times-TOTAL_FORMS": 1, "times-INITIAL_FORMS": 0,
                "times-0-date": sessions.a_day(), "times-0-time": "19:00",
            },
            "schedule:propose_time": {"date": sessions.a_day(), "time": "19:00"},
            "schedule:change_deadline": {"until": sessions.a_day(5)},
            "proposals:new_ballot": ballots.ballot_form(key=uuid.uuid4().hex),
            "proposals:change_ballot": ballots.ballot_form(),
            "proposals:void_ballot": {"reason": "The title was wrong."},
            "proposals:vote": {"named": ["2"], "secret_key": uuid.uuid4().hex},
            "my_data:delete_account": {"choice": "pseudonym"},
            "accounts:profile": {"display_name": f"Called {uuid.uuid4().hex}"},
            "mail_choices": {
                "at_once_by": "mail",
                "digest_at": "07:00",
                "digest_weekday": "0",
                **{f"all-{category}": "daily" for category in Category.values},
                "all-reminder": "at_once",  # in time, or never
            },
            "accounts:preferences": {
                "text_size": "large",
                "measure": "wide",
                "scheme": "dark",
                "motion": "reduced",
                "letter_keys": "on",
            },
            "accounts:choose_language": {"language": "de"},
            "notifications:subscribe_device": create_subscription(),
        }.get(name, {})  # fmt: skip


def states_of(name):
    """In which states of the group, and of its text, the row is tried."""
    yield Visibility.PUBLIC, "open"
    if name in OF_NO_GROUP - {"groups:join"}:
        return
    yield Visibility.PUBLIC, "archived_at"
    yield Visibility.LISTED, "delete_at"
    if name == "groups:join":
        return
    yield Visibility.LISTED, "open"
    yield Visibility.MEMBERS, "open"
    if name in OF_A_TEXT | OF_A_COMMENT | OF_A_READER | {"discussion:post_comment", "readings:settle_reading"}:
        yield Visibility.PUBLIC, "text for members"


# All are asked of the group that everyone reads, and there one for each kind of answer as a part of a page. Elsewhere,
# of who is let in or refused alike, one: tests/test_forbidden_and_absent.py asks all from whom a group is hidden. The
# whole table is asked with THOROUGH=1.
ASKED_WHILE_CLOSED = ["visitor", "suspended", "member", "owner"]
ASKED_ELSEWHERE = ["visitor", "outsider", "invited", "member", "owner"]
ASKED_INSIDE = ["visitor", "outsider", "suspended", "member", "owner"]


def asked_in(visibility, state):
    if state != "open":
        return thoroughly(ACTORS, ASKED_ELSEWHERE if state == "text for members" else ASKED_WHILE_CLOSED)
    elsewhere = ASKED_INSIDE if visibility == Visibility.MEMBERS else ASKED_ELSEWHERE
    return ACTORS if visibility == Visibility.PUBLIC else thoroughly(ACTORS, elsewhere)


ROWS = [(*row, *state) for row in MATRIX for state in states_of(row[0])]


# In one process: the houses take long to make.
pytestmark = pytest.mark.xdist_group(__name__)


@pytest.fixture(scope="module")
def cells(module_db):
    """A house for each kind of group and state."""
    made = {kind: Cell(*kind) for kind in {row[2:] for row in ROWS}}
    connection.check_constraints()  # once: what is put off is looked at again after each test that is undone
    return made


@pytest.fixture(scope="module")
def shown(tmp_path_factory):
    """What everybody was shown: at the end all of it is HTML as the standard has it."""
    shown = Kept()
    yield shown
    if not why_no_checker():
        faults = shown.faults(tmp_path_factory.mktemp("shown"))
        assert not faults, "\n".join(faults)


def test_html_can_be_checked():
    """Says where it is not."""
    if why := why_no_checker():
        pytest.skip(f"HTML is not checked: {why}")


@pytest.mark.parametrize(("name", "method", "visibility", "state"), ROWS)
def test_each_gets_what_the_table_says(cells, db, shown, name, method, visibility, state):
    cell = cells[visibility, state]
    address = cell.address(name)
    data = cell.data(name) if method == "POST" else None
    got, wanted = {}, {}
    for actor in asked_in(visibility, state):
        for htmx in ({}, {"HX-Request": "true"}):
            here = (visibility, state) == (Visibility.PUBLIC, "open")
            if htmx and not THOROUGH and (not here or list(got.values()).count(got[(actor,)]) > 1):
                break
            for value in (data or {}).values():
                if hasattr(value, "seek"):
                    value.seek(0)  # a file that was sent has been read to its end
            answer = cell.ask(cell.client_of(actor), method, address, data, **htmx)
            got[actor, *htmx] = said = outcome(answer)
            shown.keep(f"{name} {method} {actor}", answer)
            wanted[actor, *htmx] = expected(name, method, actor, visibility, state)
            if method == "GET" and said == "." and "HX-Request" not in answer.get("Vary", ""):
                break  # a page that says that it has no part: tests/test_headers.py holds it to that
    assert got == wanted


def asked_without_writing(cell, actor, method, name):
    """What a server says to it that lets nothing be written."""
    address, data = cell.address(name), cell.data(name) if method == "POST" else None
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL transaction_read_only = on")
        return cell.ask(cell.client_of(actor), method, address, data)


@pytest.mark.parametrize("name", sorted(READING))
def test_what_visitors_read_from_a_replica_writes_nothing(cells, db, name):
    assert outcome(asked_without_writing(cells[Visibility.PUBLIC, "open"], "visitor", "GET", name)) == "."


def test_what_writes_is_noticed_there(cells, db):
    cell = cells[Visibility.PUBLIC, "open"]
    assert asked_without_writing(cell, "member", "POST", "discussion:post_comment").status_code == 503


def test_what_is_asked_leaves_the_house_as_it_was(cells, db):
    """The control: a comment that is posted, and a group that is deleted, are not there for the next one who asks."""
    cell = cells[Visibility.PUBLIC, "open"]
    before = cell.house.reading.comments.count()
    for name, actor in (("discussion:post_comment", "member"), ("groups:delete_group", "owner")):
        for _twice in range(2):
            answer = cell.ask(cell.client_of(actor), "POST", cell.address(name), cell.data(name))
            assert outcome(answer) == "."
            assert cell.house.reading.comments.count() == before
            assert not Group.objects.get(pk=cell.house.group.pk).is_closed


@pytest.mark.parametrize("language", thoroughly(["en", "de", "fr"], ["de", "fr"]))  # the table is asked in English
def test_every_page_is_there_in_every_language(cells, db, language):
    """What is read, by one who belongs and one who does not. A broken placeholder in a catalog would be a 500."""
    cell = cells[Visibility.PUBLIC, "open"]
    pages = 0
    for name, method in MATRIX:
        for actor in thoroughly(["owner", "outsider", "visitor"], ["owner"]):
            if method != "GET" or expected(name, method, actor, Visibility.PUBLIC) != ".":
                continue
            if name in {"accounts:sign_in_by_link", "discussion:suggest_members", "proposals:alike"}:
                continue  # an invitation's token is none of these; a few names, or a hint while one types, are no page
            answer = cell.client_of(actor).get(cell.address(name), headers={"Accept-Language": language}, follow=True)
            assert answer.status_code == 200, (name, actor)
            if "text/html" in answer["Content-Type"]:
                assert f'<html lang="{language}"' in answer.content.decode(), (name, actor)
                pages += answer["Content-Type"].startswith("text/html")
    assert pages > 40
