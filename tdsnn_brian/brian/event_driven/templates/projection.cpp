{# USES_VARIABLES { } #}
{# ALLOWS_SCALAR_WRITE #}
{% extends 'common_group.cpp' %}
{% block extra_headers %}
#include <algorithm>
#include <vector>
namespace {
{% include 'scatter.h' %}
}
{% if waiting %}
{% include 'waiting.h' %}
extern "C" void {{waiting}}()
{
    static const _Real* weights = (const _Real*)_mapped("static_arrays/{{weights}}", {{n_weights}} * sizeof(_Real));
    _add_waiting(_waiting_spikes(), weights, brian::{{global_target}});
}
{% endif %}
{% if listing %}
extern "C" std::vector<int32_t>& {{listing}}() { return _targets; }
{% endif %}
{% endblock %}
{% block maincode %}
    const int32_t* _spikes = {{get_array_name(spikes)}};
    const long _n_spikes = _spikes[{{spikes.size - 1}}];
    if (_n_spikes > 0)
    {
        const int _vectorisation_idx = -1;
        {{scalar_code|autoindent}}
        {% if waiting %}
        _let_wait(_spikes, _n_spikes, _factor);
        {% elif listening is not none %}
        _scatter_to({{get_array_name(listening)}}, _spikes, _n_spikes, {{weights}}, _factor, {{get_array_name(target)}});
        {% else %}
        _scatter(_spikes, _n_spikes, {{weights}}, _factor, {{get_array_name(target)}});
        {% endif %}
        {% if counter is not none %}
        {{get_array_name(counter)}}[0] += _count(_spikes, _n_spikes);
        {% endif %}
    }
{% endblock %}
