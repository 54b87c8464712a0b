"""How a group calls somebody, for templates."""

from django import template

register = template.Library()


@register.filter
def name_in(user, group):
    """The name under which the group shows the person: `{{ comment.author|name_in:group }}`, always inside `<bdi>`."""
    return group.name_of(user)
