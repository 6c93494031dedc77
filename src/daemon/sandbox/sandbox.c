/* The order of the steps: first no new privileges, because the kernel accepts neither filter
 * without it; then files (landlock), because the second filter refuses landlock's own calls; then
 * calls (seccomp). */
#include "src/daemon/sandbox/sandbox.h"

#include <errno.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include "src/daemon/sandbox/sandbox_calls.h"
#include "src/daemon/sandbox/sandbox_files.h"

/* Two sockets, each with 32 peer sockets, 64 clients of the control socket, 32 name lookups with
 * two each, and a few of the loop and of the store. */
#define DESCRIPTORS_MAX 256

#if defined(SKAD_INSTRUMENTED) || defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define BUILT false
#else
#define BUILT true
#endif

const char *skad_sandbox_name(skad_sandbox sandbox)
{
    switch (sandbox) {
    case SKAD_SANDBOX_OFF:
        return "off";
    case SKAD_SANDBOX_LOG:
        return "log";
    case SKAD_SANDBOX_ON:
        return "on";
    case SKAD_SANDBOX_PARTIAL:
        return "partial";
    }
    return "?";
}

bool skad_sandbox_parse(const char *name, skad_sandbox *out)
{
    static const skad_sandbox all[] = {SKAD_SANDBOX_OFF, SKAD_SANDBOX_LOG, SKAD_SANDBOX_ON};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        if (strcmp(name, skad_sandbox_name(all[i])) == 0) {
            *out = all[i];
            return true;
        }
    }
    return false;
}

bool skad_sandbox_built(void)
{
    return BUILT;
}

/* Lowers a limit for good. That cannot fail, and if it did there would be nothing better to do. */
static void lower_limit(int resource, rlim_t max)
{
    struct rlimit limit;
    if (getrlimit(resource, &limit) == 0) {
        limit.rlim_max = limit.rlim_max < max ? limit.rlim_max : max;
        limit.rlim_cur = limit.rlim_cur < limit.rlim_max ? limit.rlim_cur : limit.rlim_max;
        (void)setrlimit(resource, &limit);
    }
}

void skad_sandbox_guard_secrets(void)
{
    if (BUILT) {
        lower_limit(RLIMIT_CORE, 0);
        (void)prctl(PR_SET_DUMPABLE, 0L, 0L, 0L, 0L);
    }
}

static bool close_files(const skad_sandbox_config *config)
{
    if (skad_sandbox_close_files(config)) {
        return true;
    }
    skad_log(config->log, SKAD_LOG_WARNING,
             "sandbox: files are not closed off, since landlock does not work here (%s)",
             strerror(errno));
    return false;
}

static bool close_calls(const skad_sandbox_config *config)
{
    int error = skad_sandbox_close_calls(config->wanted == SKAD_SANDBOX_LOG);
    if (error == 0) {
        return true;
    }
    skad_log(config->log, SKAD_LOG_WARNING,
             "sandbox: system calls are not closed off, since seccomp does not work here (%s)",
             strerror(error));
    return false;
}

skad_sandbox skad_sandbox_enter(const skad_sandbox_config *config)
{
    if (config->wanted == SKAD_SANDBOX_OFF) {
        return SKAD_SANDBOX_OFF;
    }
    if (!BUILT) {
        skad_log(config->log, SKAD_LOG_WARNING,
                 "sandbox: this build, which is for tests, has none");
        return SKAD_SANDBOX_OFF;
    }
    lower_limit(RLIMIT_NOFILE, config->descriptors > 0 ? config->descriptors : DESCRIPTORS_MAX);
    if (prctl(PR_SET_NO_NEW_PRIVS, 1L, 0L, 0L, 0L) != 0) {
        skad_log(config->log, SKAD_LOG_WARNING, "sandbox: this kernel has none: %s",
                 strerror(errno));
        return SKAD_SANDBOX_OFF;
    }
    if (config->wanted == SKAD_SANDBOX_LOG) { /* landlock has no such mode */
        return close_calls(config) ? SKAD_SANDBOX_LOG : SKAD_SANDBOX_OFF;
    }
    bool files = close_files(config);
    bool calls = close_calls(config);
    if (files && calls) {
        return SKAD_SANDBOX_ON;
    }
    return files || calls ? SKAD_SANDBOX_PARTIAL : SKAD_SANDBOX_OFF;
}
