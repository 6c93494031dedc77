/* Whether a node of a profile may use what lies in a folder, before it makes or changes anything:
 * the database and the peers may be another network's or another version's, and the folder may not
 * be writable. Nothing is set aside for such a reason, so that no slip of an operator costs data.
 */
#ifndef SKAD_DAEMON_STATE_FOLDER_CHECK_H
#define SKAD_DAEMON_STATE_FOLDER_CHECK_H

#include "skad/profile.h"
#include "src/host/state/data_directory.h"

/* On failure one sentence says what to do. Forks for a moment, so call it before there are
 * threads. */
SKAD_MUST_CHECK bool skad_folder_check(const skad_data_directory *directory,
                                       const skad_profile *profile, skad_failure *failure);

#endif
