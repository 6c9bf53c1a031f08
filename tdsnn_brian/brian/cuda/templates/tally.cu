{# USES_VARIABLES { N, _counted_spikespace } #}
{# ALLOWS_SCALAR_WRITE #}
{% extends 'common_group.cu' %}
{% block kernel_maincode %}
    {{get_array_name(target)}}[_idx] += {{get_array_name(spikes)}}[{{spikes.size - 1}}];
{% endblock %}
