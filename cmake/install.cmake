# SPDX-License-Identifier: Apache-2.0
include(CMakePackageConfigHelpers)

set(swprune_config_dir "${CMAKE_INSTALL_LIBDIR}/cmake/swprune")

install(DIRECTORY include/swprune TYPE INCLUDE FILES_MATCHING PATTERN "*.hpp" PATTERN "*.h" PATTERN "*.def")
install(TARGETS swprune EXPORT swprune-targets)
install(EXPORT swprune-targets NAMESPACE swprune:: DESTINATION "${swprune_config_dir}")
install(FILES LICENSE DESTINATION "${CMAKE_INSTALL_DOCDIR}")

configure_package_config_file(cmake/swprune-config.cmake.in "${PROJECT_BINARY_DIR}/swprune-config.cmake"
                              INSTALL_DESTINATION "${swprune_config_dir}")
# Headers only: one package serves every architecture. Before 1.0 a minor version may break.
write_basic_package_version_file("${PROJECT_BINARY_DIR}/swprune-config-version.cmake"
                                 COMPATIBILITY SameMinorVersion ARCH_INDEPENDENT)
install(FILES "${PROJECT_BINARY_DIR}/swprune-config.cmake"
              "${PROJECT_BINARY_DIR}/swprune-config-version.cmake"
        DESTINATION "${swprune_config_dir}")
