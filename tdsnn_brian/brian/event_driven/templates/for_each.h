{# Lists the neurons of which `test` holds; blocks of which none does are passed over quickly. #}
template <class Test, class Action>
static inline void _for_each(const long n, Test test, Action action)
{
    const long block = 128;
    for (long first = 0; first < n; first += block)
    {
        const long last = first + block < n ? first + block : n;
        int any = 0;
        for (long i = first; i < last; i++) any |= test(i);
        if (any)
            for (long i = first; i < last; i++)
                if (test(i)) action(i);
    }
}
