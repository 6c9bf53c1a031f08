{# Integrator._add_bias in C++ #}
    {% if p.has_bias %}
    if (now == {{origin}} + {{p.bias_steps}})
    {
        for (long i = 0; i < N; i++) {{u}}[i] += {{bias}}[{{bias_index}}];
        {{n_arrived}} += 1;
    }
    {% endif %}
