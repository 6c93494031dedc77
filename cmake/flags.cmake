# Warnings, hardening and instrumentation for every target.
add_compile_options(
  -Wall -Wextra -Wpedantic -Wconversion -Wsign-conversion -Wshadow -Wstrict-prototypes
  -Wmissing-prototypes -Wcast-qual -Wundef -Wvla -Wformat=2 -Wswitch-enum
  -fno-strict-aliasing -fstack-protector-strong -fvisibility=hidden
  # What is public (include/skad) may be inlined within the library all the same.
  -fno-semantic-interposition)
if(SKAD_WERROR)
  add_compile_options(-Werror)
endif()
if(CMAKE_BUILD_TYPE STREQUAL "RelWithDebInfo" AND NOT SKAD_SANITIZE)
  add_compile_options(-D_FORTIFY_SOURCE=2)
  add_link_options(-Wl,-z,relro -Wl,-z,now)
endif()
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
# Assertions state bugs of ours and stay in release builds (SKAD_ASSERT); -DNDEBUG is never used.
set(CMAKE_C_FLAGS_RELWITHDEBINFO "-O2 -g")
set(CMAKE_C_FLAGS_RELEASE "-O2")
# The inner loops of the core and of the simulator gain a tenth from -O3, and an eighth more from
# optimising across files, which gcc does when it links. crypto is excluded, because the
# simulator's linker replaces its functions. Objects hold machine code, too, so
# that a hundred tests can be linked as usual, in a fraction of the time.
if(CMAKE_BUILD_TYPE STREQUAL "RelWithDebInfo" AND NOT SKAD_SANITIZE)
  set(SKAD_HOT_OPTIONS -O3)
  set(SKAD_WHOLE_OPTIONS -O3)
  if(CMAKE_C_COMPILER_ID STREQUAL "GNU")
    list(APPEND SKAD_WHOLE_OPTIONS -flto=auto -ffat-lto-objects)
    add_link_options(-flto=auto)
    set(SKAD_PLAIN_PROGRAM -fno-lto) # wherever it stands among the link options, it wins
  endif()
endif()
if(SKAD_SANITIZE)
  add_compile_options(-fsanitize=${SKAD_SANITIZE} -fno-omit-frame-pointer
                      -fno-sanitize-recover=all
                      -ftrivial-auto-var-init=pattern) # no forgotten member is 0 by chance
  add_link_options(-fsanitize=${SKAD_SANITIZE})
endif()
if(SKAD_COVERAGE)
  add_compile_options(--coverage -fprofile-update=atomic -O0) # threads count, too
  add_link_options(--coverage)
  # Where one thread runs all, plain counters are exact, and simulations take a quarter of the time.
  set(SKAD_COUNTS_ALONE -fprofile-update=single)
endif()
