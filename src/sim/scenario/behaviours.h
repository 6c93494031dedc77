/* The behaviours of adversaries, as far as a scenario has to know them: names, lines of
 * documentation, and what kind of hostility each is. The value of the key `adversary` is a number
 * of this list.
 *
 * Number 0 is `none`. The next ones are the files of src/sim/adversaries, in the order of their
 * names: the build makes the list (src/sim/CMakeLists.txt), so a new file is all that a new
 * behaviour takes. Then come shared objects that were loaded, and mixtures, in the order in which
 * this process met them: a mixture is a behaviour whose adversaries are dealt to several others,
 * `drop:0.5,collude:0.5`, and is known by that text. */
#ifndef SKAD_SIM_SCENARIO_BEHAVIOURS_H
#define SKAD_SIM_SCENARIO_BEHAVIOURS_H

#include <stddef.h>
#include <stdint.h>

#include "src/sim/scenario/adversary_list.h" /* made by the build: SKAD_SIM_ADVERSARIES(X) */
#include "src/sim/scenario/reason.h"

/* What a behaviour is made of. It may be several of these. */
typedef enum skad_sim_trait {
    SKAD_SIM_LIES = 1,       /* its nodes answer falsely, late or not */
    SKAD_SIM_SENDS = 2,      /* its nodes send what no node of the core would, in turns */
    SKAD_SIM_ABSENT = 4,     /* its nodes are never up */
    SKAD_SIM_NEIGHBOURS = 8, /* they share the addresses of honest nodes, with ports of their own */
    SKAD_SIM_LIBRARIES = 16, /* half of the nodes have another library for signatures */
    SKAD_SIM_NAMES_DEAD = 32, /* it names dead IDs (world/graveyard.h) */
    SKAD_SIM_HAS_LINKS = 64,  /* it has a hand on links: their share is link_share */
    SKAD_SIM_WATCHES = 128,   /* it notes who asks for what (world/chains.h) */
} skad_sim_trait;

typedef struct skad_sim_behaviour {
    unsigned abi;       /* SKAD_ADVERSARY_ABI of world/adversary.h, ... */
    size_t world_bytes; /* ... and sizeof(skad_world), of the headers that it was built with */
    const char *name;
    const char *about; /* one line: what its nodes do */
    unsigned traits;   /* skad_sim_trait */
} skad_sim_behaviour;

#define SKAD_SIM_ENUM(upper, lower) SKAD_SIM_##upper,
enum skad_sim_behaviour_number {
    SKAD_SIM_HONEST,
    SKAD_SIM_ADVERSARIES(SKAD_SIM_ENUM) SKAD_SIM_BUILT_IN, /* how many there are */
};
#undef SKAD_SIM_ENUM

#define SKAD_SIM_BEHAVIOURS_MAX 512
#define SKAD_SIM_PARTS_MAX      8 /* of a mixture */

typedef struct skad_sim_part {
    const skad_sim_behaviour *of; /* the first member of a skad_adversary (world/adversary.h) */
    double share;                 /* of the adversaries; those of all parts add up to 1 */
    double from_s;                /* of the measured time; before, they do what honest nodes do, */
    double until_s;               /* and from then on again; 0: for ever */
} skad_sim_part;

/* Finds a behaviour by its name, or makes a mixture of `NAME:SHARE,NAME:SHARE`. A part may have a
 * phase, `NAME:SHARE@FROM` or `NAME:SHARE@FROM-UNTIL`, in seconds. False: *reason says why, in one
 * line. */
bool skad_sim_behaviour_find(const char *name, uint64_t *out,
                             char reason[static SKAD_SIM_REASON_BYTES]);

/* NULL behind the last. */
const skad_sim_behaviour *skad_sim_behaviour_at(uint64_t number);

/* What it consists of: itself alone, or the parts of a mixture. Returns how many. */
size_t skad_sim_behaviour_parts(uint64_t number, skad_sim_part out[static SKAD_SIM_PARTS_MAX]);

/* Adds a behaviour that was loaded, under a name of its own, which is copied. False: there is one
 * of that name, or no room. */
bool skad_sim_behaviour_add(const char *name, const skad_sim_behaviour *loaded, uint64_t *out,
                            char reason[static SKAD_SIM_REASON_BYTES]);

/* Loads the behaviour at a path, for names with a slash; the program sets it. Without one such
 * names are refused. */
typedef bool skad_sim_behaviour_loader(const char *path, uint64_t *out,
                                       char reason[static SKAD_SIM_REASON_BYTES]);
void skad_sim_behaviour_load_with(skad_sim_behaviour_loader *loader);

#endif
