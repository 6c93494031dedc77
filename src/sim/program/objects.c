#include "src/sim/program/objects.h"

#include <dlfcn.h>

#include "src/sim/world/adversary.h"

/* What is wrong with it; NULL: nothing. */
static const char *flaw_of(const skad_adversary *object)
{
    if (object == NULL) {
        return "it has no adversary: build it with -DSKAD_ADVERSARY_OBJECT";
    }
    if (object->is.abi != SKAD_ADVERSARY_ABI || object->is.world_bytes != sizeof(skad_world)) {
        return "it was built for another version: build it anew from this simulator's sources";
    }
    bool lies = (object->is.traits & SKAD_SIM_LIES) != 0;
    bool sends = (object->is.traits & SKAD_SIM_SENDS) != 0;
    bool answers = object->name != NULL || object->asked != NULL || object->departs != NULL ||
                   object->passes != NULL;
    if (lies != answers || sends != (object->turn != NULL)) {
        return "its traits do not fit: SKAD_SIM_LIES goes with name, asked, departs or passes, "
               "SKAD_SIM_SENDS with turn";
    }
    return NULL;
}

bool skad_sim_object_load(const char *path, uint64_t *out,
                          char reason[static SKAD_SIM_REASON_BYTES])
{
    void *object = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (object == NULL) {
        return skad_sim_reason(reason, "cannot load %.300s", dlerror());
    }
    const skad_adversary *loaded = (const skad_adversary *)dlsym(object, "skad_adversary_object");
    const char *flaw = flaw_of(loaded);
    if (flaw == NULL && skad_sim_behaviour_add(path, &loaded->is, out, reason)) {
        return true;
    }
    if (flaw != NULL) {
        (void)skad_sim_reason(reason, "cannot use %.150s: %s", path, flaw);
    }
    (void)dlclose(object);
    return false;
}
