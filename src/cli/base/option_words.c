#include "src/cli/base/option_words.h"

#include <string.h>

bool skad_option_take_role(const skad_option_row *row, const char *value, skad_options *out,
                           skad_failure *failure)
{
    static const char *const names[] = {
        [SKAD_ROLE_SERVER] = "server", [SKAD_ROLE_AUTO] = "auto", [SKAD_ROLE_CLIENT] = "client"};
    (void)row;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (strcmp(value, names[i]) == 0) {
            out->role = (skad_role)i;
            return true;
        }
    }
    return skad_fail(failure, "%s is neither auto, server nor client", value);
}

bool skad_option_take_local_discovery(const skad_option_row *row, const char *value,
                                      skad_options *out, skad_failure *failure)
{
    (void)row;
    out->local_discovery = strcmp(value, "yes") == 0;
    return out->local_discovery || strcmp(value, "no") == 0 ||
           skad_fail(failure, "%s is neither yes nor no", value);
}
