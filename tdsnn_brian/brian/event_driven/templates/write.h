{# Readout._write in C++ #}
        {% if p.streaming %}
        FILE* out = stdout;
        {% else %}
        FILE* out = std::fopen((results_dir + "{{p.file}}").c_str(), {{image}} == 0 ? "wb" : "ab");
        {% endif %}
        const int64_t header[] = { {{p.magic}}, {{record_bytes}}, {{image}} };
        size_t failed = !out || std::fwrite(header, sizeof(header), 1, out) != 1;
        {% for array, size in written %}
        failed = failed || std::fwrite({{array}}, sizeof(*{{array}}), {{size}}, out) != {{size}};
        {% endfor %}
        failed = failed || {{'std::fflush(out)' if p.streaming else 'std::fclose(out)'}};
        if (failed) { std::perror("results cannot be written"); std::exit(1); }
