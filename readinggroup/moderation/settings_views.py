"""How a group is moderated: what is held, who decides appeals, whether the log gives names."""

from django.contrib import messages
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from readinggroup.groups.models import Group
from readinggroup.groups.permissions import Can, requires
from readinggroup.groups.settling import MODERATION, settle_moderation

from .settings_forms import SettingsForm


@require_http_methods(["GET", "POST"])
@requires(Can.SETTLE)
def settings(request, membership):
    """Set it. What changes stands in the group's log, and the members are told."""
    group = Group.objects.get(pk=membership.group.pk)
    form = SettingsForm(request.POST or None, instance=group)
    if request.method == "POST" and form.is_valid():
        settle_moderation(group=membership.group, by=request.user, **form.cleaned_data)
        messages.success(request, _("That is settled."))
        return redirect("moderation:settings", group=membership.group.slug)
    changes = membership.group.changes.filter(kind__in=MODERATION.values()).select_related("by")[:20]
    context = {"membership": membership, "group": membership.group, "form": form, "changes": changes}
    return TemplateResponse(request, "moderation/settings.html", context, status=422 if form.errors else 200)
