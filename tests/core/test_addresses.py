"""`{% url %}` remembers addresses and says what Django's own says."""

from __future__ import annotations

import pytest
from django.template import Context, RequestContext, Template
from django.test import RequestFactory, override_settings
from django.urls import NoReverseMatch, path, set_script_prefix

from guichet.core.templatetags.addresses import Address


def nothing() -> None: ...


urlpatterns = [path("ailleurs/<code>/", nothing, name="place"), path("n/<n>/", nothing, name="number")]


def shown(text: str, **values: object) -> str:
    return Template(text).render(RequestContext(RequestFactory().get("/"), values))


def test_the_tag_of_templates_is_this_one() -> None:
    assert isinstance(Template("{% url 'portal:home' %}").nodelist[0], Address)


def test_the_same_address_again_and_another_one() -> None:
    text = "{% url 'desk:case' reference=reference %}"
    assert shown(text, reference="1535986") == shown(text, reference="1535986") == "/bureau/demandes/1535986/"
    assert shown(text, reference="1535994") == "/bureau/demandes/1535994/"
    assert shown("{% url 'desk:setting_list' 'equipes' %}") == "/bureau/reglages/equipes/"


def test_equal_values_of_two_kinds_are_two_addresses() -> None:
    with override_settings(ROOT_URLCONF=__name__):
        assert [shown("{% url 'number' n %}", n=n) for n in (1, True, 1.0)] == ["/n/1/", "/n/True/", "/n/1.0/"]


def test_without_a_request_and_kept_in_a_name() -> None:
    assert Template("{% url 'portal:home' as home %}[{{ home }}]").render(Context()) == "[/]"
    assert Template("{% url 'nowhere' as gone %}[{{ gone }}]").render(Context()) == "[]"


def test_an_unknown_name_is_a_fault() -> None:
    for _ in range(2):
        with pytest.raises(NoReverseMatch):
            shown("{% url 'nowhere' %}")


def test_what_is_in_an_address_is_escaped() -> None:
    with override_settings(ROOT_URLCONF=__name__):
        assert shown("{% url 'place' code %}", code='a&b"') == "/ailleurs/a&amp;b%22/"


def test_the_prefix_of_the_server_counts() -> None:
    assert shown("{% url 'portal:contact' %}") == "/contact/"
    set_script_prefix("/guichet/")
    try:
        assert shown("{% url 'portal:contact' %}") == "/guichet/contact/"
    finally:
        set_script_prefix("/")
