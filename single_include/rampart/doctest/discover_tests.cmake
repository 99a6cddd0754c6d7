# Every test of a suite as a test of CTest's, in the manner of gtest_discover_tests; or the suite in parts, with one
# report:
#
#   rampart_discover_tests(<target>
#     [SHARDS <n>]                                <n> parts as tests, and their merge, instead of a test for each
#     [MERGE_ARGS <word>...]                      for the program when it merges the parts: its reports
#     [TEST_PREFIX <text>] [TEST_SUFFIX <text>]   around the test's id, which is its name for CTest, or the part's name
#     [EXTRA_ARGS <word>...]                      for the program, when it lists its tests and when it runs them
#     [WORKING_DIRECTORY <folder>]                where both happen; CMAKE_CURRENT_BINARY_DIR unless said otherwise
#     [PROPERTIES <name> <value>...]              of each test or part; those that are lists are added to those below
#     [SHARED <resource>...]                      resources that several tests may use at the same time
#     [TEST_LIST <variable>]                      the names, for files in TEST_INCLUDE_FILES; otherwise <target>_TESTS
#     [DISCOVERY_TIMEOUT <seconds>])              for the program to list its tests; 60 if not given
#
# Once the target is built, its program runs once and lists its tests. A test that declares rampart::uses("docker") has
# the label uses-docker and the lock docker, unless docker is among SHARED; rampart::harm("jailbreak") gives the label
# harm-jailbreak; tests of rampart::group("g") have the lock group-g. What doctest skips is DISABLED. A test with trials
# is one test.
#
# With SHARDS the program lists each part once it is built, and the tests are <target>.shard-<i>-of-<n>, each with the
# locks of the tests in it, and <target>.begin, .whole and .merge; all have the labels of the whole suite. begin empties
# the folder of journals, merge reads it whatever became of the parts, and whole, which does nothing, needs all parts:
# for `ctest --rerun-failed`, which then runs all of them.
#
# Needs CMake 3.20, and of rampart nothing but this file.

if(CMAKE_VERSION VERSION_LESS 3.20)
  message(FATAL_ERROR "rampart_discover_tests needs CMake 3.20 or newer; this is ${CMAKE_VERSION}")
endif()
cmake_policy(PUSH)
cmake_policy(VERSION 3.20...3.25)

