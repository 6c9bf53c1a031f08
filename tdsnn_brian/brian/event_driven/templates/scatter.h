{# What a list of spikes adds to the target: C++, included by the templates of both compiled
   targets. Geometry is known at compile time, so that the inner loops unroll and vectorise. #}
template <class Real>
static void _scatter(const int32_t* spikes, const long n_spikes, const Real* __restrict__ weights,
                     const double factor, Real* __restrict__ target)
{
    for (long s = 0; s < n_spikes; s++)
    {
        const int i = spikes[s] - {{g.source_start}};
        if (i < 0 || i >= {{g.n_inputs}}) continue;
        const int channel = i % {{g.channels}}, position = i / {{g.channels}};
        const int column = position % {{g.columns}}, row = position / {{g.columns}};
        const int group = channel / {{g.group_inputs}};
        (void)group;
        for (int tap_row = 0; tap_row < {{g.tap_rows}}; tap_row++)
        {
            const int at_row = row + {{g.pad_top}} - tap_row * {{g.row_gap}};
            if (at_row < 0 || at_row % {{g.row_step}}) continue;
            const int out_row = at_row / {{g.row_step}};
            if (out_row >= {{g.out_rows}}) continue;
            const Real* w = weights + (tap_row * {{g.channels}} + channel) * {{g.tap_columns * g.group_outputs}};
            Real* line = target + {{g.target_start}} + out_row * {{g.out_columns * g.out_channels}};
{% if g.contiguous %}
            // taps are stored last column first: their targets lie side by side
            int first = column + {{g.pad_left - g.tap_columns + 1}}, last = column + {{g.pad_left}};
            if (first < 0) { w -= first * {{g.out_channels}}; first = 0; }
            if (last >= {{g.out_columns}}) last = {{g.out_columns - 1}};
            const int n = (last - first + 1) * {{g.out_channels}};
            const Real gain = (Real)factor;
            Real* __restrict__ v = line + first * {{g.out_channels}};
            if (n == {{g.tap_columns * g.out_channels}})
                for (int k = 0; k < {{g.tap_columns * g.out_channels}}; k++) v[k] += gain * w[k];
            else
                for (int k = 0; k < n; k++) v[k] += gain * w[k];
{% else %}
            for (int tap = 0; tap < {{g.tap_columns}}; tap++, w += {{g.group_outputs}})
            {
                const int at = column + {{g.pad_left}} - {{g.tap_columns - 1}} * {{g.column_gap}} + tap * {{g.column_gap}};
                if (at < 0 || at % {{g.column_step}}) continue;
                const int out_column = at / {{g.column_step}};
                if (out_column >= {{g.out_columns}}) continue;
                {% if g.shares is not none %}
                const Real gain = (Real)(factor * _shares[out_row * {{g.out_columns}} + out_column]);
                {% else %}
                const Real gain = (Real)factor;
                {% endif %}
                Real* __restrict__ v = line + out_column * {{g.out_channels}} + group * {{g.group_outputs}};
                for (int k = 0; k < {{g.group_outputs}}; k++) v[k] += gain * w[k];
            }
{% endif %}
        }
    }
}
