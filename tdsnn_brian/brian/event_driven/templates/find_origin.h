{# Integrator._find_origin in C++ #}
    if ({{origin}} == {{p.never}}{% for release, _ in releases %} && {{release}} != {{p.never}}{% endfor %})
        {{origin}} = std::max({ {% for release, hops in releases %}{{release}} + {{hops}}{{ ', ' if not loop.last }}{% endfor %} });
    if ({{origin}} == {{p.never}}) return;
