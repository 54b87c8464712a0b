"""Templates whose constant parts are rendered once for each language.

Much of a page says the same in every request: words to translate, the names of scripts, the way to the inbox. Django
looks all of it up anew each time, at 10 to 40 microseconds a tag. Here neighbours that nothing can change but the
language become one node as a template is read, and that renders itself once. Templates are written as before.

An address that names something, `{% url "group" group.slug %}`, is kept as well: it follows from its words alone.
"""

from functools import lru_cache

from django.template.base import Node, NodeList, TextNode, TokenType, Variable
from django.template.defaulttags import IfNode, URLNode
from django.template.loaders import base, cached
from django.templatetags.i18n import BlockTranslateNode, TranslateNode
from django.templatetags.static import StaticNode
from django.urls import get_script_prefix, get_urlconf, reverse
from django.utils.html import conditional_escape
from django.utils.safestring import SafeString
from django.utils.translation import get_language

MOST_ADDRESSES = 5_000  # some 500 bytes each


class Reader(base.Loader):
    """Reads a template and joins what is constant in it."""

    def get_template(self, template_name, skip=None):
        template = super().get_template(template_name, skip)
        join(template.nodelist)
        return template


class Loader(cached.Loader, Reader):
    """Django's own that keeps templates, in the order that Django has them: each is joined before it is kept."""


class Constant(Node):
    """Neighbours that say the same whenever they are rendered in one language."""

    child_nodelists = ()

    def __init__(self, nodes):
        self.nodes, self.kept = nodes, {}
        self.token, self.origin = nodes[0].token, nodes[0].origin
        self.has_address = any(isinstance(node, URLNode) for node in nodes)

    def render(self, context):
        key = (get_language(), context.autoescape, self.has_address and site())
        if key not in self.kept:
            self.kept[key] = SafeString("".join([node.render_annotated(context) for node in self.nodes]))
        return self.kept[key]


class Address(Node):
    """`{% url %}` with what it names. No addresses here depend on which of several instances of an app is asked."""

    child_nodelists = ()

    def __init__(self, node):
        self.node, self.token, self.origin = node, node.token, node.origin

    def render(self, context):
        args = tuple([str(arg.resolve(context)) for arg in self.node.args])
        kwargs = tuple([(name, str(arg.resolve(context))) for name, arg in self.node.kwargs.items()])
        return address(site(), self.node.view_name.resolve(context), args, kwargs, context.autoescape)


def site():
    """What addresses depend on besides what they name."""
    return get_urlconf(), get_script_prefix()


@lru_cache(maxsize=MOST_ADDRESSES)
def address(_site, name, args, kwargs, autoescape):
    found = reverse(name, args=args, kwargs=dict(kwargs))
    return conditional_escape(found) if autoescape else found


def join(nodes) -> None:
    """Put one node where neighbours are constant, in these nodes and in all that stand in them."""
    joined, run = [], []
    for node in [*nodes, None]:
        if node is not None and is_constant(node):
            run.append(node)
            continue
        joined += [Constant(run)] if any(not isinstance(each, TextNode) for each in run) else run
        run = []
        if node is not None:
            for inside in lists_in(node):
                join(inside)
            joined.append(Address(node) if isinstance(node, URLNode) and node.asvar is None else node)
    nodes[:] = joined


def lists_in(node):
    """The lists of nodes that stand in this one."""
    if isinstance(node, IfNode):
        return [inside for _condition, inside in node.conditions_nodelists]
    lists = [getattr(node, name, None) for name in node.child_nodelists]
    return [inside for inside in lists if isinstance(inside, NodeList)]


def is_constant(node) -> bool:
    """Whether it says the same whenever it is rendered in one language, and leaves nothing in the context."""
    kind = type(node)
    if kind is TextNode:
        return True
    if kind is StaticNode:
        return node.varname is None and is_literal(node.path)
    if kind is URLNode:
        return node.asvar is None and not node.args and not node.kwargs and is_literal(node.view_name)
    if kind is TranslateNode:
        return node.asvar is None and node.message_context is None and is_literal(node.filter_expression)
    if kind is BlockTranslateNode:
        said = not node.plural and all(token.token_type == TokenType.TEXT for token in node.singular)
        return said and not node.extra_context and node.asvar is None and node.message_context is None
    return False


def is_literal(expression) -> bool:
    """Whether it stands in the template itself, as it is said."""
    var = expression.var
    return not expression.filters and (not isinstance(var, Variable) or var.literal is not None)