function(rampart_discover_tests target)
  set(one SHARDS TEST_PREFIX TEST_SUFFIX WORKING_DIRECTORY TEST_LIST DISCOVERY_TIMEOUT)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "${one}" "EXTRA_ARGS;MERGE_ARGS;PROPERTIES;SHARED")
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
  if(DEFINED arg_SHARDS OR "SHARDS" IN_LIST arg_KEYWORDS_MISSING_VALUES)
    if(NOT arg_SHARDS MATCHES "^[1-9][0-9]?[0-9]?[0-9]?$")
      message(FATAL_ERROR "${where}: SHARDS takes a number of parts from 1 to 9999, not '${arg_SHARDS}'")
    endif()
  elseif(arg_MERGE_ARGS)
    message(FATAL_ERROR "${where}: MERGE_ARGS without SHARDS: there would be nothing to merge")
  endif()
  foreach(word IN LISTS arg_EXTRA_ARGS)
    if(NOT arg_SHARDS)
      # Each process runs one test: a part of it would be nothing, and green.
      if(word MATCHES "^--rampart-(shard|test|list|merge)=")
        message(FATAL_ERROR "${where}: '${word}' cannot stand among EXTRA_ARGS: each test of CTest's is one test, "
          "whole")
      endif()
    elseif(word MATCHES "^--rampart-(shard|list|merge|journal|resume|payload)=")
      message(FATAL_ERROR "${where}: '${word}' cannot stand among EXTRA_ARGS: SHARDS says which part runs, and where "
        "its journal is")
    elseif(word MATCHES "^--rampart-(json|junit|html|markdown|sarif|ctrf|sqlite|events)=")
      message(FATAL_ERROR "${where}: '${word}' cannot stand among EXTRA_ARGS: each part would write that file; the "
        "report of all parts is asked for with MERGE_ARGS")
    endif()
  endforeach()
  foreach(word IN LISTS arg_MERGE_ARGS)
    if(word MATCHES "^--rampart-(shard|test|list|merge|journal|resume)=")
      message(FATAL_ERROR "${where}: '${word}' cannot stand among MERGE_ARGS: they are for the merge of these parts, "
        "which runs no test")
    endif()
  endforeach()
  foreach(name IN ITEMS EXTRA_ARGS MERGE_ARGS PROPERTIES SHARED)
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
  foreach(name IN ITEMS SHARDS TEST_PREFIX TEST_SUFFIX EXTRA_ARGS MERGE_ARGS WORKING_DIRECTORY PROPERTIES SHARED
      TEST_LIST DISCOVERY_TIMEOUT)
    string(APPEND settings "set(${name} [========[${arg_${name}}]========])\n")
  endforeach()
  string(APPEND settings
    "set(TARGET [========[${target}]========])\n"
    "set(FIXTURE rampart-${target}-${number})\n"
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

# ---- what runs when the target has been built ------------------------------------------------------------------------

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
    message(FATAL_ERROR "rampart_discover_tests: the test '${test}' is marked with '${word}'; no label or lock of "
      "CTest's can have semicolons, backslashes, line ends, or a bracket without a partner")
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

# Adds to the lists labels and locks what a test declares that it uses, and to labels its category of harm.
function(rampart_add_marks json id)
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
  set(labels "${labels}" PARENT_SCOPE)
  set(locks "${locks}" PARENT_SCOPE)
endfunction()

# PROPERTIES as words for set_tests_properties, but for those that are named here. These are lists, and become
# of_user_<name>.
function(rampart_take_properties out)
  set(words "")
  foreach(name IN LISTS ARGN)
    set(of_user_${name} "")
  endforeach()
  set(key "")
  foreach(word IN LISTS PROPERTIES)
    if(key STREQUAL "")
      set(key "${word}")
      continue()
    elseif(key IN_LIST ARGN)
      list(APPEND of_user_${key} "${word}")
    else()
      rampart_quote(word "${word}")
      string(APPEND words " ${key} ${word}")
    endif()
    set(key "")
  endforeach()
  foreach(name IN LISTS ARGN)
    set(of_user_${name} "${of_user_${name}}" PARENT_SCOPE)
  endforeach()
  set(${out} "${words}" PARENT_SCOPE)
endfunction()

# The words of these lists, each behind a blank and quoted.
function(rampart_quote_words out)
  set(words "")
  foreach(word IN LISTS ${ARGN})
    rampart_quote(word "${word}")
    string(APPEND words " ${word}")
  endforeach()
  set(${out} "${words}" PARENT_SCOPE)
endfunction()

# The lines of CMake's language for a test of CTest's: its command, where it runs, and properties. Both texts are quoted
# already; properties that are lists follow, as names and variables.
function(rampart_lines out name command properties)
  rampart_quote(name "${name}")
  rampart_quote(folder "${WORKING_DIRECTORY}")
  set(lines "add_test(${name}${command})\n")
  string(APPEND lines "set_tests_properties(${name} PROPERTIES WORKING_DIRECTORY ${folder}${properties}")
  while(ARGN)
    list(POP_FRONT ARGN key variable)
    if(NOT "${${variable}}" STREQUAL "")
      rampart_quote(word "${${variable}}")
      string(APPEND lines " ${key} ${word}")
    endif()
  endwhile()
  set(${out} "${lines})\n" PARENT_SCOPE)
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
  rampart_add_marks("${json}" "${id}")
  rampart_mark(group "${json}" group)
  if(NOT group STREQUAL "")
    rampart_add_word(locks "group-${group}" "${id}")
  endif()

  rampart_quote_words(program EMULATOR PROGRAM)
  rampart_quote_words(extra EXTRA_ARGS)
  rampart_quote(test "--rampart-test=${id}")
  rampart_take_properties(words LABELS RESOURCE_LOCK)
  list(APPEND labels ${of_user_LABELS})
  list(APPEND locks ${of_user_RESOURCE_LOCK})
  string(JSON skip GET "${json}" skip)
  if(skip)
    string(APPEND words " DISABLED TRUE")
  endif()
  # The part that an engine's variables name is none of a single test.
  rampart_lines(lines "${name}" "${program} ${test} --rampart-shard=1/1${extra}" "${words}"
    LABELS labels RESOURCE_LOCK locks)
  set(${out} "${lines}" PARENT_SCOPE)
  set(${name_out} "${name}" PARENT_SCOPE)
endfunction()

# The lines of the list of the tests of a part, as a list. The program is given these words too.
function(rampart_list out part)
  set(list "${TESTS_FILE}.json")
  file(REMOVE "${list}")
  execute_process(COMMAND ${EMULATOR} "${PROGRAM}" "--rampart-list=${list}" "--rampart-shard=${part}" ${ARGN}
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
  list(FILTER text INCLUDE REGEX "^{\"id\": ")
  set(${out} "${text}" PARENT_SCOPE)
endfunction()

# A line of that list as JSON.
function(rampart_json out line)
  string(ASCII 1 open)
  string(ASCII 2 close)
  string(REGEX REPLACE ",$" "" line "${line}")
  string(REPLACE "${open}" "[" line "${line}")
  string(REPLACE "${close}" "]" line "${line}")
  set(${out} "${line}" PARENT_SCOPE)
endfunction()

# Each test as a test.
function(rampart_script_of_tests script_out names_out)
  set(script "")
  set(names "")
  rampart_list(tests 1/1 ${EXTRA_ARGS})
  foreach(line IN LISTS tests)
    rampart_json(json "${line}")
    rampart_lines_of_test(lines name "${json}")
    string(APPEND script "${lines}")
    # A list of CMake's cannot hold brackets without a partner, nor a backslash at an end.
    if(NOT name MATCHES "[][]|\\\\$")
      string(REPLACE ";" "\\;" name "${name}")
      list(APPEND names "${name}")
    endif()
  endforeach()
  set(${script_out} "${script}" PARENT_SCOPE)
  set(${names_out} "${names}" PARENT_SCOPE)
endfunction()

# Parts, what empties their folder of journals, and what merges it.
function(rampart_script_of_shards script_out names_out)
  # Parts that are cut by the times of an earlier run are cut otherwise once these change: any part may have any lock.
  set(words "${EXTRA_ARGS}")
  list(FILTER words EXCLUDE REGEX "^--rampart-durations=")
  set(labels "")
  set(all_locks "")
  set(any "")
  foreach(part RANGE 1 ${SHARDS})
    rampart_list(tests ${part}/${SHARDS} ${words})
    set(locks "")
    foreach(line IN LISTS tests)
      set(any TRUE)
      rampart_json(json "${line}")
      string(JSON skip GET "${json}" skip)
      if(NOT skip)
        string(JSON id GET "${json}" id)
        rampart_add_marks("${json}" "${id}")
      endif()
    endforeach()
    set(locks_${part} "${locks}")
    list(APPEND all_locks ${locks})
  endforeach()
  set(${script_out} "" PARENT_SCOPE)
  set(${names_out} "" PARENT_SCOPE)
  if(NOT any)
    return()
  endif()
  list(REMOVE_DUPLICATES all_locks)

  string(REGEX REPLACE "-tests\\.cmake$" "-journals" journals "${TESTS_FILE}")
  set(base "${TEST_PREFIX}${TARGET}")
  rampart_take_properties(of_parts LABELS RESOURCE_LOCK FIXTURES_SETUP FIXTURES_REQUIRED ENVIRONMENT
    ENVIRONMENT_MODIFICATION DISABLED)
  # All or none of them: a label picks the whole run, and leaves out the whole run.
  list(APPEND labels ${of_user_LABELS})
  set(fixture ${FIXTURE})
  set(parts ${FIXTURE}-parts)
  set(script "")

  rampart_quote(cmake "${CMAKE_COMMAND}")
  rampart_quote(file "${CMAKE_CURRENT_FUNCTION_LIST_FILE}")
  rampart_quote(setting "RAMPART_JOURNALS=${journals}")
  rampart_lines(lines "${base}.begin${TEST_SUFFIX}" " ${cmake} -D RAMPART_SHARDS=${SHARDS} -D ${setting} -P ${file}" ""
    FIXTURES_SETUP fixture LABELS labels DISABLED of_user_DISABLED)
  string(APPEND script "${lines}")
  set(names "${base}.begin${TEST_SUFFIX}")

  # What an engine told the process that runs CTest is not for each of the parts: which attempt this is, a filter, and
  # files that are one program's.
  set(changes "")
  foreach(variable IN ITEMS RAMPART_WORKER RAMPART_ATTEMPT SLURM_RESTART_COUNT TEST_RUN_NUMBER XML_OUTPUT_FILE
      TESTBRIDGE_TEST_ONLY TEST_SHARD_STATUS_FILE TEST_PREMATURE_EXIT_FILE GITHUB_STEP_SUMMARY)
    list(APPEND changes "${variable}=unset:")
  endforeach()
  set(environment "${of_user_ENVIRONMENT}")
  list(APPEND changes ${of_user_ENVIRONMENT_MODIFICATION})
  rampart_quote_words(program EMULATOR PROGRAM)
  rampart_quote_words(extra EXTRA_ARGS)
  set(setup ${parts} ${of_user_FIXTURES_SETUP})
  set(required ${fixture} ${of_user_FIXTURES_REQUIRED})
  foreach(part RANGE 1 ${SHARDS})
    set(locks "${locks_${part}}")
    if(NOT words STREQUAL EXTRA_ARGS)
      set(locks "${all_locks}")
    endif()
    list(APPEND locks ${of_user_RESOURCE_LOCK})
    rampart_quote(resume "--rampart-resume=${journals}/${part}")
    set(name "${base}.shard-${part}-of-${SHARDS}${TEST_SUFFIX}")
    rampart_lines(lines "${name}" "${program} --rampart-shard=${part}/${SHARDS} ${resume}${extra}" "${of_parts}"
      FIXTURES_SETUP setup FIXTURES_REQUIRED required LABELS labels RESOURCE_LOCK locks ENVIRONMENT environment
      ENVIRONMENT_MODIFICATION changes DISABLED of_user_DISABLED)
    string(APPEND script "${lines}")
    list(APPEND names "${name}")
  endforeach()

  # The merge has to run when a part failed, so that it cannot need them; but then `ctest --rerun-failed` would run the
  # parts that failed, and the merge miss the others.
  rampart_lines(lines "${base}.whole${TEST_SUFFIX}" " ${cmake} -E true" ""
    FIXTURES_REQUIRED parts LABELS labels DISABLED of_user_DISABLED)
  string(APPEND script "${lines}")
  rampart_quote_words(reports MERGE_ARGS)
  rampart_quote(merge "--rampart-merge=${journals}")
  rampart_lines(lines "${base}.merge${TEST_SUFFIX}" "${program} ${merge}${reports}" ""
    FIXTURES_CLEANUP fixture LABELS labels ENVIRONMENT environment
    ENVIRONMENT_MODIFICATION of_user_ENVIRONMENT_MODIFICATION DISABLED of_user_DISABLED)
  string(APPEND script "${lines}")
  list(APPEND names "${base}.whole${TEST_SUFFIX}" "${base}.merge${TEST_SUFFIX}")
  set(${script_out} "${script}" PARENT_SCOPE)
  set(${names_out} "${names}" PARENT_SCOPE)
endfunction()

function(rampart_discover_now)
  file(REMOVE "${TESTS_FILE}")  # those of an earlier build are not those of this one
  unset(ENV{TESTBRIDGE_TEST_ONLY})  # an engine's filter is for a run
  if(SHARDS)
    rampart_script_of_shards(script names)
  else()
    rampart_script_of_tests(script names)
  endif()
  # A suite without tests is a failure when it is run; CTest would say nothing of it.
  if(script STREQUAL "")
    rampart_quote_words(command EMULATOR PROGRAM EXTRA_ARGS)
    rampart_lines(script "${TEST_PREFIX}${TARGET}_HAS_NO_TESTS${TEST_SUFFIX}" "${command}" "")
  endif()
  rampart_quote(names "${names}")
  string(APPEND script "set(${TEST_LIST} ${names})\n")
  file(WRITE "${TESTS_FILE}" "# Written when ${PROGRAM} was built: its tests.\n${script}")
endfunction()

# ---- what CTest runs before the parts --------------------------------------------------------------------------------

# A folder for the journals of each part, so that a part which is repeated takes up its own. Nothing of an earlier run.
function(rampart_begin_journals)
  if(NOT RAMPART_JOURNALS MATCHES "-journals$")
    message(FATAL_ERROR "rampart_discover_tests: '${RAMPART_JOURNALS}' is no folder of journals")
  endif()
  file(REMOVE_RECURSE "${RAMPART_JOURNALS}")
  foreach(part RANGE 1 ${RAMPART_SHARDS})
    file(MAKE_DIRECTORY "${RAMPART_JOURNALS}/${part}")
  endforeach()
endfunction()

if(RAMPART_DISCOVER_NOW)
  rampart_discover_now()
elseif(DEFINED RAMPART_JOURNALS AND CMAKE_SCRIPT_MODE_FILE)
  rampart_begin_journals()
endif()
cmake_policy(POP)
