# Every test of a suite as a test of CTest's, in the manner of gtest_discover_tests:
#
#   rampart_discover_tests(<target>
#     [TEST_PREFIX <text>] [TEST_SUFFIX <text>]   around the test's id, which is its name for CTest
#     [EXTRA_ARGS <word>...]                      for the program, when it lists its tests and when it runs them
#     [WORKING_DIRECTORY <folder>]                where both happen; CMAKE_CURRENT_BINARY_DIR unless said otherwise
#     [PROPERTIES <name> <value>...]              of each test; LABELS and RESOURCE_LOCK are added to those below
#     [SHARED <resource>...]                      resources that several tests may use at the same time
#     [TEST_LIST <variable>]                      the names, for files in TEST_INCLUDE_FILES; <target>_TESTS if not given
#     [DISCOVERY_TIMEOUT <seconds>])              for the program to list its tests; 60 if not given
#
# Once the target is built, its program runs once and lists its tests. A test that declares rampart::uses("docker") has
# the label uses-docker and the lock docker, unless docker is among SHARED; rampart::harm("jailbreak") gives the label
# harm-jailbreak; tests of rampart::group("g") have the lock group-g. What doctest skips is DISABLED. A test with trials
# is one test. Needs CMake 3.20, and of rampart nothing but this file.

if(CMAKE_VERSION VERSION_LESS 3.20)
  message(FATAL_ERROR "rampart_discover_tests needs CMake 3.20 or newer; this is ${CMAKE_VERSION}")
endif()
cmake_policy(PUSH)
cmake_policy(VERSION 3.20...3.25)

