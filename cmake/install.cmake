# cmake --install build --prefix X: the command, the library for programs that embed it, and the manual.
install(TARGETS skad_cli skad_gateway_program skad_sim_modelled skad_sim_real RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
install(TARGETS skad_shared LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(FILES ${skad_archive} DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(DIRECTORY include/skad DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} FILES_MATCHING PATTERN "*.h")
install(FILES docs/skad.1 docs/skad-sim.1 DESTINATION ${CMAKE_INSTALL_MANDIR}/man1)
install(FILES docs/skad.conf.5 DESTINATION ${CMAKE_INSTALL_MANDIR}/man5)
install(FILES docs/skad-run.8 DESTINATION ${CMAKE_INSTALL_MANDIR}/man8)

# skad-protocol(7) is proto/PROTOCOL.md; the scripts that complete command lines come out of skad's tables.
add_custom_command(OUTPUT skad-protocol.7
  COMMAND awk -v name=skad-protocol -v section=7 -v "title=the wire protocol of skad" -v version=${PROJECT_VERSION}
          -f ${PROJECT_SOURCE_DIR}/cmake/md2man.awk ${PROJECT_SOURCE_DIR}/proto/PROTOCOL.md > skad-protocol.7
  DEPENDS ${PROJECT_SOURCE_DIR}/cmake/md2man.awk ${PROJECT_SOURCE_DIR}/proto/PROTOCOL.md VERBATIM)
add_custom_command(OUTPUT completion/skad.bash completion/skad.zsh completion/skad.fish
  COMMAND ${CMAKE_COMMAND} -E make_directory completion
  COMMAND skad_cli completion bash > completion/skad.bash
  COMMAND skad_cli completion zsh > completion/skad.zsh
  COMMAND skad_cli completion fish > completion/skad.fish
  DEPENDS skad_cli VERBATIM)
add_custom_target(manual ALL DEPENDS skad-protocol.7 completion/skad.bash)
set(built ${CMAKE_CURRENT_BINARY_DIR})
install(FILES ${built}/skad-protocol.7 DESTINATION ${CMAKE_INSTALL_MANDIR}/man7)
install(FILES ${built}/completion/skad.bash DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions
        RENAME skad)
install(FILES ${built}/completion/skad.zsh DESTINATION ${CMAKE_INSTALL_DATADIR}/zsh/vendor-completions
        RENAME _skad)
install(FILES ${built}/completion/skad.fish DESTINATION ${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d)
install(CODE "execute_process(COMMAND sh \"${PROJECT_SOURCE_DIR}/cmake/install-docs.sh\" \"${PROJECT_SOURCE_DIR}\"
  \"\$ENV{DESTDIR}\${CMAKE_INSTALL_PREFIX}/${CMAKE_INSTALL_DOCDIR}\" COMMAND_ERROR_IS_FATAL ANY)")

# The paths in skad.pc are relative to the file, so that any --prefix works.
file(RELATIVE_PATH SKAD_PC_PREFIX
  ${CMAKE_INSTALL_FULL_LIBDIR}/pkgconfig ${CMAKE_INSTALL_PREFIX})
include(CMakePackageConfigHelpers)
configure_package_config_file(${CMAKE_CURRENT_LIST_DIR}/skad-config.cmake.in
  ${CMAKE_CURRENT_BINARY_DIR}/skad-config.cmake INSTALL_DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/skad
  PATH_VARS CMAKE_INSTALL_INCLUDEDIR CMAKE_INSTALL_LIBDIR)
write_basic_package_version_file(${CMAKE_CURRENT_BINARY_DIR}/skad-config-version.cmake
  COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/skad-config.cmake ${CMAKE_CURRENT_BINARY_DIR}/skad-config-version.cmake
        DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/skad)
configure_file(${CMAKE_CURRENT_LIST_DIR}/skad.pc.in ${CMAKE_CURRENT_BINARY_DIR}/skad.pc @ONLY)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/skad.pc
        DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)

# The service: systemd looks below any prefix of its own, lib/ whatever the other libraries' folder is.
configure_file(${PROJECT_SOURCE_DIR}/packaging/systemd/skad.service.in
               ${CMAKE_CURRENT_BINARY_DIR}/skad.service @ONLY)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/skad.service DESTINATION lib/systemd/system)
install(FILES packaging/systemd/skad.sysusers DESTINATION lib/sysusers.d RENAME skad.conf)
install(FILES packaging/systemd/skad.tmpfiles DESTINATION lib/tmpfiles.d RENAME skad.conf)

# The reference of the public headers, as HTML.
find_program(DOXYGEN doxygen)
if(DOXYGEN)
  configure_file(${CMAKE_CURRENT_LIST_DIR}/Doxyfile.in ${CMAKE_CURRENT_BINARY_DIR}/Doxyfile @ONLY)
  add_custom_target(reference COMMAND ${DOXYGEN} ${CMAKE_CURRENT_BINARY_DIR}/Doxyfile
                    COMMENT "Writing reference/html" VERBATIM)
endif()
