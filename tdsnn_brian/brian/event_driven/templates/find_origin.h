{# Integrator._find_origin in C++ #}
    if ({{origin}} == {{p.never}} && {{driver.release}}[0] != {{p.never}})
        {{origin}} = {{driver.release}}[0] + 1 + {{p.hops}};
    if ({{origin}} == {{p.never}}) return;
