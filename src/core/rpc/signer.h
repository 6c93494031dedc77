/* What a node signs with: its key, its network, and the nonce of the dynamic puzzle. */
#ifndef SKAD_RPC_SIGNER_H
#define SKAD_RPC_SIGNER_H

#include "proto/seal.h"
#include "src/core/base/env.h"

/* Returns the nonce to sign with: that of this epoch, or a neighbouring epoch's while ours is not
 * solved. */
const skad_puzzle_nonce *skad_signer_nonce(const skad_env *env);

/* Returns what skad_seal and skad_draft_write need; it borrows from the environment. */
skad_sealer skad_signer_sealer(const skad_env *env);

#endif
