# Sources are compiled a dozen at a time: most of the work is the headers that they share (Asio,
# Beast, JSON), so a clean build takes half as long. A change of one file recompiles its dozen, so
# the debug preset, which script/lint also uses, compiles each file alone.
option(OTPD_UNITY "Compile sources a dozen at a time" ON)
set(CMAKE_UNITY_BUILD "${OTPD_UNITY}")
set(CMAKE_UNITY_BUILD_BATCH_SIZE 12)
if(OTPD_UNITY AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # A file's local declarations are then in an included file.
  add_compile_options($<$<COMPILE_LANGUAGE:CXX>:-Wno-subobject-linkage>)
endif()

# otpd_compile_alone(<source>...): excludes sources of this directory that use a name differently
# from the other files.
function(otpd_compile_alone)
  set_source_files_properties(${ARGN} PROPERTIES SKIP_UNITY_BUILD_INCLUSION ON)
endfunction()
