"""How a group calls somebody, and the moments that notices tell, for templates."""

from datetime import datetime

from django import template
from django.utils.dateparse import parse_date

register = template.Library()


@register.filter
def name_in(user, group):
    """The name under which the group shows the person: `{{ comment.author|name_in:group }}`, always inside `<bdi>`."""
    return group.name_of(user)


@register.filter
def moment(fact):
    """The moment that a notice holds as a fact (ISO 8601), to be told in the reader's zone and language."""
    return datetime.fromisoformat(fact)


@register.filter
def day(fact):
    """The day that a notice holds as a fact (ISO 8601), the same in every zone."""
    return parse_date(fact[:10])
