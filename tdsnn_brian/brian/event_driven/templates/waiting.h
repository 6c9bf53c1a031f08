{# What projections share whose spikes wait. #}
#include <cstdio>
#include <cstdlib>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

extern "C" std::vector<int32_t>& _waiting_spikes();

// a file in memory: what no spike asks for is not loaded, and programs side by side share the rest
inline const void* _mapped(const char* path, const size_t size)
{
    struct stat found;
    void* content = MAP_FAILED;
    const int file = open(path, O_RDONLY);
    if (file >= 0 && fstat(file, &found) == 0 && (size_t)found.st_size == size)
        content = mmap(nullptr, size, PROT_READ, MAP_PRIVATE, file, 0);
    if (content == MAP_FAILED)
    {
        std::fprintf(stderr, "%s cannot be read\n", path);
        std::_Exit(1);
    }
    close(file);
    return content;
}
