{# USES_VARIABLES { } #}
{# ALLOWS_SCALAR_WRITE #}
{# Some threads of a block for each spike, one for each target at a time. The number of spikes is read on
   the card, so that nothing waits for it; what lies in a spike's window is known at compile time. #}
{% extends 'common_group.cu' %}
{% block extra_device_helper %}
{% set rows, columns, channels = window.input_shape %}
{% set out_rows, out_columns, out_channels = window.output_shape %}
{% set tap_rows, tap_columns = window.size %}
{% set row_step, column_step = window.strides %}
{% set row_gap, column_gap = window.dilation %}
{% set pad_top, pad_left = window.padding[0][0], window.padding[1][0] %}
{% set group_inputs, group_outputs = window.group_inputs, window.group_outputs %}
    typedef {{real}} _Real;
{% if shares is not none %}
    __device__ const double _shares[] = { {{ shares | join(', ') }} };
{% endif %}
{% if seats is not none %}
    // where each neuron stands before the window: _seats[_first[i]] up to _seats[_first[i + 1]]
    __device__ const int32_t _first[] = { {{ seats[0] | join(', ') }} };
    __device__ const int32_t _seats[] = { {{ seats[1] | join(', ') }}{{ 0 if not seats[1] | length }} };
{% endif %}

    // the targets that thread `lane` has of the spike at place `i` before the window
    __device__ void _scatter(const int i, const int lane, const _Real* __restrict__ weights,
                             const double factor, {{ 'const char* listening, ' if listening is not none }}_Real* target)
    {
        const int channel = i % {{channels}}, position = i / {{channels}};
        const int column = position % {{columns}}, row = position / {{columns}};
        for (int t = lane; t < {{tap_rows * tap_columns * group_outputs}}; t += {{lanes * parts}})
        {
            const int k = t % {{group_outputs}}, tap = t / {{group_outputs}} % {{tap_columns}};
            const int tap_row = t / {{group_outputs * tap_columns}};
            const int at_row = row + {{pad_top}} - tap_row * {{row_gap}};
            const int at = column + {{pad_left}} - ({{tap_columns - 1}} - tap) * {{column_gap}};
            if (at_row < 0 || at_row % {{row_step}} || at < 0 || at % {{column_step}}) continue;
            const int out_row = at_row / {{row_step}}, out_column = at / {{column_step}};
            if (out_row >= {{out_rows}} || out_column >= {{out_columns}}) continue;
            const int out = out_row * {{out_columns}} + out_column;
            const int to = out * {{out_channels}} + channel / {{group_inputs}} * {{group_outputs}} + k;
            {% if listening is not none %}
            if (!listening[to]) continue;
            {% endif %}
            const _Real gain = factor{{ ' * _shares[out]' if shares is not none }};
            atomicAdd(target + to, gain * weights[((long)(tap_row * {{stored_channels}} + channel{{ ' %% %d' % stored_channels if stored_channels < channels }}) * {{tap_columns}} + tap) * {{group_outputs}} + k]);
        }
    }
{% endblock %}
{% block kernel %}
__global__ void _run_kernel_{{codeobj_name}}(
    const {{real}}* __restrict__ _weights,
    ///// KERNEL_PARAMETERS /////
    %KERNEL_PARAMETERS%
    )
{
    using namespace brian;

    ///// KERNEL_CONSTANTS /////
    %KERNEL_CONSTANTS%

    ///// kernel_lines /////
    {{kernel_lines|autoindent}}

    const int32_t* _spikes = {{get_array_name(spikes)}};
    const int _n_spikes = _spikes[{{spikes.size - 1}}];
    const int _lane = threadIdx.x % {{lanes}}{{ ' + %d * blockIdx.y' % lanes if parts > 1 }};
    if (_n_spikes == 0) return;
    const int _vectorisation_idx = -1;
    ///// scalar_code /////
    {{scalar_code|autoindent}}
    for (int _s = blockIdx.x * {{spikes_a_block}} + threadIdx.x / {{lanes}}; _s < _n_spikes; _s += gridDim.x * {{spikes_a_block}})
    {
        const int _neuron = _spikes[_s] - {{source_start}};
        {% if not whole %}
        if (_neuron < 0 || _neuron >= {{n_inputs}}) continue;
        {% endif %}
        {% if counter is not none %}
        if (_lane == 0) atomicAdd({{get_array_name(counter)}}, 1);
        {% endif %}
        {% if seats is not none %}
        for (int _k = _first[_neuron]; _k < _first[_neuron + 1]; _k++)
        {% endif %}
        _scatter({{ '_seats[_k]' if seats is not none else '_neuron' }}, _lane, _weights, _factor,
                 {% if listening is not none %}{{get_array_name(listening)}} + {{target_start}}, {% endif %}{{get_array_name(target)}} + {{target_start}});
    }
}
{% endblock %}
{% block define_N %}
{% endblock %}
{% block prepare_kernel %}
{% endblock %}
{% block kernel_call %}
    _run_kernel_{{codeobj_name}}<<<{{ 'dim3(%d, %d)' % (blocks, parts) if parts > 1 else blocks }}, {{lanes * spikes_a_block}}>>>(
        dev{{weights}},
        ///// HOST_PARAMETERS /////
        %HOST_PARAMETERS%
    );
    CUDA_CHECK_ERROR("_run_kernel_{{codeobj_name}}");
{% endblock %}
