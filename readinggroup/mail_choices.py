"""The one page of switches: of what somebody is told by mail, in which group, and when."""

from django.contrib import messages
from django.db import transaction
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from readinggroup.accounts.access import signed_in
from readinggroup.groups.models import Group, Membership
from readinggroup.notifications.actions import wish
from readinggroup.notifications.device_views import devices_of
from readinggroup.notifications.forms import MailSettingsForm, MailWishesForm
from readinggroup.notifications.models import MailSettings


@require_http_methods(["GET", "POST"])
@never_cache
@signed_in
def mail_choices(request):
    """How I want to be told: in all groups, and in each of mine otherwise."""
    settings = MailSettings.objects.filter(user=request.user).first() or MailSettings(user=request.user)
    data = request.POST if request.method == "POST" else None
    form = MailSettingsForm(data, instance=settings)
    wishes = forms_of(request.user, data)
    if data is not None and all([form.is_valid(), *(each.is_valid() for _group, each in wishes)]):
        save(request.user, form, wishes)
        messages.success(request, _("That is settled."))
        return redirect("mail_choices")
    invalid = form.errors or any(each.errors for _group, each in wishes)
    context = {"form": form, "wishes": wishes, "settings": settings, **devices_of(request)}
    return TemplateResponse(request, "notifications/mail_choices.html", context, status=422 if invalid else 200)


def forms_of(user, data) -> list:
    """A form for all groups (its group is None), and one for each that the person belongs to."""
    said = {}
    for group_key, category, when in user.mail_wishes.values_list("group_key", "category", "when"):
        said.setdefault(group_key, {})[category] = when
    everywhere = said.get(None, {})
    mine = Group.objects.filter(memberships__in=Membership.objects.active().filter(user=user)).order_by("name", "pk")
    return [
        (None, MailWishesForm(data, prefix="all", said=everywhere)),
        *(
            (group, MailWishesForm(data, prefix=group.slug, said=said.get(group.pk, {}), everywhere=everywhere))
            for group in mine
        ),
    ]


@transaction.atomic
def save(user, form, wishes) -> None:
    form.save()
    for group, each in wishes:
        for category, when in each.changes().items():
            wish(by=user, category=category, when=when, group=group and group.pk)
