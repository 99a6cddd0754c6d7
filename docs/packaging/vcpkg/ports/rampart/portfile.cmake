# An overlay port: it takes the sources that it lies in. In a registry vcpkg_from_github stands here instead.
get_filename_component(SOURCE_PATH "${CMAKE_CURRENT_LIST_DIR}/../../../../.." ABSOLUTE)

set(VCPKG_BUILD_TYPE release)  # there are headers only
vcpkg_check_features(OUT_FEATURE_OPTIONS options
  INVERTED_FEATURES
    doctest CMAKE_DISABLE_FIND_PACKAGE_doctest
    ranges CMAKE_DISABLE_FIND_PACKAGE_range-v3
    sqlite CMAKE_DISABLE_FIND_PACKAGE_SQLite3)
vcpkg_cmake_configure(SOURCE_PATH "${SOURCE_PATH}"
  OPTIONS ${options} -DRAMPART_BUILD_TESTS=OFF -DRAMPART_BUILD_EXAMPLES=OFF)
vcpkg_cmake_install()
vcpkg_cmake_config_fixup(CONFIG_PATH lib/cmake/rampart)
vcpkg_fixup_pkgconfig()
file(REMOVE_RECURSE "${CURRENT_PACKAGES_DIR}/lib")
vcpkg_install_copyright(FILE_LIST "${SOURCE_PATH}/LICENSE")
