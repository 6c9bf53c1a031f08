{# Integrator._add_bias in C++ #}
    {% if p.has_bias %}
    if (now == {{origin}} + {{p.bias_steps}})
    {
        for (long i = 0; i < N; i += {{n_biases}})
            for (long k = 0; k < {{n_biases}}; k++) {{u}}[i + k] += {{bias}}[k];
        {{n_arrived}} += 1;
    }
    {% endif %}
