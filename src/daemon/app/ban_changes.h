/* Which bans began and which ended since the last look, for clients that subscribed to events. */
#ifndef SKAD_DAEMON_APP_BAN_CHANGES_H
#define SKAD_DAEMON_APP_BAN_CHANGES_H

#include "skad/node.h"

#define SKAD_BAN_CHANGES_MAX 256 /* bans of a node */

/* All zero is one that has seen nothing. */
typedef struct skad_ban_changes {
    skad_ban seen[SKAD_BAN_CHANGES_MAX];
    size_t count;
} skad_ban_changes;

/* Calls `tell` for each ban that began or ended since the last look. A ban that was prolonged, or
 * given another reason, is no change. */
void skad_ban_changes_look(skad_ban_changes *self, const skad_ban *now, size_t count,
                           void (*tell)(void *user, const skad_ban *ban, bool began), void *user);

#endif
