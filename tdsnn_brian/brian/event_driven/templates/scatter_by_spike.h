{# Where few targets lie side by side, as in pools and depthwise layers: one spike after the other. #}
static void _scatter_sorted(const int32_t* spikes, const _Real* gains, const long n_spikes,
                            const _Real* weights, _Real* __restrict__ target)
{
    for (long s = 0; s < n_spikes; s++)
    {
        const int i = spikes[s] - {{source_start}};
        const int channel = i % {{channels}}, position = i / {{channels}};
        const int column = position % {{columns}}, row = position / {{columns}};
        for (int tap_row = 0; tap_row < {{tap_rows}}; tap_row++)
        {
            const int at_row = row + {{pad_top}} - tap_row * {{row_gap}};
            if (at_row < 0 || at_row % {{row_step}}) continue;
            const int out_row = at_row / {{row_step}};
            if (out_row >= {{out_rows}}) continue;
            for (int tap = 0; tap < {{tap_columns}}; tap++)
            {
                const int at = column + {{pad_left}} - ({{tap_columns - 1}} - tap) * {{column_gap}};
                if (at < 0 || at % {{column_step}}) continue;
                const int out_column = at / {{column_step}};
                if (out_column >= {{out_columns}}) continue;
                const long out = out_row * {{out_columns}} + out_column;
                const _Real gain = gains[s]{{ ' * _shares[out]' if shares is not none }};
                const _Real* w = weights + ((tap_row * {{channels}} + channel) * {{tap_columns}} + tap) * {{group_outputs}};
                _Real* v = target + out * {{out_channels}} + channel / {{group_inputs}} * {{group_outputs}};
                for (int k = 0; k < {{group_outputs}}; k++) v[k] += gain * w[k];
                {% if listing %}
                for (int k = 0; k < {{group_outputs}}; k++) _targets.push_back(v - target + k);
                {% endif %}
            }
        }
    }
}
