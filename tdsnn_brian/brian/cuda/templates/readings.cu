{# USES_VARIABLES { N, t_in_timesteps, _read, _readings } #}
{# WRITES_TO_READ_ONLY_VARIABLES { _readings } #}
{% extends 'common_group.cu' %}
{% block kernel_maincode %}
    const int64_t _place = {{t_in_timesteps}};
    if (_place < {{n_readings}}) {{get_array_name(readings)}}[_place * _N + _idx] = {{get_array_name(read)}}[_idx];
{% endblock %}
