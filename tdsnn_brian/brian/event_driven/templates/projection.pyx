{# USES_VARIABLES { } #}
{# ALLOWS_SCALAR_WRITE #}
{% extends 'common_group.pyx' %}
{% block template_support_code %}
cdef extern from *:
    """
    #include <algorithm>
    #include <stdint.h>
    #include <vector>
{% include 'scatter.h' %}
    """
    void _scatter(int32_t* spikes, long n, {{cpp_dtype(target.dtype)}}* weights, double factor, {{cpp_dtype(target.dtype)}}* target)
    long _count(int32_t* spikes, long n)
    {% if listening is not none %}
    void _scatter_to(char* listening, int32_t* spikes, long n, {{cpp_dtype(target.dtype)}}* weights, double factor, {{cpp_dtype(target.dtype)}}* target)
    {% endif %}
{% endblock %}
{% block maincode %}
    cdef _numpy.ndarray[{{cpp_dtype(target.dtype)}}, ndim=1, mode='c'] _weights
    cdef long _n_spikes = {{get_array_name(spikes)}}[{{spikes.size - 1}}]
    _vectorisation_idx = 1
    if _n_spikes > 0:
        {{scalar_code|autoindent}}
        _weights = _owner.tiled.ravel()
        {% if listening is not none %}
        _scatter_to(<char*> {{get_array_name(listening)}}, {{get_array_name(spikes)}}, _n_spikes, <{{cpp_dtype(target.dtype)}}*> _weights.data, _factor, {{get_array_name(target)}})
        {% else %}
        _scatter({{get_array_name(spikes)}}, _n_spikes, <{{cpp_dtype(target.dtype)}}*> _weights.data, _factor, {{get_array_name(target)}})
        {% endif %}
        {% if counter is not none %}
        {{get_array_name(counter)}}[0] += _count({{get_array_name(spikes)}}, _n_spikes)
        {% endif %}
{% endblock %}
