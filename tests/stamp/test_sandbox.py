"""What holds while a template is rendered."""

import pytest

from stampworld import said, wrong


@pytest.mark.parametrize(
    "text",
    [
        "{{ ''.__class__.__mro__ }}",
        "{{ ''['__class__'] }}",
        "{{ version.format }}",
        "{{ '{0.__class__}'.format(version) }}",
        "{{ version.__init__.__globals__ }}",
        "{{ range.__self__ }}",
        "{{ self }}",
        "{{ cycler }}",
        "{{ lipsum() }}",
        "{{ namespace() }}",
        "{{ [].append(1) }}",
        "{{ version | attr('__class__') }}",
        "{{ [version] | map(attribute='__class__') | list }}",
        "{{ [version] | map('attr', '__class__') | list }}",
        "{{ version | relgraph_steps }}",
        "{{ loop.cycle }}",
        "{% for x in [1] recursive %}{{ loop([1]) }}{% endfor %}",
        "{{ 2 ** 9999 }}",
        "{{ '%999999999d' % 1 }}",
        "{{ 'x' * 9999999999 }}",
        "{{ [1] * 9999999999 }}",
        "{{ ('x' * 4000000) ~ ('x' * 4000000) }}",
        "{{ ('x' * 4000000) + ('x' * 4000000) }}",
        "{{ ('x' * 4000000) | replace('x', 'xx') }}",
        "{{ ('\n' * 4000000) | indent(900) }}",
        "{{ ['x' * 4000000, 'y' * 4000000] | join }}",
        "{{ range(99999999) | list }}",
        "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}",
        "{% for a in range(9999) %}{{ 'x' * 99999 }}{% endfor %}",
        "{% set n = 1 %}{% for a in range(9) %}{{ n / 0 }}{% endfor %}",
        "{{ 9 * 10000000000000000000000000000000000000000000000000 }}",
        "{{ " + "(" * 3000 + "1" + ")" * 3000 + " }}",
        "{{ 1" + " + 1" * 5000 + " }}",
        "{% for a in [1] %}" * 40 + "{% endfor %}" * 40,
        "{{ {}['x'] }}",
        "{{ nodes }}",
        "{{ values }}",
    ],
)
def test_no_template_gets_out_or_goes_on_for_ever(text: str) -> None:
    assert wrong(text)


def test_line_ends_stay_what_they_are() -> None:
    assert said("a {{ version }}\r\nb\r\n") == "a 1.2.0\r\nb\r\n"
    assert said("a {{ version }}\nb\n\n") == "a 1.2.0\nb\n\n"
