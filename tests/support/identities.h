/* Identities for tests, the same in every run: number n is derived from n alone. So are targets. */
#ifndef SKAD_TESTS_IDENTITIES_H
#define SKAD_TESTS_IDENTITIES_H

#include "skad/identity.h"
#include "skad/record.h"

/* Wall-clock time at which all tests begin, in the middle of an epoch of the test profile. */
#define TEST_UNIX_S 1800000000ULL

/* An identity that satisfies the profile, with the nonce of TEST_UNIX_S's epoch. Meant for puzzles
 * of a few bits: it tries seeds one after the other. */
skad_identity test_identity(const skad_profile *profile, uint32_t number);

/* The nonce of an epoch, by trying from 0. */
skad_puzzle_nonce test_nonce(const skad_profile *profile, const skad_id *id, uint32_t epoch);

/* Target number n of a lookup: the key of its four bytes. */
skad_id test_target(uint32_t number);

/* The profile `test` with plain hashes for identities: the network of fixtures and of simulated
 * networks, whose senders prove their identities with each datagram. And a publisher in it. */
const skad_profile *test_plain_profile(void);
skad_publisher test_plain_publisher(const skad_identity *identity);

#endif
