# With ccache, a second build of the same sources takes seconds. It is optional.
find_program(OTPD_CCACHE ccache)
if(OTPD_CCACHE AND NOT DEFINED CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_CXX_COMPILER_LAUNCHER "${OTPD_CCACHE}")
endif()
