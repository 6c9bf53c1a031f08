{# USES_VARIABLES { N, t_in_timesteps, u, image, origin, release, n_arrived, n_missing, window_steps } #}
{% extends 'common_group.cpp' %}
{% block extra_headers %}
#include <algorithm>
#include <cstdio>
#include <cstdlib>
{% endblock %}
{% block maincode %}
[&] {
    const int64_t now = {{t_in_timesteps}};
    if ({{image}} != {{input.image}}[0])
    {
        std::fill({{u}}, {{u}} + N, 0);
        {{image}} = {{input.image}}[0];
        {{origin}} = {{release}} = {{never}};
        {{n_arrived}} = 0;
    }
    if ({{release}} != {{never}}) return;
    {% include 'integrate.h' %}
    const int64_t missing = {{p.n_presynaptic}} - {{n_arrived}} - {{source.n_silent}}[0];
    if (now <= {{origin}} + ({{window_steps}} > 0 ? {{window_steps}} : 0) || ({{window_steps}} < 0 && missing > 0)) return;
    {% for group in awaited %}
    if ({{group.n_fired}}[0] + {{group.n_silent}}[0] < {{group.n}}) return;
    {% endfor %}
    {{release}} = now;
    {{n_missing}} = missing;

    // the image is done: write down what is asked for
    {% if p.streaming %}
    FILE* out = stdout;
    {% else %}
    static FILE* out = std::fopen((results_dir + "{{p.file}}").c_str(), "wb");
    {% endif %}
    size_t failed = !out;
    {% for array, size in recorded %}
    failed += std::fwrite({{array}}, sizeof(*{{array}}), {{size}}, out) != {{size}};
    {% endfor %}
    if (failed || std::fflush(out)) { std::perror("results cannot be written"); std::exit(1); }
}();
{% endblock %}
