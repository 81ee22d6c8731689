# The installed tree: bin/, lib/llamahome/, share/. It can be moved; nothing in it names an absolute path.
# share/llamahome/ has the same folders below it as the source tree: .config/ and resources/samples/.
# lib/ on every distribution: openEngine() looks for ../lib/llamahome from the program.
set(CMAKE_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS
    OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)
set(generated "${CMAKE_BINARY_DIR}/generated")
set(desktop "${PROJECT_SOURCE_DIR}/packaging/desktop")

install(TARGETS llamahome RUNTIME DESTINATION bin)
install(TARGETS llamahome_window RUNTIME DESTINATION lib/llamahome)
install(TARGETS llamahome_network llamahome_keychain LIBRARY DESTINATION lib/llamahome)
install(DIRECTORY .config DESTINATION share/llamahome)
install(DIRECTORY resources/samples DESTINATION share/llamahome/resources)

# Manual page and completions come out of the program itself, so they cannot differ from it.
set(from_program)
function(llamahome_prints path)
    cmake_path(GET path PARENT_PATH folder)
    add_custom_command(OUTPUT "${generated}/${path}"
        COMMAND "${CMAKE_COMMAND}" -E make_directory "${generated}/${folder}"
        COMMAND llamahome ${ARGN} > "${generated}/${path}"
        DEPENDS llamahome VERBATIM COMMENT "Printing ${path}")
    set(from_program ${from_program} "${generated}/${path}" PARENT_SCOPE)
endfunction()
llamahome_prints(man/llamahome.1 man-page)
llamahome_prints(bash/llamahome completion bash)
llamahome_prints(zsh/_llamahome completion zsh)
llamahome_prints(fish/llamahome.fish completion fish)
add_custom_command(OUTPUT "${generated}/man/llamahome.1.gz"
    COMMAND gzip -9nkf "${generated}/man/llamahome.1"
    DEPENDS "${generated}/man/llamahome.1" VERBATIM)
add_custom_target(llamahome_generated ALL DEPENDS ${from_program} "${generated}/man/llamahome.1.gz")
install(FILES "${generated}/man/llamahome.1.gz" DESTINATION share/man/man1)
install(FILES "${generated}/bash/llamahome" DESTINATION share/bash-completion/completions)
install(FILES "${generated}/zsh/_llamahome" DESTINATION share/zsh/vendor-completions)
install(FILES "${generated}/fish/llamahome.fish" DESTINATION share/fish/vendor_completions.d)

# What the desktop needs to know. Releases are the dated headings of the changelog: ## [0.1.0] - 2026-01-31.
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS CHANGELOG.md)
file(STRINGS CHANGELOG.md headings REGEX "^## .[0-9.]+. - [0-9-]+$")
set(LLAMAHOME_RELEASES)
foreach(heading IN LISTS headings)
    string(REGEX REPLACE "^## .([0-9.]+). - ([0-9-]+)$" "    <release version=\"\\1\" date=\"\\2\"/>\n"
        release "${heading}")
    string(APPEND LLAMAHOME_RELEASES "${release}")
endforeach()
if(LLAMAHOME_RELEASES)
    set(LLAMAHOME_RELEASES "  <releases>\n${LLAMAHOME_RELEASES}  </releases>\n")
endif()
configure_file("${desktop}/llamahome.metainfo.xml.in" "${generated}/llamahome.metainfo.xml" @ONLY)
install(FILES "${desktop}/llamahome.desktop" DESTINATION share/applications)
install(FILES "${generated}/llamahome.metainfo.xml" DESTINATION share/metainfo)
install(FILES "${desktop}/llamahome-mime.xml" DESTINATION share/mime/packages RENAME llamahome.xml)
install(FILES resources/icons/llamahome.svg DESTINATION share/icons/hicolor/scalable/apps)
install(FILES "${desktop}/llamahome-symbolic.svg" DESTINATION share/icons/hicolor/symbolic/apps)

set(doc share/doc/llamahome)
install(FILES README.md CHANGELOG.md LICENSE LICENSE-ADDITIONAL-PERMISSION
    resources/third_party/NOTICES.md packaging/debian/copyright DESTINATION ${doc})
install(DIRECTORY docs/manual DESTINATION ${doc}/docs) # where README.md links to it

if(NOT LLAMAHOME_BUILD_ENGINE)
    return()
endif()
set_target_properties(llamahome_engine PROPERTIES INSTALL_RPATH "$ORIGIN")
install(TARGETS llamahome_engine llamahome_cudart_stand_in llamahome_cupti_stand_in
    LIBRARY DESTINATION lib/llamahome)
install(FILES
    "$<TARGET_FILE:llamahome_torch_cpu>" "$<TARGET_FILE:llamahome_c10>" "$<TARGET_FILE:llamahome_gomp>"
    DESTINATION lib/llamahome)
# The installed copies lose their symbol tables (a fifth of their size) and the wheel's search paths.
install(CODE "set(strip \"${CMAKE_STRIP}\")")
install(CODE [[
    set(folder "$ENV{DESTDIR}${CMAKE_INSTALL_PREFIX}/lib/llamahome")
    foreach(library IN ITEMS libtorch_cpu.so libc10.so libgomp.so.1)
        message(STATUS "Stripping: ${folder}/${library}")
        execute_process(COMMAND "${strip}" --strip-unneeded --preserve-dates "${folder}/${library}"
            COMMAND_ERROR_IS_FATAL ANY)
        file(RPATH_SET FILE "${folder}/${library}" NEW_RPATH "$ORIGIN")
    endforeach()]])
install(DIRECTORY "${LLAMAHOME_LIBTORCH_LICENSES}/" DESTINATION ${doc}/libtorch OPTIONAL)
install(DIRECTORY resources/third_party/onemkl DESTINATION ${doc})
