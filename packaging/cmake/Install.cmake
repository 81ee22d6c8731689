# The installed tree: bin/, lib/llamahome/, share/llamahome/. It can be moved; nothing in it names an absolute
# path. share/llamahome/ has the same folders below it as the source tree: .config/ and resources/samples/.
# lib/ on every distribution: openEngine() looks for ../lib/llamahome from the program.
install(TARGETS llamahome RUNTIME DESTINATION bin)
install(DIRECTORY .config DESTINATION share/llamahome)
install(DIRECTORY resources/samples DESTINATION share/llamahome/resources)
install(FILES LICENSE resources/third_party/NOTICES.md DESTINATION share/doc/llamahome)

if(LLAMAHOME_BUILD_ENGINE)
    set_target_properties(llamahome_engine PROPERTIES INSTALL_RPATH "$ORIGIN")
    install(TARGETS llamahome_engine llamahome_cudart_stand_in llamahome_cupti_stand_in
        LIBRARY DESTINATION lib/llamahome)
    install(PROGRAMS
        "$<TARGET_FILE:llamahome_torch_cpu>" "$<TARGET_FILE:llamahome_c10>" "$<TARGET_FILE:llamahome_gomp>"
        DESTINATION lib/llamahome)
    install(DIRECTORY "${LLAMAHOME_LIBTORCH_LICENSES}/" DESTINATION share/doc/llamahome/libtorch OPTIONAL)
endif()
