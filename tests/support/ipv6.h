/* Whether this machine has IPv6, at least with itself: containers often lack it. */
#ifndef SKAD_TESTS_IPV6_H
#define SKAD_TESTS_IPV6_H

#include <stdbool.h>

bool test_has_ipv6(void);

#endif
