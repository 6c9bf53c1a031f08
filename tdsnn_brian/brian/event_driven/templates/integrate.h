{# Of a layer that integrates: its time origin, and the spike of its bias neuron. #}
    if ({{origin}} == {{never}})
    {
        if ({{previous.release}}[0] == {{never}}) return;
        {{origin}} = {{previous.release}}[0] + 1 + {{p.hops}};
    }
    {% if bias is not none %}
    if (now == {{origin}} + {{p.bias_steps}} + 1)
    {
        for (long i = 0; i < N; i++) {{u}}[i] += {{bias}}[{{bias_index}}];
        {{n_arrived}} += 1;
    }
    {% endif %}
