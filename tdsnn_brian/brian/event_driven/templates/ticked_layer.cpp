{# USES_VARIABLES { N, t_in_timesteps, u, latency, _spikespace, image, origin, release, drive, n_arrived, n_fired, n_silent, n_ticks, n_missing, window_steps, leaked } #}
{% extends 'common_group.cpp' %}
{% block extra_headers %}
#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <vector>
namespace {
{% include 'limit.h' %}
{% include 'find_ticks.h' if p.closed else 'for_each.h' %}
}
{% for projection in incoming %}
extern "C" void {{projection}}();
{% endfor %}
{% endblock %}
{% block maincode %}
[&] {
    const int64_t now = {{t_in_timesteps}};
    {{leaked}} = now;
    {{_spikespace}}[N] = 0;
    {% if p.silent_zeros %}
    {{own._silentspace}}[N] = 0;
    {% endif %}
    if ({{image}} != {{input.image}}[0])
    {
        {% include 'add_waiting.h' %}
        {{image}} = {{input.image}}[0];
        std::fill({{u}}, {{u}} + N, 0);
        std::fill({{latency}}, {{latency}} + N, {{p.waiting}});
        {{origin}} = {{release}} = {{p.never}};
        {{drive}} = 0;
        {{n_arrived}} = {{n_fired}} = {{n_silent}} = {{n_ticks}} = 0;
        {% if p.waits %}
        {{own.latest}}[0] = {{p.bias_steps if p.has_bias else 0}};
        {% endif %}
    }
    {% if p.waits %}
    {% for release, hops in releases %}
    if ({{watched[loop.index0]}} > 0)
        {{own.latest}}[0] = std::max<int64_t>({{own.latest}}[0], now - ({{release}} + {{hops}}));
    {% endfor %}
    {% endif %}
    if ({{n_fired}} + {{n_silent}} == N) return;
    {% include 'find_origin.h' %}
    if ({{release}} == {{p.never}})
    {
        {% include 'is_over.h' %}
        if (over{% if p.waits %} && now > {{origin}} + {{own.latest}}[0]{% endif %})
        {
            {{release}} = now;
            {% include 'add_waiting.h' %}
            {{n_missing}} = missing;
            {{drive}} = {{thresholds}}[0];
            {% if p.closed %}
            _find_ticks(N, {{release}} - 1 - {{origin}}, {{thresholds}}, {{u}}, {{latency}}, {{_spikespace}});
            {% endif %}
        }
    }
    else if ((now - {{release}} - 1) % {{p.steps_per_tick}} == 0)
    {
        const int32_t tick = {{n_ticks}};
        int32_t* reached = {{_spikespace}};
        {% if p.silent_zeros %}
        if (tick == 0) reached = {{own._silentspace}};
        {% endif %}
        int32_t count = 0;
        {% if p.closed %}
        if (tick + 1 < (int64_t)_begins.size()) // else some are never reached
        {
            count = _begins[tick + 1] - _begins[tick];
            std::memmove(reached, {{_spikespace}} + _begins[tick], count * sizeof(int32_t));
        }
        {% else %}
        const {{c_data_type(real)}} limit = _limit({{release}} - 1 - {{origin}}, tick, {{drive}});
        const int32_t found = {{'tick > 0 ? tick : %d' % p.judged if p.silent_zeros else 'tick'}};
        _for_each(
            N,
            [&](long i) { return ({{u}}[i] >= limit) & ({{latency}}[i] == {{p.waiting}}); },
            [&](long i) { {{latency}}[i] = found; reached[count++] = i; });
        {% endif %}
        reached[N] = count;
        {% if p.silent_zeros %}
        if (tick == 0) {{n_silent}} = count;
        else
        {% endif %}
        {{n_fired}} += count;
    }
    {% include 'add_bias.h' %}
    const int64_t elapsed = now - {{release}};
    const bool released = {{release}} != {{p.never}} && elapsed > 0;
    if (released && elapsed % {{p.steps_per_tick}} == 0 && {{n_fired}} + {{n_silent}} < N)
    {
        {{n_ticks}} += 1;
        {{drive}} = {{thresholds}}[std::min<int64_t>({{n_ticks}}, {{p.last_tick}})];
    }
}();
{% endblock %}
