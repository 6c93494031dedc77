/* The version of skad. The first number rises with changes after which programs or peers of before
 * no longer fit; docs/abi.md has what the SONAME of the library means. */
#ifndef SKAD_VERSION_H
#define SKAD_VERSION_H

#define SKAD_VERSION "0.1.0" /* of these headers; CMakeLists.txt reads it here */

#include "skad/compiler.h"

SKAD_BEGIN

/* Returns the version of the library that runs, "MAJOR.MINOR.PATCH", static storage. */
const char *skad_version(void);

SKAD_END

#endif
