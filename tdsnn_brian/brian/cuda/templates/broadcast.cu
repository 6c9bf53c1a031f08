{# USES_VARIABLES { N, t_in_timesteps, _sent_spikespace } #}
{# A thread for each neuron, which asks on the card whether a spike has come. #}
{% extends 'common_group.cu' %}
{% block extra_device_helper %}
{% if delay %}
    // whether there was a spike in each of the last steps
    __device__ int _sent[{{delay + 1}}];
{% endif %}
{% endblock %}
{% block after_return_N %}
    const int _now = {{get_array_name(spikes)}}[{{spikes.size - 1}}];
    {% if delay %}
    const int64_t _step = {{t_in_timesteps}};
    if (_idx == 0) _sent[_step % {{delay + 1}}] = _now;
    // the place after this step's is the oldest
    if (_step < {{delay}} || !_sent[(_step + 1) % {{delay + 1}}]) return;
    {% else %}
    if (!_now) return;
    {% endif %}
{% endblock %}
