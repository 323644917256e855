# Builds a program of one line with cmake/options.cmake, with this compiler and with one that lacks
# the flags of other processors, like GCC for aarch64 without -fcf-protection.
cmake_minimum_required(VERSION 3.25)

file(REMOVE_RECURSE "${directory}")
file(WRITE "${directory}/CMakeLists.txt" "cmake_minimum_required(VERSION 3.25)
project(trial LANGUAGES CXX)
include(\"${root}/cmake/options.cmake\")
add_executable(trial main.cpp)
target_link_libraries(trial PRIVATE otpd_options)
")
file(WRITE "${directory}/main.cpp" "int main() {}\n")
file(WRITE "${directory}/other-compiler" "#!/bin/sh
for argument; do
  case $argument in
    -fcf-protection*) echo \"c++: error: unrecognized command-line option '$argument'\" >&2; exit 1 ;;
  esac
done
exec '${compiler}' \"$@\"
")
file(CHMOD "${directory}/other-compiler" PERMISSIONS OWNER_READ OWNER_WRITE OWNER_EXECUTE)

function(build into by)
  set(where "${directory}/by-${into}")
  execute_process(COMMAND "${CMAKE_COMMAND}" -G Ninja -S "${directory}" -B "${where}" "-DCMAKE_CXX_COMPILER=${by}"
      -DCMAKE_BUILD_TYPE=Release -DCMAKE_EXPORT_COMPILE_COMMANDS=ON
    OUTPUT_QUIET COMMAND_ERROR_IS_FATAL ANY)
  execute_process(COMMAND "${CMAKE_COMMAND}" --build "${where}" OUTPUT_VARIABLE said ERROR_VARIABLE said RESULT_VARIABLE failed)
  if(failed)
    message(SEND_ERROR "with ${by}: ${said}")
  endif()
  file(READ "${where}/compile_commands.json" commands)
  set(${into} "${commands}" PARENT_SCOPE)
endfunction()

function(expect commands flag)
  if(NOT commands MATCHES "${flag}")
    message(SEND_ERROR "compiled without ${flag}: ${commands}")
  endif()
endfunction()

build(this "${compiler}")
build(other "${directory}/other-compiler")
expect("${this}" -fstack-protector-strong)
expect("${other}" -fstack-protector-strong)
if(processor MATCHES "x86_64|AMD64")
  expect("${this}" -fcf-protection)
endif()
