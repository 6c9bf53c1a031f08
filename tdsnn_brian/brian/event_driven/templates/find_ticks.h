{# TickedLayer._find_ticks in C++: its table is searched by halves, a block of neurons at a time. #}
static std::vector<int32_t> _begins; // of those that fire with each tick, in the order of all

static void _find_ticks(const long n, const int64_t inhibited, const double* thresholds, const {{c_data_type(real)}}* u, int32_t* latency, int32_t* order)
{
    const {{c_data_type(real)}} infinity = std::numeric_limits<{{c_data_type(real)}}>::infinity();
    const int block = 256;
    {{c_data_type(real)}} least[block]; // by place in the block: one after the other would take longer
    std::fill(least, least + block, infinity);
    for (long first = 0; first < n; first += block)
        for (int i = 0; i < std::min<long>(block, n - first); i++)
            least[i] = u[first + i] < least[i] ? u[first + i] : least[i];
    const {{c_data_type(real)}} lowest = *std::min_element(least, least + block);
    std::vector<{{c_data_type(real)}}> limits;
    while (limits.empty() || limits.back() > lowest)
    {
        const int32_t tick = limits.size();
        const {{c_data_type(real)}} limit = _limit(inhibited, tick, thresholds[std::min(tick, {{p.last_tick}})]);
        if (tick > 0 && !(limit <= limits.back())) break; // out of reach
        limits.push_back(limit);
    }
    const int32_t n_ticks = limits.size();
    int32_t half = 1;
    while (2 * half <= n_ticks) half *= 2;
    limits.resize(2 * half - 1, -infinity);

    std::vector<int32_t> counts(2 * half, 0);
    const {{c_data_type(real)}}* table = limits.data();
    int32_t found[block];
    for (long first = 0; first < n; first += block)
    {
        const int length = std::min<long>(block, n - first);
        const {{c_data_type(real)}}* potentials = u + first;
        for (int i = 0; i < length; i++) found[i] = 0;
        for (int32_t part = half; part > 0; part /= 2)
            for (int i = 0; i < length; i++) // what is no number reaches no limit
                found[i] += potentials[i] >= table[found[i] + part - 1] ? 0 : part;
        for (int i = 0; i < length; i++) counts[latency[first + i] = found[i]]++;
    }
    _begins.assign(n_ticks + 1, 0);
    for (int32_t tick = 0; tick < n_ticks; tick++) _begins[tick + 1] = _begins[tick] + counts[tick];
    std::vector<int32_t> next(_begins);
    for (long i = 0; i < n; i++)
    {
        if (latency[i] >= n_ticks) latency[i] = {{p.waiting}};
        else order[next[latency[i]]++] = i;
        {% if p.silent_zeros %}
        if (latency[i] == 0) latency[i] = {{p.judged}};
        {% endif %}
    }
}