function(rampart_discover_tests target)
  set(one TEST_PREFIX TEST_SUFFIX WORKING_DIRECTORY TEST_LIST DISCOVERY_TIMEOUT)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "${one}" "EXTRA_ARGS;PROPERTIES;SHARED")
  set(where "rampart_discover_tests(${target})")
  if(arg_UNPARSED_ARGUMENTS)
    message(FATAL_ERROR "${where}: what is '${arg_UNPARSED_ARGUMENTS}'?")
  endif()
  if(NOT TARGET ${target})
    message(FATAL_ERROR "${where}: there is no such target")
  endif()
  get_target_property(type ${target} TYPE)
  get_target_property(imported ${target} IMPORTED)
  if(NOT type STREQUAL "EXECUTABLE" OR imported)
    message(FATAL_ERROR "${where}: it has to be a program that this project builds")
  endif()
  list(LENGTH arg_PROPERTIES count)
  math(EXPR odd "${count} % 2")
  if(odd)
    message(FATAL_ERROR "${where}: PROPERTIES takes names and values in turn")
  endif()
  foreach(word IN LISTS arg_EXTRA_ARGS)
    # Each process runs one test: a part of it would be nothing, and green.
    if(word MATCHES "^--rampart-(shard|test|list|merge)=")
      message(FATAL_ERROR "${where}: '${word}' cannot stand among EXTRA_ARGS: each test of CTest's is one test, whole")
    endif()
  endforeach()
  foreach(name IN ITEMS EXTRA_ARGS PROPERTIES SHARED)
    string(REGEX REPLACE "[^[]" "" opening "${arg_${name}}")
    string(REGEX REPLACE "[^]]" "" closing "${arg_${name}}")
    string(LENGTH "${opening}" opening)
    string(LENGTH "${closing}" closing)
    if(NOT opening EQUAL closing)
      message(FATAL_ERROR "${where}: a bracket without a partner stands in ${name}; CMake's lists cannot hold it")
    endif()
  endforeach()
  if(NOT arg_DISCOVERY_TIMEOUT)
    set(arg_DISCOVERY_TIMEOUT 60)
  endif()
  if(NOT arg_WORKING_DIRECTORY)
    set(arg_WORKING_DIRECTORY "${CMAKE_CURRENT_BINARY_DIR}")
  elseif(NOT arg_WORKING_DIRECTORY MATCHES "^\\$<")
    get_filename_component(arg_WORKING_DIRECTORY "${arg_WORKING_DIRECTORY}" ABSOLUTE
      BASE_DIR "${CMAKE_CURRENT_BINARY_DIR}")
  endif()
  if(NOT arg_TEST_LIST)
    set(arg_TEST_LIST ${target}_TESTS)
  endif()

  # A target may have several calls.
  get_property(number TARGET ${target} PROPERTY RAMPART_DISCOVERED)
  math(EXPR number "0${number} + 1")
  set_property(TARGET ${target} PROPERTY RAMPART_DISCOVERED ${number})
  set(base "${CMAKE_CURRENT_BINARY_DIR}/${target}_rampart_${number}")

  # The settings go through a file: a command line would take them apart. Its hash in the command makes what is built
  # stale when they change.
  get_property(emulator TARGET ${target} PROPERTY CROSSCOMPILING_EMULATOR)
  set(settings "# Written by CMake: how the tests of ${target} are found.\ncmake_policy(VERSION 3.20...3.25)\n")
  foreach(name IN ITEMS TEST_PREFIX TEST_SUFFIX EXTRA_ARGS WORKING_DIRECTORY PROPERTIES SHARED TEST_LIST
      DISCOVERY_TIMEOUT)
    string(APPEND settings "set(${name} [========[${arg_${name}}]========])\n")
  endforeach()
  string(APPEND settings
    "set(TARGET [========[${target}]========])\n"
    "set(EMULATOR [========[${emulator}]========])\n"
    "set(PROGRAM [========[$<TARGET_FILE:${target}>]========])\n"
    "set(TESTS_FILE [========[${base}-$<LOWER_CASE:$<CONFIG>>-tests.cmake]========])\n"
    "set(RAMPART_DISCOVER_NOW TRUE)\n"
    "include([========[${CMAKE_CURRENT_FUNCTION_LIST_FILE}]========])\n")
  file(GENERATE OUTPUT "${base}-$<LOWER_CASE:$<CONFIG>>.cmake" CONTENT "${settings}")
  file(SHA1 "${CMAKE_CURRENT_FUNCTION_LIST_FILE}" script)
  string(SHA1 hash "${script}${settings}")
  add_custom_command(TARGET ${target} POST_BUILD
    BYPRODUCTS "${base}-$<LOWER_CASE:$<CONFIG>>-tests.cmake"
    COMMAND "${CMAKE_COMMAND}" -D "settings=${hash}" -P "${base}-$<LOWER_CASE:$<CONFIG>>.cmake"
    COMMENT "Finding the tests of ${target}" VERBATIM)

  # What CTest includes. Without -C a build of several configurations has no tests that could be meant.
  get_property(is_multi GLOBAL PROPERTY GENERATOR_IS_MULTI_CONFIG)
  if(is_multi)
    set(config "string(TOLOWER \"\${CTEST_CONFIGURATION_TYPE}\" rampart_config)\n")
  else()
    string(TOLOWER "${CMAKE_BUILD_TYPE}" config)
    set(config "set(rampart_config \"${config}\")\n")
  endif()
  file(WRITE "${base}-include.cmake"
    "${config}"
    "set(rampart_tests \"${base}-\${rampart_config}-tests.cmake\")\n"
    "if(EXISTS \"\${rampart_tests}\")\n"
    "  include(\"\${rampart_tests}\")\n"
    "else()\n"
    "  add_test(${target}_NOT_BUILT ${target}_NOT_BUILT)\n"
    "endif()\n")
  set_property(DIRECTORY APPEND PROPERTY TEST_INCLUDE_FILES "${base}-include.cmake")
endfunction()

# ---- what runs when the target has been built --------------------------------------------------------------------------

