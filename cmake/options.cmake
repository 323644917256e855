# otpd_options: the compile options of all our targets. Warnings apply only to our code: Boost and
# the other libraries are SYSTEM includes. Hardening follows the OpenSSF compiler guide;
# _FORTIFY_SOURCE needs optimisation and conflicts with sanitizers.
add_library(otpd_options INTERFACE)
target_include_directories(otpd_options INTERFACE "${CMAKE_SOURCE_DIR}/include")
target_compile_options(otpd_options INTERFACE
  -Wall -Wextra -Wpedantic -Wconversion -Wnon-virtual-dtor -Woverloaded-virtual)
if(NOT OTPD_UNITY)
  # Local names of files that are compiled together shadow one another.
  target_compile_options(otpd_options INTERFACE -Wshadow)
endif()
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # GCC bug 109224: if GCC inlines only one half of Asio's coroutine allocation, it reports a
  # mismatch. AddressSanitizer finds real ones.
  target_compile_options(otpd_options INTERFACE -Wno-mismatched-new-delete)
  # From GCC 14 on, it takes the inactive half of a result<T> for a variable without a value. Clang
  # and the sanitizers find real ones.
  target_compile_options(otpd_options INTERFACE -Wno-maybe-uninitialized)
endif()
if(OTPD_WARNINGS_AS_ERRORS)
  target_compile_options(otpd_options INTERFACE -Werror)
endif()

# Sanitizers and hardening also apply to library code that is compiled here, so they are not in
# otpd_options.
if(OTPD_SANITIZE)
  add_compile_options(-fsanitize=${OTPD_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer -g1 -O1)
  add_link_options(-fsanitize=${OTPD_SANITIZE})
  if(OTPD_SANITIZE MATCHES "thread" AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    # GCC warns that std::atomic_thread_fence is not modelled; since Boost 1.92, Asio does without
    # it under TSan.
    add_compile_options(-Wno-tsan)
  endif()
else()
  set(CMAKE_POSITION_INDEPENDENT_CODE ON)
  # Processor and compiler decide which of these exist: -fcf-protection is for x86, the last one for
  # ARM.
  include(CheckCXXCompilerFlag)
  foreach(flag IN ITEMS
      -fstack-protector-strong -fcf-protection -fstack-clash-protection -mbranch-protection=standard)
    string(MAKE_C_IDENTIFIER "OTPD_HAS${flag}" known)
    check_cxx_compiler_flag("${flag}" "${known}")
    if(${known})
      add_compile_options("${flag}")
    endif()
  endforeach()
  add_compile_definitions(
    $<$<CONFIG:Release>:_FORTIFY_SOURCE=3> _GLIBCXX_ASSERTIONS)
  add_link_options(-pie -Wl,-z,relro,-z,now)
  set(CMAKE_CXX_FLAGS_RELEASE "-O2 -DNDEBUG")
  set(CMAKE_CXX_FLAGS_DEBUG "-O0 -g1")
endif()
