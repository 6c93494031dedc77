#include "src/core/rpc/signer.h"

#include "proto/profile.h"

const skad_puzzle_nonce *skad_signer_nonce(const skad_env *env)
{
    const skad_identity *identity = &env->identity;
    uint32_t epoch = skad_profile_epoch(&env->profile, env->now.unix_s);
    const skad_puzzle_nonce *nonce = skad_identity_nonce(identity, epoch);
    if (nonce == NULL) {
        nonce = skad_identity_nonce(identity, epoch - 1); /* peers accept it still */
    }
    return nonce != NULL ? nonce : &identity->nonces[0];
}

skad_sealer skad_signer_sealer(const skad_env *env)
{
    return (skad_sealer){
        .identity = &env->identity,
        .nonce = skad_signer_nonce(env),
        .network_key = env->network_key,
    };
}
