# Finds the dependencies (docs/architecture.md says why each is needed). Boost 1.92 is searched on
# the system, then in .deps/, where script/setup unpacks it on distributions that only have an older
# one; -DBoost_ROOT= overrides both.
set(Boost_USE_STATIC_LIBS ON)
set(Boost_NO_WARN_NEW_VERSIONS ON)
if(EXISTS "${CMAKE_SOURCE_DIR}/.deps/usr/include/boost/version.hpp")
  list(APPEND CMAKE_PREFIX_PATH "${CMAKE_SOURCE_DIR}/.deps/usr")
endif()
find_package(Boost 1.92 CONFIG REQUIRED COMPONENTS headers program_options url)
find_package(OpenSSL 3.0 REQUIRED)
find_package(Threads REQUIRED)
find_package(SQLite3 3.40 REQUIRED)
find_package(PostgreSQL 15 REQUIRED)
find_package(tomlplusplus REQUIRED)
find_package(prometheus-cpp REQUIRED COMPONENTS core)
# Debian 12's package of libphonenumber has no CMake files. Its header of protobuf messages contains
# inline functions, which need protobuf.
find_package(Protobuf REQUIRED)
find_path(PHONENUMBER_INCLUDE_DIR phonenumbers/phonenumberutil.h REQUIRED)
find_library(PHONENUMBER_LIBRARY phonenumber REQUIRED)
add_library(phonenumber INTERFACE)
target_include_directories(phonenumber SYSTEM INTERFACE "${PHONENUMBER_INCLUDE_DIR}")
target_link_libraries(phonenumber INTERFACE "${PHONENUMBER_LIBRARY}" protobuf::libprotobuf)

# glibc's allocator is slow with coroutine frames beyond 1 KiB, and with those that another thread
# frees.
if(OTPD_JEMALLOC AND NOT OTPD_SANITIZE)
  find_library(JEMALLOC_LIBRARY jemalloc REQUIRED)
endif()

# Asio, Beast, JSON and Redis are each compiled once here instead of in every file that includes
# them.
add_library(boost_compiled STATIC
  "${CMAKE_SOURCE_DIR}/src/boost/asio.cpp"
  "${CMAKE_SOURCE_DIR}/src/boost/beast.cpp"
  "${CMAKE_SOURCE_DIR}/src/boost/json.cpp"
  "${CMAKE_SOURCE_DIR}/src/boost/redis.cpp")
set_target_properties(boost_compiled PROPERTIES UNITY_BUILD OFF)
target_compile_definitions(boost_compiled PUBLIC
  BOOST_ASIO_SEPARATE_COMPILATION BOOST_ASIO_NO_DEPRECATED BOOST_BEAST_SEPARATE_COMPILATION BOOST_JSON_NO_LIB)
target_link_libraries(boost_compiled PUBLIC Boost::headers OpenSSL::SSL OpenSSL::Crypto Threads::Threads)
