{# USES_VARIABLES { N, t_in_timesteps, u, image, origin, release, n_arrived, n_fired, n_missing, window_steps, leaked } #}
{% extends 'common_group.cpp' %}
{% block extra_headers %}
#include <algorithm>
#include <cstdio>
#include <cstdlib>
{% for projection in incoming %}
extern "C" void {{projection}}();
{% endfor %}
{% endblock %}
{% block maincode %}
[&] {
    const int64_t now = {{t_in_timesteps}};
    {{leaked}} = now;
    if ({{image}} != {{input.image}}[0])
    {
        {% include 'add_waiting.h' %}
        {{image}} = {{input.image}}[0];
        std::fill({{u}}, {{u}} + N, 0);
        {{origin}} = {{release}} = {{p.never}};
        {{n_arrived}} = {{n_fired}} = 0;
    }
    if ({{release}} != {{p.never}}) return;
    {% include 'find_origin.h' %}
    {% include 'is_over.h' %}
    const bool busy = false{% for group, n in awaited %} || {{group.n_fired}}[0] + {{group.n_silent}}[0] < {{n}}{% endfor %};
    if (over && !busy)
    {
        {{release}} = now;
        {% include 'add_waiting.h' %}
        {{n_missing}} = missing;
        {{n_fired}} = N;
        {% if written %}
        {% include 'write.h' %}
        {% endif %}
    }
    {% include 'add_bias.h' %}
}();
{% endblock %}
