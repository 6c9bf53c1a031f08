{# USES_VARIABLES { } #}
{# ALLOWS_SCALAR_WRITE #}
{% extends 'common_group.cpp' %}
{% block extra_headers %}
namespace {
{% if g.shares is not none %}
const double _shares[] = { {{ g.shares | join(', ') }} };
{% endif %}
{% include 'scatter.h' %}
}
{% endblock %}
{% block maincode %}
    const long _n_spikes = {{get_array_name(spikes)}}[{{spikes.size - 1}}];
    if (_n_spikes > 0)
    {
        const int _vectorisation_idx = -1;
        {{scalar_code|autoindent}}
        _scatter({{get_array_name(spikes)}}, _n_spikes, {{weights}}, _factor, {{get_array_name(target)}});
        {% if counter is not none %}
        {{get_array_name(counter)}}[0] += _n_spikes;
        {% endif %}
    }
{% endblock %}
