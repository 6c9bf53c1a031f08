{# TickedLayer._find_ticks in C++: its table is searched by halves, a block of neurons at a time. Each
   part of the neurons is one thread's, and knows its places in the order of all. #}
{% set real = c_data_type(real) %}
static const int _BLOCK = 256;
static std::vector<int32_t> _begins; // of those that fire with each tick, in the order of all

template <class Action>
static inline void _for_parts(const int n_parts, Action action)
{
    if (n_parts == 1) return action(0);
    #pragma omp parallel for
    for (int part = 0; part < n_parts; part++) action(part);
}

static {{real}} _lowest(const {{real}}* u, const long n)
{
    {{real}} least[_BLOCK]; // by place in the block: one after the other would take longer
    std::fill(least, least + _BLOCK, std::numeric_limits<{{real}}>::infinity());
    for (long first = 0; first < n; first += _BLOCK)
        for (int i = 0; i < std::min<long>(_BLOCK, n - first); i++)
            least[i] = u[first + i] < least[i] ? u[first + i] : least[i];
    return *std::min_element(least, least + _BLOCK);
}

// how many of the limits each potential does not reach, and how often each number was found
static void _search(const std::vector<{{real}}>& limits, const long n, const {{real}}* u, int32_t* latency, int32_t* counts)
{
    const {{real}}* table = limits.data();
    int32_t found[_BLOCK];
    for (long first = 0; first < n; first += _BLOCK)
    {
        const int length = std::min<long>(_BLOCK, n - first);
        const {{real}}* potentials = u + first;
        for (int i = 0; i < length; i++) found[i] = 0;
        for (int32_t part = (limits.size() + 1) / 2; part > 0; part /= 2)
            for (int i = 0; i < length; i++) // what is no number reaches no limit
                found[i] += potentials[i] >= table[found[i] + part - 1] ? 0 : part;
        for (int i = 0; i < length; i++) counts[latency[first + i] = found[i]]++;
    }
}

// neurons of each tick from its next place in the order on
static void _list(const int32_t n_ticks, const long first, const long last, int32_t* latency, int32_t* next, int32_t* order)
{
    for (long i = first; i < last; i++)
    {
        if (latency[i] >= n_ticks) latency[i] = {{p.waiting}};
        else order[next[latency[i]]++] = i;
        {% if p.silent_zeros %}
        if (latency[i] == 0) latency[i] = {{p.judged}};
        {% endif %}
    }
}

static void _find_ticks(const long n, const int64_t inhibited, const double* thresholds, const {{real}}* u, int32_t* latency, int32_t* order)
{
    const int n_parts = n > {{p.neurons_for_threads}} ? 8 : 1;
    const auto begin = [&](const int part) { return n * part / n_parts; };
    std::vector<{{real}}> lowest(n_parts), limits;
    _for_parts(n_parts, [&](const int part) {
        lowest[part] = _lowest(u + begin(part), begin(part + 1) - begin(part));
    });
    while (limits.empty() || limits.back() > *std::min_element(lowest.begin(), lowest.end()))
    {
        const int32_t tick = limits.size();
        const {{real}} limit = _limit(inhibited, tick, thresholds[std::min(tick, {{p.last_tick}})]);
        if (tick > 0 && !(limit <= limits.back())) break; // out of reach
        limits.push_back(limit);
    }
    const int32_t n_ticks = limits.size();
    int32_t half = 1;
    while (2 * half <= n_ticks) half *= 2;
    limits.resize(2 * half - 1, -std::numeric_limits<{{real}}>::infinity());

    std::vector<std::vector<int32_t>> counts(n_parts, std::vector<int32_t>(2 * half, 0));
    _for_parts(n_parts, [&](const int part) {
        _search(limits, begin(part + 1) - begin(part), u + begin(part), latency + begin(part), counts[part].data());
    });
    _begins.clear();
    int32_t place = 0;
    for (int32_t tick = 0; tick < n_ticks; tick++)
    {
        _begins.push_back(place);
        for (std::vector<int32_t>& places : counts)
        {
            const int32_t count = places[tick];
            places[tick] = place;
            place += count;
        }
    }
    _begins.push_back(place);
    _for_parts(n_parts, [=, &counts](const int part) {
        _list(n_ticks, begin(part), begin(part + 1), latency, counts[part].data(), order);
    });
}
