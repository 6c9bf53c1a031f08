{# USES_VARIABLES { N, t_in_timesteps, latency, _spikespace, image, onset, release, last, n_silent, most_steps } #}
{% extends 'common_group.cpp' %}
{% block extra_headers %}
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <vector>
{% if p.streaming %}
{% include 'parent.h' %}
// spikes that are added together: one list for all projections, which take turns with it
extern "C" std::vector<int32_t>& _waiting_spikes()
{
    static std::vector<int32_t> spikes;
    return spikes;
}
{% endif %}
{% endblock %}
{% block maincode %}
[&] {
    const int64_t now = {{t_in_timesteps}};
    {{_spikespace}}[N] = 0;
    {% if p.silent_zeros %}
    {{own._silentspace}}[N] = 0;
    {% endif %}
    if ({{image}} < 0 || ({{readout.release}}[0] != {{p.never}} && now >= {{onset}} + {{p.slot}}))
    {
        {% if p.streaming %}
        if ({{image}} < 0)
        {
            // before the first image: the most steps one may take, and each window
            _read(&{{most_steps}}, sizeof(int64_t));
            {% for group in integrators %}
            _read({{group.window_steps}}, sizeof(int64_t));
            {% endfor %}
        }
        _read({{latency}}, N * sizeof(int32_t));
        {% else %}
        if ({{image}} + 1 >= {{p.n_images}}) return;
        std::memcpy({{latency}}, {{latencies}} + ({{image}} + 1) * (int64_t)N, N * sizeof(int32_t));
        {% endif %}
        {{image}} += 1;
        {{onset}} = now;
        {{release}} = now - 1;
        {{last}} = {{p.waiting}};
        for (long i = 0; i < N; i++)
            if ({{latency}}[i] > {{last}}) {{last}} = {{latency}}[i];
        {% if p.silent_zeros %}
        int32_t silent = 0;
        for (int32_t i = 0; i < N; i++)
            if ({{latency}}[i] == {{p.waiting}}) {{own._silentspace}}[silent++] = i;
        {{own._silentspace}}[N] = {{n_silent}} = silent;
        {% endif %}
    }
    const int64_t elapsed = now - {{onset}};
    {% if p.streaming %}
    _watch(elapsed, {{most_steps}});
    {% endif %}
    if (elapsed > {{last}}) return;
    int32_t count = 0;
    for (int32_t i = 0; i < N; i++)
        if ({{latency}}[i] == elapsed) {{_spikespace}}[count++] = i;
    {{_spikespace}}[N] = count;
}();
{% endblock %}
