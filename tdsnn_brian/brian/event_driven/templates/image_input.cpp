{# USES_VARIABLES { N, t_in_timesteps, latency, _spikespace, image, onset, release, last, n_silent } #}
{% extends 'common_group.cpp' %}
{% block extra_headers %}
#include <cstdio>
#include <cstdlib>
#include <cstring>
{% endblock %}
{% block maincode %}
[&] {
    const int64_t now = {{t_in_timesteps}};
    {{_spikespace}}[N] = 0;
    {% if silentspace %}
    {{silentspace}}[N] = 0;
    {% endif %}
    const bool first = {{image}} < 0;
    if (first || ({{readout.release}}[0] != {{never}} && now >= {{onset}} + {{p.slot}}))
    {
        {% if p.streaming %}
        // a row of firing times for each image; their end is the program's
        if (first)
        {
            int64_t windows[{{windows | length}}];
            if (std::fread(windows, sizeof(int64_t), {{windows | length}}, stdin) != {{windows | length}}) std::exit(0);
            {% for window in windows %}
            {{window}}[0] = windows[{{loop.index0}}];
            {% endfor %}
        }
        if (std::fread({{latency}}, sizeof(int32_t), N, stdin) != (size_t)N) std::exit(0);
        {% else %}
        if ({{image}} + 1 >= {{p.n_images}}) return;
        std::memcpy({{latency}}, {{latencies}} + ({{image}} + 1) * (int64_t)N, N * sizeof(int32_t));
        {% endif %}
        {{image}} += 1;
        {{onset}} = now;
        {{release}} = now - 1;
        {{last}} = 0;
        for (long i = 0; i < N; i++)
            if ({{latency}}[i] > {{last}}) {{last}} = {{latency}}[i];
        {% if silentspace %}
        int32_t silent = 0;
        for (int32_t i = 0; i < N; i++)
            if ({{latency}}[i] < 0) {{silentspace}}[silent++] = i;
        {{silentspace}}[N] = {{n_silent}} = silent;
        {% endif %}
    }
    const int64_t elapsed = now - {{onset}};
    if (elapsed > {{last}}) return;
    int32_t count = 0;
    for (int32_t i = 0; i < N; i++)
        if ({{latency}}[i] == elapsed) {{_spikespace}}[count++] = i;
    {{_spikespace}}[N] = count;
}();
{% endblock %}
