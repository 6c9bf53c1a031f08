{# Where many targets lie side by side. Spikes come in the order of their positions: the weights of
   those that share one are summed up in registers before a target is touched. A tile of
   targets is worked on at a time, so that its weights and, a block of rows at a time, its potentials
   stay in the processor's caches. Each target's sum has one order, whoever adds it up: threads
   change no bit of it. #}
{% set width, run = tiles.width, tiles.run %}
{% set taps = 1 if tiles.contiguous else tap_columns %}
#if defined(__AVX512F__)
    #define _VECTOR_BYTES 64
#elif defined(__AVX__)
    #define _VECTOR_BYTES 32
#else
    #define _VECTOR_BYTES 16
#endif
typedef _Real _Vector __attribute__((vector_size(_VECTOR_BYTES), aligned(sizeof(_Real)), may_alias));
static const int _LANES = _VECTOR_BYTES / sizeof(_Real), _VECTORS = {{width}} / _LANES;

struct _Group
{
    int position, column, channels; // the last: which group of channels
    long first, n;                  // its spikes
};
static std::vector<_Group> _groups;
static long _row_begins[{{rows + 1}}];

// lists spikes by their positions; of each group of channels those from `low` on, at most `n_channels`
static void _find_groups(const int32_t* spikes, const long n_spikes, const int low, const int n_channels)
{
    _groups.clear();
    int row = -1;
    for (long s = 0; s < n_spikes;)
    {
        const int unit = (spikes[s] - {{source_start}}) / {{group_inputs}};
        const int position = unit / {{window.groups}};
        const int begin = {{source_start}} + unit * {{group_inputs}}, end = begin + {{group_inputs}};
        while (row < position / {{columns}}) _row_begins[++row] = _groups.size();
        while (s < n_spikes && spikes[s] < begin + low) s++;
        const long first = s;
        while (s < n_spikes && spikes[s] < std::min(begin + low + n_channels, end)) s++;
        const _Group group = {position, position % {{columns}}, unit % {{window.groups}}, first, s - first};
        if (group.n) _groups.push_back(group);
        while (s < n_spikes && spikes[s] < end) s++;
    }
    while (row < {{rows}}) _row_begins[++row] = _groups.size();
}

static inline const _Vector* _of(const _Real* w, const int32_t spike)
{
    return (const _Vector*)(w + (long)spike * {{width}});
}

// the targets of a tile that are to be added to
struct _Part
{
    int first, last, begin_vector, end_vector; // each to before the second
    int begins[_VECTORS];                      // of each vector
};

template <bool whole>
static inline void _add(_Real* v, const _Vector& sum, const int b, const _Part& part)
{
    const int begin = part.begins[b];
    if (whole || (begin >= part.first && begin + _LANES <= part.last)) *(_Vector*)(v + begin) += sum;
    else
        for (int k = 0; k < _LANES; k++)
            if (begin + k >= part.first && begin + k < part.last) v[begin + k] += sum[k];
}

template <int n, bool whole>
static inline void _add_few(_Real* v, const _Real* w, const int32_t* spikes, const _Real* gains, const _Real share, const _Part& part)
{
    const _Vector* own[n];
    for (int s = 0; s < n; s++) own[s] = _of(w, spikes[s]);
    for (int b = whole ? 0 : part.begin_vector; b < (whole ? _VECTORS : part.end_vector); b++)
    {
        _Vector sum = gains[0] * own[0][b];
        for (int s = 1; s < n; s++) sum += gains[s] * own[s][b];
        _add<whole>(v, share * sum, b, part);
    }
}

{% if group_inputs > tiles.few %}
template <int n_vectors>
static inline void _add_many(_Real* v, const _Real* w, const int32_t* spikes, const _Real* gains, const long n, const _Real share, const _Part& part)
{
    // two sums of each, for an addition takes longer than the next one can wait
    _Vector even[n_vectors] = {}, odd[n_vectors] = {};
    const _Real* first = w + part.begin_vector * _LANES;
    long s = 0;
    for (; s + 1 < n; s += 2)
    {
        const _Vector *one = _of(first, spikes[s]), *other = _of(first, spikes[s + 1]);
        for (int b = 0; b < n_vectors; b++)
        {
            even[b] += gains[s] * one[b];
            odd[b] += gains[s + 1] * other[b];
        }
    }
    if (s < n)
        for (int b = 0; b < n_vectors; b++) even[b] += gains[s] * _of(first, spikes[s])[b];
    for (int b = 0; b < n_vectors; b++) _add<false>(v, share * (even[b] + odd[b]), part.begin_vector + b, part);
}

// as many vectors as the part has: their number is known where the sums stand in registers
template <int n_vectors>
static inline void _add_many_of(_Real* v, const _Real* w, const int32_t* spikes, const _Real* gains, const long n, const _Real share, const _Part& part)
{
    if (part.end_vector - part.begin_vector == n_vectors) _add_many<n_vectors>(v, w, spikes, gains, n, share, part);
    else _add_many_of<n_vectors - 1>(v, w, spikes, gains, n, share, part);
}
template <>
inline void _add_many_of<0>(_Real*, const _Real*, const int32_t*, const _Real*, const long, const _Real, const _Part&) {}
{% endif %}

template <bool whole>
static inline void _add_group(_Real* v, const _Real* w, const int32_t* spikes, const _Real* gains, const long n, const _Real share, const _Part& part)
{
    switch (n)
    {
        {% for n in range(1, tiles.few + 1) %}
        case {{n}}: _add_few<{{n}}, whole>(v, w, spikes, gains, share, part); break;
        {% endfor %}
        {% if group_inputs > tiles.few %}
        default: _add_many_of<_VECTORS>(v, w, spikes, gains, n, share, part);
        {% endif %}
    }
}

// what all groups add to one tile of the targets in some rows
static void _sweep(const int32_t* spikes, const _Real* gains, const _Real* weights, _Real* target,
                   const int tile, const int begin_row, const int end_row)
{
    const int length = std::min({{width}}, {{run}} - tile * {{width}});
    _Part part = {0, length, 0, _VECTORS, {}};
    for (int b = 0; b < _VECTORS; b++) // the last vectors overlap: weights that repeat are 0
        part.begins[b] = b * _LANES % {{tiles.lanes}} + std::min(b * _LANES / {{tiles.lanes}} * {{tiles.lanes}}, std::max(0, length - {{tiles.lanes}}));
    for (int tap_row = 0; tap_row < {{tap_rows}}; tap_row++)
    for (int tap = 0; tap < {{taps}}; tap++)
    {
        const _Real* tap_weights = weights + (long)((tile * {{tap_rows}} + tap_row) * {{taps}} + tap) * {{channels * width}};
        for (int out_row = begin_row; out_row < end_row; out_row++)
        {
            const int row = out_row * {{row_step}} - {{pad_top}} + tap_row * {{row_gap}};
            if (row < 0 || row >= {{rows}}) continue;
            for (long g = _row_begins[row]; g < _row_begins[row + 1]; g++)
            {
                const _Group& group = _groups[g];
{% if tiles.contiguous %}
                // taps are stored last column first: their targets lie side by side
                const int out_column = group.column + {{pad_left - tap_columns + 1}};
                part.first = std::max(0, -out_column * {{out_channels}} - tile * {{width}});
                part.last = std::min(length, ({{out_columns}} - out_column) * {{out_channels}} - tile * {{width}});
                if (part.first >= part.last) continue;
                part.begin_vector = part.first / _LANES;
                part.end_vector = (part.last + {{tiles.lanes - 1}}) / {{tiles.lanes}} * ({{tiles.lanes}} / _LANES);
{% else %}
                const int at = group.column + {{pad_left}} - ({{tap_columns - 1}} - tap) * {{column_gap}};
                if (at < 0 || at % {{column_step}}) continue;
                const int out_column = at / {{column_step}};
                if (out_column >= {{out_columns}}) continue;
{% endif %}
                const long out = (long)out_row * {{out_columns}} + out_column;
                const _Real share = {{ '_shares[out]' if shares is not none else 1 }};
                _Real* v = target + out * {{out_channels}} + group.channels * {{group_outputs}} + tile * {{width}};
                const _Real* w = tap_weights - ({{source_start}} + (long)group.position * {{channels}}) * {{width}};
                const int32_t* own = spikes + group.first;
                const _Real* own_gains = gains + group.first;
                if (part.last - part.first == length && length >= {{tiles.lanes}}) _add_group<true>(v, w, own, own_gains, group.n, share, part);
                else _add_group<false>(v, w, own, own_gains, group.n, share, part);
            }
        }
    }
}

static void _scatter_sorted(const int32_t* spikes, const _Real* gains, const long n_spikes,
                            const _Real* weights, _Real* target)
{
    // where many spikes read the same weights, those of some channels stay nearest to the processor
    const int n_channels = n_spikes > {{window.n_inputs // 4}} ? {{tiles.near_channels}} : {{group_inputs}};
    for (int low = 0; low < {{group_inputs}}; low += n_channels)
    {
        _find_groups(spikes, n_spikes, low, n_channels);
        // no two threads have a target in common: tiles of neighbouring taps do
        #pragma omp parallel for collapse(2) schedule(dynamic) if (n_spikes > {{tiles.spikes_for_threads}})
        for (int tile = 0; tile < {{tiles.count}}; tile += {{tiles.together}})
            for (int row = 0; row < {{out_rows}}; row += {{tiles.rows}})
                for (int k = tile; k < tile + {{tiles.together}}; k++)
                    _sweep(spikes, gains, weights, target, k, row, std::min(row + {{tiles.rows}}, {{out_rows}}));
    }
}
