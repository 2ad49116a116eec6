# SPDX-License-Identifier: Apache-2.0
include(CMakePackageConfigHelpers)

set(swprune_config_dir "${CMAKE_INSTALL_LIBDIR}/cmake/swprune")

install(DIRECTORY include/swprune TYPE INCLUDE FILES_MATCHING PATTERN "*.hpp" PATTERN "*.def"
        PATTERN "*.h")
install(TARGETS swprune EXPORT swprune-targets)
install(EXPORT swprune-targets NAMESPACE swprune:: DESTINATION "${swprune_config_dir}")
# What swprune_add_accelerator() needs: the RTL and how it is simulated.
install(DIRECTORY rtl DESTINATION "${CMAKE_INSTALL_DATADIR}/swprune")
install(DIRECTORY sim/include sim/src DESTINATION "${CMAKE_INSTALL_DATADIR}/swprune/sim"
        PATTERN make_device.cpp EXCLUDE PATTERN make_mutant.cpp EXCLUDE)
install(FILES sim/accelerator.cmake sim/verilate_model.cmake sim/swp_sim_top.sv
        DESTINATION "${CMAKE_INSTALL_DATADIR}/swprune/sim")
install(FILES LICENSE DESTINATION "${CMAKE_INSTALL_DOCDIR}")

configure_package_config_file(cmake/swprune-config.cmake.in "${PROJECT_BINARY_DIR}/swprune-config.cmake"
                              INSTALL_DESTINATION "${swprune_config_dir}"
                              PATH_VARS CMAKE_INSTALL_DATADIR)
# Headers only: one package serves every architecture. Before 1.0 a minor version may break.
write_basic_package_version_file("${PROJECT_BINARY_DIR}/swprune-config-version.cmake"
                                 COMPATIBILITY SameMinorVersion ARCH_INDEPENDENT)
install(FILES "${PROJECT_BINARY_DIR}/swprune-config.cmake"
              "${PROJECT_BINARY_DIR}/swprune-config-version.cmake"
        DESTINATION "${swprune_config_dir}")
