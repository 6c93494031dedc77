/* The texts of statuses, our own failures; and the version. */
#include "skad/status.h"
#include "skad/version.h"

const char *skad_version(void)
{
    return SKAD_VERSION;
}

const char *skad_status_text(skad_status status)
{
    switch (status) {
    case SKAD_OK:
        return "done";
    case SKAD_ERR_MEMORY:
        return "out of memory or threads";
    case SKAD_ERR_INPUT:
        return "an argument is out of its range";
    case SKAD_ERR_FULL:
        return "no room left, try again later";
    case SKAD_ERR_IO:
        return "the system refused";
    case SKAD_ERR_EXISTS:
        return "the file exists already and is not overwritten";
    case SKAD_ERR_MISSING:
        return "no such file or entry";
    case SKAD_ERR_PERMISSION:
        return "the file is accessible to others than its owner";
    case SKAD_ERR_FORMAT:
        return "truncated or damaged";
    case SKAD_ERR_VERSION:
        return "written by another version of skad";
    case SKAD_ERR_STOPPED:
        return "stopped";
    case SKAD_ERR_PUZZLE:
        return "the identity does not solve the puzzles of this network";
    case SKAD_ERR_BUSY:
        return "too much is under way, try again later";
    case SKAD_ERR_CLOSED:
        return "a handle of something that was closed, or never opened";
    case SKAD_ERR_THREAD:
        return "called from another thread than the one that owns it";
    case SKAD_ERR_TIMEOUT:
        return "it did not end in time";
    }
    return "unknown status";
}
