# A second build of the same sources costs seconds where ccache is installed; without it nothing changes.
find_program(OTPD_CCACHE ccache)
if(OTPD_CCACHE AND NOT DEFINED CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_CXX_COMPILER_LAUNCHER "${OTPD_CCACHE}")
endif()
