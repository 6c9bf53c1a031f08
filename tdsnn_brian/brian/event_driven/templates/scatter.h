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
{% if listing %}
static std::vector<int32_t> _targets; // of spikes, as often as they are added to
{% endif %}
{% include 'scatter_by_position.h' if tiles is not none else 'scatter_by_spike.h' %}

{% if waiting %}
// By input of the window, what its weights are to be multiplied with: spikes wait here until the
// target's potentials are looked at, so that those of all steps are summed up together.
static std::vector<_Real> _gains({{window.n_inputs}});
static bool _any_waiting = false;

static void _let_wait(const int32_t* spikes, const long n_spikes, const double factor)
{
    _any_waiting = true;
    for (long s = 0; s < n_spikes; s++)
    {
        const int neuron = spikes[s] - {{source_start}};
        {% if not whole %}
        if (neuron < 0 || neuron >= {{n_inputs}}) continue;
        {% endif %}
        {% if seats is not none %}
        for (int k = _first[neuron]; k < _first[neuron + 1]; k++) _gains[_seats[k]] += factor;
        {% else %}
        _gains[neuron] += factor;
        {% endif %}
    }
}

// target += the weights of the spikes that wait, each times its gain
static void _add_waiting(std::vector<int32_t>& spikes, const _Real* weights, _Real* target)
{
    if (!_any_waiting) return;
    _any_waiting = false;
    spikes.resize(std::max<size_t>(spikes.size(), {{window.n_inputs}}));
    long n = 0;
    for (int i = 0; i < {{window.n_inputs}}; i++)
    {
        const _Real gain = _gains[i];
        spikes[n] = i + {{source_start}};
        _gains[n] = gain;
        n += gain != 0;
    }
    _scatter_sorted(spikes.data(), _gains.data(), n, weights, target + {{target_start}});
    std::fill(_gains.begin(), _gains.end(), 0);
}
{% else %}
// target += factor * the weights of the spikes
static void _scatter(const int32_t* spikes, long n_spikes, const _Real* weights, const double factor, _Real* target)
{
    static std::vector<int32_t> sorted;
    static std::vector<_Real> gains;
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
    gains.assign(n_spikes, factor);
    _scatter_sorted(spikes, gains.data(), n_spikes, weights, target + {{target_start}});
}
{% endif %}

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
