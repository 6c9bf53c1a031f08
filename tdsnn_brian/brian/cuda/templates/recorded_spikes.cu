{# USES_VARIABLES { N, t_in_timesteps, _kept_spikespace, _fired, _before } #}
{# WRITES_TO_READ_ONLY_VARIABLES { _fired, _before } #}
{# Where a step's spikes begin is known from the step before, so that the host is asked nothing. #}
{% extends 'common_group.cu' %}
{% block kernel %}
__global__ void _run_kernel_{{codeobj_name}}(
    ///// KERNEL_PARAMETERS /////
    %KERNEL_PARAMETERS%
    )
{
    using namespace brian;

    ///// KERNEL_CONSTANTS /////
    %KERNEL_CONSTANTS%

    ///// kernel_lines /////
    {{kernel_lines|autoindent}}

    const int32_t* _events = {{get_array_name(spikes)}};
    const int _n_events = _events[{{spikes.size - 1}}];
    const int64_t _step = {{t_in_timesteps}};
    if (_step >= {{n_steps}}) return;
    const int _at = {{get_array_name(before)}}[_step];
    const int _first = blockIdx.x * blockDim.x + threadIdx.x;
    if (_first == 0) {{get_array_name(before)}}[_step + 1] = _at + _n_events;
    for (int _k = _first; _k < _n_events && _at + _k < {{most}}; _k += gridDim.x * blockDim.x)
        {{get_array_name(fired)}}[_at + _k] = _events[_k];
}
{% endblock %}
{% block define_N %}
{% endblock %}
{% block prepare_kernel %}
{% endblock %}
{% block kernel_call %}
    _run_kernel_{{codeobj_name}}<<<{{blocks}}, {{block}}>>>(
        ///// HOST_PARAMETERS /////
        %HOST_PARAMETERS%
    );
    CUDA_CHECK_ERROR("_run_kernel_{{codeobj_name}}");
{% endblock %}
