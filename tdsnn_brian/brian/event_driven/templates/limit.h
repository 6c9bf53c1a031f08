{# TickedLayer._limit in C++ #}
static inline {{c_data_type(real)}} _limit(const int64_t inhibited, const int32_t tick, const double drive)
{
    const double weight = {{p.leak_factor}} * std::exp((double)tick / {{p.leak}});
    {% if p.v_threshold %}
    const double window = (double)inhibited / {{p.steps_per_tick}};
    const double threshold = {{p.v_threshold}} * std::exp((window + tick) / {{p.leak}});
    {% else %}
    const double threshold = 0;
    {% endif %}
    return threshold - (drive + {{p.tie}} * weight);
}
