/* The texts of statuses, our own failures. */
#include "skad/status.h"

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
    }
    return "unknown status";
}
