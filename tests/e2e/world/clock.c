/* An adjustable clock for the nodes of a test, loaded before the C library (LD_PRELOAD). A file
 * that the test changes while the node runs, named by SKAD_WORLD_TIME, says by how many seconds the
 * time of day and the time since the boot are ahead, and how many of the latter the machine slept.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

typedef struct shifts {
    int64_t wall_s;
    int64_t boot_s;
    int64_t asleep_s;
} shifts;

typedef int (*clock_function)(clockid_t clock, struct timespec *out);

static const volatile shifts *ahead;
static clock_function real;

__attribute__((constructor)) static void begin(void)
{
    if (real != NULL) {
        return;
    }
    const char *path = getenv("SKAD_WORLD_TIME");
    int fd = path == NULL ? -1 : open(path, O_RDONLY | O_CLOEXEC);
    void *symbol = dlsym(RTLD_NEXT, "clock_gettime");
    *(void **)&real = symbol; /* POSIX's way to make a function of what dlsym returns */
    if (fd >= 0) {
        void *mapped = mmap(NULL, sizeof *ahead, PROT_READ, MAP_SHARED, fd, 0);
        ahead = mapped == MAP_FAILED ? NULL : mapped;
        (void)close(fd);
    }
}

/* The program's calls find these, not the C library's. */
#pragma GCC visibility push(default)

int clock_gettime(clockid_t clock, struct timespec *out)
{
    begin(); /* a library that is loaded before may ask for the time as it starts */
    int result = real(clock, out);
    if (ahead != NULL && clock == CLOCK_REALTIME) {
        out->tv_sec += ahead->wall_s;
    } else if (ahead != NULL && clock == CLOCK_BOOTTIME) {
        out->tv_sec += ahead->boot_s;
    } else if (ahead != NULL && clock == CLOCK_MONOTONIC) {
        out->tv_sec += ahead->boot_s - ahead->asleep_s;
    }
    return result;
}

time_t time(time_t *out)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_REALTIME, &now);
    if (out != NULL) {
        *out = now.tv_sec;
    }
    return now.tv_sec;
}

#pragma GCC visibility pop
