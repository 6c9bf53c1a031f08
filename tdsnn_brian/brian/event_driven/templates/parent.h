{# What a program does for the process that feeds it: read, and end with it. #}
#include <poll.h>
#include <unistd.h>
namespace {
const char* _parent_said = std::getenv("{{p.parent_variable}}"); // which may have ended since
const pid_t _parent = _parent_said ? std::atoi(_parent_said) : getppid();

// wait for input, and for no parent that has ended (another process may hold its pipe open)
void _read(void* values, const size_t size)
{
    char* to = (char*)values;
    for (size_t done = 0; done < size;)
    {
        struct pollfd input = {STDIN_FILENO, POLLIN, 0};
        if (poll(&input, 1, 1000) == 0)
        {
            if (getppid() != _parent) std::_Exit(0);
            continue;
        }
        const ssize_t n = read(STDIN_FILENO, to + done, size - done);
        if (n <= 0) std::_Exit(0); // the end of the images is the program's
        done += n;
    }
}

void _watch(const int64_t elapsed, const int64_t most_steps)
{
    if (elapsed > most_steps)
    {
        std::fprintf(stderr, "an image took more than %lld steps: potentials that are no numbers?", (long long)most_steps);
        std::_Exit(1);
    }
    if (elapsed % 4096 == 4095 && getppid() != _parent) std::_Exit(0);
}
}
