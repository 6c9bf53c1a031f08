{# Integrator._missing and Integrator._is_over in C++ #}
        const int64_t missing = {{p.n_presynaptic}} - {{n_arrived}}{% for source in sources %} - {{source.n_silent}}[0]{% endfor %};
        const bool fixed = {{window_steps}} >= 0;
        const bool over = now > {{origin}} + (fixed ? {{window_steps}} : 0) && (fixed || missing <= 0);
