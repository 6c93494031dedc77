/* What the headers need of a compiler: C11 to C23, and C++17. Every header that declares functions
 * begins with SKAD_BEGIN and ends with SKAD_END. */
#ifndef SKAD_COMPILER_H
#define SKAD_COMPILER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* SKAD_BEGIN: what follows has C linkage, and can be seen from outside the library. */
#ifdef __cplusplus
#include <atomic>
#define SKAD_BEGIN                                                                                 \
    extern "C" {                                                                                   \
    _Pragma("GCC visibility push(default)")
#define SKAD_END                                                                                   \
    _Pragma("GCC visibility pop")                                                                  \
    }
#define SKAD_AT_LEAST(count) /* C++ has no such promise */
typedef std::atomic<bool> skad_flag;
#else
#include <stdatomic.h>
#define SKAD_BEGIN           _Pragma("GCC visibility push(default)")
#define SKAD_END             _Pragma("GCC visibility pop")
#define SKAD_AT_LEAST(count) static count /* an array parameter has so many elements */
typedef atomic_bool skad_flag;
#endif

/* The result may not be ignored. */
#define SKAD_MUST_CHECK __attribute__((warn_unused_result))

#endif
