# What a project says of tests that it does not know when it is configured.
foreach(name IN LISTS the_tests)
  if(name MATCHES "needs nothing")
    set_tests_properties("${name}" PROPERTIES COST 7)
  endif()
endforeach()
