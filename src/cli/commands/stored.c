#include "src/cli/commands/stored.h"

#include <inttypes.h>
#include <stdio.h>

#include "skad/types.h"
#include "src/cli/client/text.h"
#include "src/cli/commands/commands.h"
#include "src/daemon/control/refusals.h"

void skad_stored_print(skad_answer result)
{
    skad_failure reasons;
    uint64_t refusals[SKAD_REFUSALS];
    char life[SKAD_TEXT_BYTES];
    skad_answer map = skad_answer_get(result, "refusals");
    uint64_t unresponsive = skad_answer_uint(result, "silent");

    for (size_t code = 0; code < SKAD_REFUSALS; code++) {
        refusals[code] = skad_answer_uint(map, skad_refusals_name(code));
    }
    skad_refusals_list(refusals, skad_answer_uint(result, "sequence_seen"), &reasons);
    skad_text_duration(skad_answer_uint(result, "life_s") * SKAD_US_PER_S, life);
    printf("stored     at %" PRIu64 " of %" PRIu64 " nodes that should have it, for %s\n",
           skad_answer_uint(result, "stored"), skad_answer_uint(result, "wanted"), life);
    if (reasons.text[0] != 0) {
        printf("refused    %s\n", reasons.text);
    }
    if (unresponsive > 0) {
        printf("silent     %" PRIu64 "\n", unresponsive);
    }
    if (skad_answer_bool(result, "dense")) {
        printf("spread     in %" PRIu64 " of 16 parts of the key's region, %" PRIu64
               " address groups\n",
               skad_answer_uint(result, "strata"), skad_answer_uint(result, "groups"));
    }
    skad_warn_dense(result, "it is stored all over the key's region, too: see through another node "
                            "now and then that it is found");
}

skad_exit skad_stored_not_kept(void)
{
    skad_failure failure;
    (void)skad_fail(&failure, "stored, but this node will not re-announce it, since its own store "
                              "is full or refuses writes: see 'skad status'");
    return skad_complain(SKAD_EXIT_FAILED, &failure);
}

skad_exit skad_stored_alone(bool kept)
{
    skad_failure failure;
    (void)skad_fail(&failure,
                    "only this node has it, since no other node took it%s: see 'peers' and "
                    "'joined' of 'skad status'",
                    kept ? "; it is announced again until one does" : "");
    return skad_complain(SKAD_EXIT_ALONE, &failure);
}

skad_exit skad_stored_exit(skad_answer result, bool keep)
{
    if (skad_answer_bool(result, "alone")) {
        return skad_stored_alone(skad_answer_bool(result, "kept"));
    }
    return keep && !skad_answer_bool(result, "kept") ? skad_stored_not_kept() : SKAD_EXIT_DONE;
}
