# Conan 2: conan create docs/packaging/conan
import os
import re

from conan import ConanFile
from conan.errors import ConanInvalidConfiguration
from conan.tools.build import check_min_cppstd
from conan.tools.files import copy, load

ROOT = os.path.join("..", "..", "..")


class RampartConan(ConanFile):
    name = "rampart"
    description = "Safety tests for AI agents: no result is lost, and no run is green by accident"
    license = "MIT"
    topics = ("testing", "ai-safety", "doctest", "header-only")
    package_type = "header-library"
    settings = "os", "arch", "compiler", "build_type"
    options = {"with_doctest": [True, False], "with_sqlite": [True, False]}
    default_options = {"with_doctest": True, "with_sqlite": False}
    no_copy_source = True

    def set_version(self):
        header = load(self, os.path.join(self.recipe_folder, ROOT, "include", "rampart", "version.hpp"))
        self.version = re.search('#define RAMPART_VERSION "(.*)"', header).group(1)

    def export_sources(self):
        for pattern in ("include/*", "LICENSE"):
            copy(self, pattern, os.path.join(self.recipe_folder, ROOT), self.export_sources_folder)

    def requirements(self):
        # Boost.JSON's code comes in with the suite's main file, so that Boost's headers are enough.
        self.requires("boost/[>=1.81 <2]", headers=True, libs=False, transitive_headers=True)
        if self.options.with_doctest:
            self.requires("doctest/[>=2.4.9 <3]", transitive_headers=True)
        if self.options.with_sqlite:
            self.requires("sqlite3/[>=3.38 <4]", transitive_headers=True, transitive_libs=True)

    def validate(self):
        check_min_cppstd(self, 20)
        if self.settings.os == "Windows":
            raise ConanInvalidConfiguration("rampart needs a POSIX system")

    def package_id(self):
        self.info.clear()

    def package(self):
        copy(self, "LICENSE", self.source_folder, os.path.join(self.package_folder, "licenses"))
        copy(self, "*", os.path.join(self.source_folder, "include"), os.path.join(self.package_folder, "include"))

    def package_info(self):
        self.cpp_info.set_property("cmake_file_name", "rampart")
        self.cpp_info.set_property("pkg_config_name", "rampart")
        self.cpp_info.set_property(
            "cmake_build_modules", [os.path.join("include", "rampart", "doctest", "discover_tests.cmake")])
        self._component("core", "rampart::rampart", ["boost::headers"])
        self.cpp_info.components["core"].includedirs = ["include"]
        if self.settings.os in ("Linux", "FreeBSD"):
            self.cpp_info.components["core"].system_libs = ["pthread"]
        self._component("dist", "rampart::dist", ["core"])
        if self.options.with_doctest:
            self._component("doctest", "rampart::doctest", ["core", "doctest::doctest"])
        if self.options.with_sqlite:
            self._component("sqlite", "rampart::sqlite", ["core", "sqlite3::sqlite3"])
            self.cpp_info.components["sqlite"].defines = ["RAMPART_WITH_SQLITE"]

    def _component(self, name, target, requires):
        component = self.cpp_info.components[name]
        component.set_property("cmake_target_name", target)
        component.requires = requires
        component.bindirs = []
        component.libdirs = []
        if name != "core":
            component.includedirs = []