# A text as a quoted argument of CMake's language, for any bytes but NUL. (A bracket argument would make CR LF to LF.)
function(rampart_quote out text)
  string(REPLACE "\\" "\\\\" text "${text}")
  string(REPLACE "\"" "\\\"" text "${text}")
  string(REPLACE "$" "\\$" text "${text}")
  string(REPLACE "@" "\\@" text "${text}")
  string(REPLACE "\r" "\\r" text "${text}")
  set(${out} "\"${text}\"" PARENT_SCOPE)
endfunction()

# Adds a word to a list of labels or locks. CTest cannot hold every text there: what it cannot is told, with its test.
function(rampart_add_word list word test)
  string(REGEX REPLACE "\\[[^][]*\\]" "" rest "${word}")  # as in [::1]:80
  if(rest MATCHES "[][]" OR word MATCHES "[;\\\n\r]")
    message(FATAL_ERROR "rampart_discover_tests: the test '${test}' is marked with '${word}'; no label or lock of CTest's "
      "can have semicolons, backslashes, line ends, or a bracket without a partner")
  endif()
  if(NOT "${word}" IN_LIST ${list})
    list(APPEND ${list} "${word}")
  endif()
  set(${list} "${${list}}" PARENT_SCOPE)
endfunction()

# Gives what the test declares in a member that is a text or null.
function(rampart_mark out json member)
  string(JSON type TYPE "${json}" ${member})
  set(value "")
  if(type STREQUAL "STRING")
    string(JSON value GET "${json}" ${member})
  endif()
  set(${out} "${value}" PARENT_SCOPE)
endfunction()

# The lines of CMake's language for one test, from its line of the list.
function(rampart_lines_of_test out name_out json)
  string(JSON id GET "${json}" id)
  # CTest's own files have a test's name on a line.
  set(name "${TEST_PREFIX}${id}${TEST_SUFFIX}")
  string(REPLACE "\n" "\\n" name "${name}")
  string(REPLACE "\r" "\\r" name "${name}")
  set(labels "")
  set(locks "")
  string(JSON last LENGTH "${json}" uses)
  math(EXPR last "${last} - 1")
  if(last GREATER_EQUAL 0)
    foreach(i RANGE ${last})
      string(JSON resource GET "${json}" uses ${i})
      rampart_add_word(labels "uses-${resource}" "${id}")
      if(NOT "${resource}" IN_LIST SHARED)
        rampart_add_word(locks "${resource}" "${id}")
      endif()
    endforeach()
  endif()
  rampart_mark(harm "${json}" harm_category)
  if(NOT harm STREQUAL "")
    rampart_add_word(labels "harm-${harm}" "${id}")
  endif()
  rampart_mark(group "${json}" group)
  if(NOT group STREQUAL "")
    rampart_add_word(locks "group-${group}" "${id}")
  endif()

  set(words "")
  foreach(word IN LISTS EMULATOR PROGRAM)
    rampart_quote(word "${word}")
    string(APPEND words " ${word}")
  endforeach()
  # The part that an engine's variables name is none of a single test.
  rampart_quote(word "--rampart-test=${id}")
  string(APPEND words " ${word} --rampart-shard=1/1")
  foreach(word IN LISTS EXTRA_ARGS)
    rampart_quote(word "${word}")
    string(APPEND words " ${word}")
  endforeach()
  rampart_quote(quoted "${name}")
  set(lines "add_test(${quoted}${words})\n")

  rampart_quote(word "${WORKING_DIRECTORY}")
  string(APPEND lines "set_tests_properties(${quoted} PROPERTIES WORKING_DIRECTORY ${word}")
  set(key "")
  foreach(word IN LISTS PROPERTIES)
    if(key STREQUAL "")
      set(key "${word}")
    elseif(key STREQUAL "LABELS")
      list(APPEND labels ${word})
      set(key "")
    elseif(key STREQUAL "RESOURCE_LOCK")
      list(APPEND locks ${word})
      set(key "")
    else()
      rampart_quote(word "${word}")
      string(APPEND lines " ${key} ${word}")
      set(key "")
    endif()
  endforeach()
  if(labels)
    rampart_quote(word "${labels}")
    string(APPEND lines " LABELS ${word}")
  endif()
  if(locks)
    rampart_quote(word "${locks}")
    string(APPEND lines " RESOURCE_LOCK ${word}")
  endif()
  string(JSON skip GET "${json}" skip)
  if(skip)
    string(APPEND lines " DISABLED TRUE")
  endif()
  set(${out} "${lines})\n" PARENT_SCOPE)
  set(${name_out} "${name}" PARENT_SCOPE)
