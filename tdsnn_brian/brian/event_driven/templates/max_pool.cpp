{# USES_VARIABLES { N, t_in_timesteps, n_arrived, latency, _spikespace, image, n_events, n_seen, n_fired, n_silent } #}
{% extends 'common_group.cpp' %}
{% block extra_headers %}
#include <algorithm>
#include <vector>
{% for projection in incoming %}
extern "C" std::vector<int32_t>& {{projection}}();
{% endfor %}
namespace {
{% include 'for_each.h' %}
}
{% endblock %}
{% block maincode %}
[&] {
    const int64_t now = {{t_in_timesteps}};
    {{_spikespace}}[N] = 0;
    {% if p.silent_zeros %}
    {{own._silentspace}}[N] = 0;
    {% endif %}
    if ({{image}} != {{input.image}}[0])
    {
        {{image}} = {{input.image}}[0];
        std::fill({{n_arrived}}, {{n_arrived}} + N, 0);
        {% if p.silent_zeros %}
        std::fill({{own.n_quiet}}, {{own.n_quiet}} + N, 0);
        {% endif %}
        std::fill({{latency}}, {{latency}} + N, {{p.waiting}});
        {{n_fired}} = {{n_silent}} = {{n_events}} = {{n_seen}} = 0;
    }
    if ({{n_events}} == {{n_seen}}) return;
    const bool first = {{n_seen}} == 0;
    {{n_seen}} = {{n_events}};
    const int32_t tick = (now - {{driver.release}}[0] - 1 - {{p.hops}}) / {{p.steps_per_tick}};
    int32_t count = 0;
    {% if p.silent_zeros %}
    int32_t silent = 0;
    const auto is_complete = [&](long i) { return ({{n_arrived}}[i] + {{own.n_quiet}}[i] >= {{n_awaited}}) & ({{latency}}[i] == {{p.waiting}}); };
    const auto complete = [&](long i) {
        if ({{n_arrived}}[i] > 0) { {{latency}}[i] = tick; {{_spikespace}}[count++] = i; }
        else { {{latency}}[i] = {{p.judged}}; {{own._silentspace}}[silent++] = i; }
    };
    {% else %}
    const auto is_complete = [&](long i) { return ({{n_arrived}}[i] >= {{n_awaited}}) & ({{latency}}[i] == {{p.waiting}}); };
    const auto complete = [&](long i) { {{latency}}[i] = tick; {{_spikespace}}[count++] = i; };
    {% endif %}
    if (first || {{'false' if incoming else 'true'}}) _for_each(N, is_complete, complete); // some await nothing
    {% for projection in incoming %}
    if (!first)
        for (const int32_t i : {{projection}}())
            if (is_complete(i)) complete(i);
    {{projection}}().clear();
    {% endfor %}
    {% if p.silent_zeros %}
    {{own._silentspace}}[N] = silent;
    {{n_silent}} += silent;
    {% endif %}
    {{_spikespace}}[N] = count;
    {{n_fired}} += count;
}();
{% endblock %}
