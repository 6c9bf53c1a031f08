{# Where few targets lie side by side, as in pools and depthwise layers: one spike after the other. #}
{# Where windows do not overlap, an input has one tap at most. #}
{% set apart = tap_rows <= row_step and tap_columns <= column_step and row_gap == column_gap == 1 %}
static void _scatter_sorted(const int32_t* spikes, const _Real* gains, const long n_spikes,
                            const _Real* weights, _Real* __restrict__ target)
{
    for (long s = 0; s < n_spikes; s++)
    {
        const unsigned i = spikes[s] - {{source_start}};
        const unsigned channel = i % {{channels}}, position = i / {{channels}};
        const unsigned at_row = position / {{columns}} + {{pad_top}}, at_column = position % {{columns}} + {{pad_left}};
        const auto add = [&](const unsigned tap_row, const unsigned tap, const unsigned out_row, const unsigned out_column) {
            if (out_row >= {{out_rows}} || out_column >= {{out_columns}}) return;
            const long out = out_row * {{out_columns}} + out_column;
            const _Real gain = gains[s]{{ ' * _shares[out]' if shares is not none }};
            // taps are stored last column first
            const _Real* w = weights + ((tap_row * {{channels}} + channel) * {{tap_columns}} + {{tap_columns - 1}} - tap) * {{group_outputs}};
            _Real* v = target + out * {{out_channels}} + channel / {{group_inputs}} * {{group_outputs}};
            for (int k = 0; k < {{group_outputs}}; k++) v[k] += gain * w[k];
            {% if listing %}
            for (int k = 0; k < {{group_outputs}}; k++) _targets.push_back(v - target + k);
            {% endif %}
        };
        {% if apart %}
        const unsigned tap_row = at_row % {{row_step}}, tap = at_column % {{column_step}};
        if (tap_row < {{tap_rows}} && tap < {{tap_columns}}) add(tap_row, tap, at_row / {{row_step}}, at_column / {{column_step}});
        {% else %}
        for (unsigned tap_row = 0; tap_row < {{tap_rows}} && tap_row * {{row_gap}} <= at_row; tap_row++)
        {
            const unsigned of_row = at_row - tap_row * {{row_gap}};
            if (of_row % {{row_step}}) continue;
            for (unsigned tap = 0; tap < {{tap_columns}} && tap * {{column_gap}} <= at_column; tap++)
            {
                const unsigned of_column = at_column - tap * {{column_gap}};
                if (of_column % {{column_step}} == 0) add(tap_row, tap, of_row / {{row_step}}, of_column / {{column_step}});
            }
        }
        {% endif %}
    }
}
