{# USES_VARIABLES { N, t_in_timesteps, u, latency, _spikespace, image, origin, release, drive, n_arrived, n_fired, n_silent, n_ticks, n_missing, window_steps } #}
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
        std::fill({{u}}, {{u}} + N, 0);
        std::fill({{latency}}, {{latency}} + N, -1);
        {{image}} = {{input.image}}[0];
        {{origin}} = {{release}} = {{never}};
        {{drive}} = 0;
        {{n_arrived}} = {{n_fired}} = {{n_silent}} = {{n_ticks}} = 0;
    }
    if ({{n_fired}} + {{n_silent}} == N) return;
    {% include 'integrate.h' %}
    if ({{release}} == {{never}})
    {
        const int64_t missing = {{p.n_presynaptic}} - {{n_arrived}} - {{source.n_silent}}[0];
        if (now > {{origin}} + ({{window_steps}} > 0 ? {{window_steps}} : 0) && ({{window_steps}} >= 0 || missing <= 0))
        {
            {{release}} = now;
            {{n_missing}} = missing;
        }
        return;
    }
    const int64_t elapsed = now - {{release}} - 1;
    if (elapsed % {{p.steps_per_tick}}) return;
    const int32_t tick = elapsed / {{p.steps_per_tick}};
    const double weight = {{p.leak_factor}} * std::exp((double)tick / {{p.leak}});
    if (tick > 0)
    {
        {{drive}} += weight;
        {{n_ticks}} = tick;
    }
    {% if p.v_threshold %}
    const double window = (double)({{release}} - 1 - {{origin}}) / {{p.steps_per_tick}};
    const double threshold = {{p.v_threshold}} * std::exp((window + tick) / {{p.leak}});
    {% else %}
    const double threshold = 0;
    {% endif %}
    const {{c_data_type(real)}} limit = threshold - ({{drive}} + {{p.tie}} * weight);
    int32_t count = 0;
    {% if silentspace %}
    if (tick == 0)
    {
        _for_each(
            N,
            [&](long i) { return {{u}}[i] >= limit; },
            [&](long i) { {{latency}}[i] = {{judged}}; {{silentspace}}[count++] = i; });
        {{silentspace}}[N] = {{n_silent}} = count;
        return;
    }
    {% endif %}
    _for_each(
        N,
        [&](long i) { return ({{u}}[i] >= limit) & ({{latency}}[i] == {{waiting}}); },
        [&](long i) { {{latency}}[i] = tick; {{_spikespace}}[count++] = i; });
    {{_spikespace}}[N] = count;
    {{n_fired}} += count;
}();
{% endblock %}
