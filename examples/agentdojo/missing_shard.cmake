# A shard that is not there, or was judged by the other mapping, leaves the run incomplete; one that is there twice
# changes nothing.
#
#   cmake -DPROGRAM=... -DRUNS=DIR -DWORK=DIR -P missing_shard.cmake
cmake_minimum_required(VERSION 3.24)

file(REMOVE_RECURSE ${WORK})
file(MAKE_DIRECTORY ${WORK})
foreach(i IN ITEMS 1 2)
  execute_process(COMMAND ${PROGRAM} --runs ${RUNS} --shard ${i}/2 --out ${WORK}/${i}.json COMMAND_ERROR_IS_FATAL ANY)
endforeach()

# expect(<status> <what standard error has to hold> <words>...)
function(expect wanted text)
  execute_process(COMMAND ${PROGRAM} --runs ${RUNS} ${ARGN} RESULT_VARIABLE status OUTPUT_QUIET ERROR_VARIABLE err)
  message("${err}")
  if(NOT status STREQUAL wanted OR NOT err MATCHES "${text}")
    message(SEND_ERROR "'${ARGN}' ended with status ${status}; ${wanted} and '${text}' are expected")
  endif()
endfunction()

expect(0 "" --merge ${WORK}/1.json --merge ${WORK}/2.json)
expect(3 "5 of 10 run files were not read" --merge ${WORK}/1.json)
expect(3 "nowhere.json: cannot be read" --merge ${WORK}/1.json --merge ${WORK}/nowhere.json)
expect(0 "" --merge ${WORK}/1.json --merge ${WORK}/2.json --merge ${WORK}/2.json)
expect(3 "10 results were judged by another mapping than strict" --strict --merge ${WORK}/1.json --merge ${WORK}/2.json)
