{# USES_VARIABLES { N, t_in_timesteps, n_arrived, latency, _spikespace, image, n_events, n_seen, n_fired, n_silent } #}
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
    {% if silentspace %}
    {{silentspace}}[N] = 0;
    {% endif %}
    if ({{image}} != {{input.image}}[0])
    {
        std::fill({{n_arrived}}, {{n_arrived}} + N, 0);
        {% if silentspace %}
        std::fill({{quiet}}, {{quiet}} + N, 0);
        {% endif %}
        std::fill({{latency}}, {{latency}} + N, -1);
        {{image}} = {{input.image}}[0];
        {{n_events}} = {{n_seen}} = {{n_fired}} = {{n_silent}} = 0;
    }
    if ({{n_events}} == {{n_seen}}) return;
    {{n_seen}} = {{n_events}};
    const int32_t tick = (now - {{previous.release}}[0] - 1 - {{p.hops}}) / {{p.steps_per_tick}};
    int32_t count = 0;
    {% if silentspace %}
    int32_t silent = 0;
    _for_each(
        N,
        [&](long i) { return ({{n_arrived}}[i] + {{quiet}}[i] >= {{n_inputs}}) & ({{latency}}[i] == {{waiting}}); },
        [&](long i) {
            if ({{n_arrived}}[i] > 0) { {{latency}}[i] = tick; {{_spikespace}}[count++] = i; }
            else { {{latency}}[i] = {{judged}}; {{silentspace}}[silent++] = i; }
        });
    {{silentspace}}[N] = silent;
    {{n_silent}} += silent;
    {% else %}
    _for_each(
        N,
        [&](long i) { return ({{n_arrived}}[i] >= {{n_inputs}}) & ({{latency}}[i] == {{waiting}}); },
        [&](long i) { {{latency}}[i] = tick; {{_spikespace}}[count++] = i; });
    {% endif %}
    {{_spikespace}}[N] = count;
    {{n_fired}} += count;
}();
{% endblock %}
