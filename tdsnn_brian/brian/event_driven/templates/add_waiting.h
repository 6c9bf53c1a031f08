{# Spikes that wait for the potentials to be looked at are added to them; see scatter.h. #}
        {% for projection in incoming %}
        {{projection}}();
        {% endfor %}
