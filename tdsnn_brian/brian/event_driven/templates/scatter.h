{# What a list of spikes adds to the target: C++, included by the templates of both compiled
   targets; scatter.py is the same in numpy. The window is known at compile time, so that the inner
   loops unroll and vectorise. #}
{% set rows, columns, channels = window.input_shape %}
{% set out_rows, out_columns, out_channels = window.output_shape %}
{% set tap_rows, tap_columns = window.size %}
{% set row_step, column_step = window.strides %}
{% set row_gap, column_gap = window.dilation %}
{% set pad_top, pad_left = window.padding[0][0], window.padding[1][0] %}
{% set group_inputs, group_outputs = window.group_inputs, window.group_outputs %}
typedef {{real}} _Real;
{% if shares is not none %}
static const double _shares[] = { {{ shares | join(', ') }} };
{% endif %}
{% if seats is not none %}
// where each neuron stands before the window: _seats[_first[i]] up to _seats[_first[i + 1]]
static const int32_t _first[] = { {{ seats[0] | join(', ') }} };
static const int32_t _seats[] = { {{ seats[1] | join(', ') }}{{ 0 if not seats[1] | length }} };
{% endif %}
{% include 'scatter_by_position.h' if tiles is not none else 'scatter_by_spike.h' %}

// target += factor * the weights of the spikes
static void _scatter(const int32_t* spikes, long n_spikes, const _Real* weights, const double factor, _Real* target)
{
    static std::vector<int32_t> sorted;
    {% if seats is not none %}
    sorted.clear();
    for (long s = 0; s < n_spikes; s++)
    {
        const int neuron = spikes[s] - {{source_start}};
        if (neuron < 0 || neuron >= {{n_inputs}}) continue;
        for (int k = _first[neuron]; k < _first[neuron + 1]; k++) sorted.push_back(_seats[k] + {{source_start}});
    }
    if (sorted.empty()) return;
    std::sort(sorted.begin(), sorted.end());
    spikes = sorted.data();
    n_spikes = sorted.size();
    {% else %}
    if (!std::is_sorted(spikes, spikes + n_spikes))
    {
        sorted.assign(spikes, spikes + n_spikes);
        std::sort(sorted.begin(), sorted.end());
        spikes = sorted.data();
    }
    {% if not whole %}
    const int32_t* first = std::lower_bound(spikes, spikes + n_spikes, {{source_start}});
    n_spikes = std::lower_bound(first, spikes + n_spikes, {{source_start + window.n_inputs}}) - first;
    spikes = first;
    {% endif %}
    {% endif %}
    _scatter_sorted(spikes, n_spikes, weights, factor, target + {{target_start}});
}

// how many of the spikes are those of the source, which may be a part of a group
static inline long _count(const int32_t* spikes, const long n_spikes)
{
    {% if whole %}
    return n_spikes;
    {% else %}
    long n = 0;
    for (long s = 0; s < n_spikes; s++)
        n += spikes[s] >= {{source_start}} && spikes[s] < {{source_start + n_inputs}};
    return n;
    {% endif %}
}
{% if listening is not none %}

// the same, but neurons that do not listen, as they are refractory, take nothing
static void _scatter_to(const char* listening, const int32_t* spikes, const long n_spikes,
                        const _Real* weights, const double factor, _Real* target)
{
    _Real* values = target + {{target_start}};
    const std::vector<_Real> before(values, values + {{window.n_outputs}});
    _scatter(spikes, n_spikes, weights, factor, target);
    for (long k = 0; k < {{window.n_outputs}}; k++)
        if (!listening[{{target_start}} + k]) values[k] = before[k];
}
{% endif %}
