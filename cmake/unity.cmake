# Sources are compiled a dozen at a time: most of what is compiled is what they share (Asio, Beast, JSON),
# and a clean build takes half as long. A change of one file then compiles its dozen, so the debug preset,
# which script/lint reads as well, compiles each alone.
option(OTPD_UNITY "Compile sources a dozen at a time" ON)
set(CMAKE_UNITY_BUILD "${OTPD_UNITY}")
set(CMAKE_UNITY_BUILD_BATCH_SIZE 12)
if(OTPD_UNITY AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # What a file keeps to itself is in an included file then.
  add_compile_options($<$<COMPILE_LANGUAGE:CXX>:-Wno-subobject-linkage>)
endif()

# otpd_compile_alone(<source>...): sources of this directory that give a name another meaning than their
# neighbours do.
function(otpd_compile_alone)
  set_source_files_properties(${ARGN} PROPERTIES SKIP_UNITY_BUILD_INCLUSION ON)
endfunction()
