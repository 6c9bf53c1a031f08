{# What a list of spikes adds to the target: C++, included by the templates of both compiled
   targets; scatter.py is the same in numpy. The window is known at compile time, so that the inner
   loops unroll and vectorise. #}
{% set columns, channels = window.input_shape[1:] %}
{% set out_rows, out_columns, out_channels = window.output_shape %}
{% set tap_rows, tap_columns = window.size %}
{% set row_step, column_step = window.strides %}
{% set row_gap, column_gap = window.dilation %}
{% set pad_top, pad_left = window.padding[0][0], window.padding[1][0] %}
{% set group_inputs, group_outputs = window.group_inputs, window.group_outputs %}
{% if shares is not none %}
static const double _shares[] = { {{ shares | join(', ') }} };
{% endif %}

template <class Real>
static void _scatter(const int32_t* spikes, const long n_spikes, const Real* __restrict__ weights,
                     const double factor, Real* __restrict__ target)
{
    for (long s = 0; s < n_spikes; s++)
    {
        const int i = spikes[s] - {{source_start}};
        if (i < 0 || i >= {{window.n_inputs}}) continue;
        const int channel = i % {{channels}}, position = i / {{channels}};
        const int column = position % {{columns}}, row = position / {{columns}};
        const int group = channel / {{group_inputs}};
        (void)group;
        for (int tap_row = 0; tap_row < {{tap_rows}}; tap_row++)
        {
            const int at_row = row + {{pad_top}} - tap_row * {{row_gap}};
            if (at_row < 0 || at_row % {{row_step}}) continue;
            const int out_row = at_row / {{row_step}};
            if (out_row >= {{out_rows}}) continue;
            const Real* w = weights + (long)(tap_row * {{channels}} + channel) * {{tap_columns * group_outputs}};
            Real* line = target + {{target_start}} + out_row * {{out_columns * out_channels}};
{% if contiguous %}
            // taps are stored last column first: their targets lie side by side
            int first = column + {{pad_left - tap_columns + 1}}, last = column + {{pad_left}};
            if (first < 0) { w -= first * {{out_channels}}; first = 0; }
            if (last >= {{out_columns}}) last = {{out_columns - 1}};
            const int n = (last - first + 1) * {{out_channels}};
            const Real gain = (Real)factor;
            Real* __restrict__ v = line + first * {{out_channels}};
            if (n == {{tap_columns * out_channels}})
                for (int k = 0; k < {{tap_columns * out_channels}}; k++) v[k] += gain * w[k];
            else
                for (int k = 0; k < n; k++) v[k] += gain * w[k];
{% else %}
            for (int tap = 0; tap < {{tap_columns}}; tap++, w += {{group_outputs}})
            {
                const int at = column + {{pad_left}} - {{tap_columns - 1}} * {{column_gap}} + tap * {{column_gap}};
                if (at < 0 || at % {{column_step}}) continue;
                const int out_column = at / {{column_step}};
                if (out_column >= {{out_columns}}) continue;
                {% if shares is not none %}
                const Real gain = (Real)(factor * _shares[out_row * {{out_columns}} + out_column]);
                {% else %}
                const Real gain = (Real)factor;
                {% endif %}
                Real* __restrict__ v = line + out_column * {{out_channels}} + group * {{group_outputs}};
                for (int k = 0; k < {{group_outputs}}; k++) v[k] += gain * w[k];
            }
{% endif %}
        }
    }
}

// how many of the spikes are those of the source, which may be a part of a group
static inline long _count(const int32_t* spikes, const long n_spikes)
{
    {% if whole %}
    return n_spikes;
    {% else %}
    long n = 0;
    for (long s = 0; s < n_spikes; s++)
        n += spikes[s] >= {{source_start}} && spikes[s] < {{source_start + window.n_inputs}};
    return n;
    {% endif %}
}
{% if listening is not none %}

// the same, but neurons that do not listen, as they are refractory, take nothing
template <class Real>
static void _scatter_to(const char* listening, const int32_t* spikes, const long n_spikes,
                        const Real* __restrict__ weights, const double factor, Real* __restrict__ target)
{
    Real* values = target + {{target_start}};
    const std::vector<Real> before(values, values + {{window.n_outputs}});
    _scatter(spikes, n_spikes, weights, factor, target);
    for (long k = 0; k < {{window.n_outputs}}; k++)
        if (!listening[{{target_start}} + k]) values[k] = before[k];
}
{% endif %}
