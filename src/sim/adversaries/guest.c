/* guest: a newcomer that does what honest nodes do, and asks for nothing. With arrival_per_s and
 * leave_at_s guests are a flash join: what a crowd of newcomers does to a network, before any of
 * them is hostile. */
#include "src/sim/world/adversary.h"

SKAD_ADVERSARY(guest) = {
    .is = SKAD_ADVERSARY_IS("guest", "does what honest nodes do; for crowds of newcomers", 0),
};