endfunction()

function(rampart_discover_now)
  file(REMOVE "${TESTS_FILE}")  # those of an earlier build are not those of this one
  set(list "${TESTS_FILE}.json")
  file(REMOVE "${list}")
  execute_process(COMMAND ${EMULATOR} "${PROGRAM}" "--rampart-list=${list}" --rampart-shard=1/1 ${EXTRA_ARGS}
    WORKING_DIRECTORY "${WORKING_DIRECTORY}" TIMEOUT "${DISCOVERY_TIMEOUT}"
    RESULT_VARIABLE result OUTPUT_VARIABLE said ERROR_VARIABLE said)
  if(NOT result STREQUAL "0" OR NOT EXISTS "${list}")
    string(REPLACE "\n" "\n  " said "${said}")
    message(FATAL_ERROR "rampart_discover_tests: '${PROGRAM}' does not list its tests (${result}), run in "
      "'${WORKING_DIRECTORY}':\n  ${said}")
  endif()
  file(READ "${list}" text)
  file(REMOVE "${list}")
  if(NOT text MATCHES "^{\"format\": \"rampart.list.v1\"")
    message(FATAL_ERROR "rampart_discover_tests: '${PROGRAM}' wrote a list of another format than rampart.list.v1; its "
      "rampart and this file are of different versions")
  endif()

  # A test stands on a line of its own, in ASCII and without control characters: two of these stand for the brackets,
  # which would keep a list of CMake's together.
  string(ASCII 1 open)
  string(ASCII 2 close)
  string(REPLACE ";" "\\u003b" text "${text}")
  string(REPLACE "[" "${open}" text "${text}")
  string(REPLACE "]" "${close}" text "${text}")
  string(REPLACE "\n" ";" text "${text}")
  set(script "# Written when ${PROGRAM} was built: its tests.\n")
  set(names "")
  foreach(line IN LISTS text)
    if(NOT line MATCHES "^{\"id\": ")
      continue()
    endif()
    string(REGEX REPLACE ",$" "" line "${line}")
    string(REPLACE "${open}" "[" line "${line}")
    string(REPLACE "${close}" "]" line "${line}")
    rampart_lines_of_test(lines name "${line}")
    string(APPEND script "${lines}")
    # A list of CMake's cannot hold brackets without a partner, nor a backslash at an end.
    if(NOT name MATCHES "[][]|\\\\$")
      string(REPLACE ";" "\\;" name "${name}")
      list(APPEND names "${name}")
    endif()
  endforeach()
  # A suite without tests is a failure when it is run; CTest would say nothing of it.
  if(NOT script MATCHES "add_test")
    set(words "")
    foreach(word IN LISTS EMULATOR PROGRAM EXTRA_ARGS)
      rampart_quote(word "${word}")
      string(APPEND words " ${word}")
    endforeach()
    rampart_quote(name "${TEST_PREFIX}${TARGET}_HAS_NO_TESTS${TEST_SUFFIX}")
    rampart_quote(word "${WORKING_DIRECTORY}")
    string(APPEND script "add_test(${name}${words})\nset_tests_properties(${name} PROPERTIES WORKING_DIRECTORY ${word})\n")
  endif()
  rampart_quote(names "${names}")
  string(APPEND script "set(${TEST_LIST} ${names})\n")
  file(WRITE "${TESTS_FILE}" "${script}")
endfunction()

if(RAMPART_DISCOVER_NOW)
  rampart_discover_now()
endif()
cmake_policy(POP)
