{# USES_VARIABLES { N, t_in_timesteps, n_arrived, latency, _spikespace, image, n_events, n_seen, n_fired } #}
{% extends 'common_group.cpp' %}
{% block extra_headers %}
#include <algorithm>
namespace {
{% include 'awake.h' %}
}
{% endblock %}
{% block maincode %}
[&] {
    const int64_t now = {{t_in_timesteps}};
    {{_spikespace}}[N] = 0;
    if ({{image}} != {{input.image}}[0])
    {
        std::fill({{n_arrived}}, {{n_arrived}} + N, 0);
        std::fill({{latency}}, {{latency}} + N, -1);
        {{image}} = {{input.image}}[0];
        {{n_events}} = {{n_seen}} = {{n_fired}} = 0;
    }
    if ({{n_events}} == {{n_seen}}) return;
    {{n_seen}} = {{n_events}};
    const int32_t tick = (now - {{previous.release}}[0] - 1 - {{p.hops}}) / {{p.steps_per_tick}};
    int32_t count = 0;
    _for_each(
        N,
        [&](long i) { return ({{n_arrived}}[i] >= {{n_inputs}}) & ({{latency}}[i] < 0); },
        [&](long i) { {{latency}}[i] = tick; {{_spikespace}}[count++] = i; });
    {{_spikespace}}[N] = count;
    {{n_fired}} += count;
}();
{% endblock %}
