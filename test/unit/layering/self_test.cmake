# Each rule finds violations, and nothing in correct code: a test that cannot fail proves nothing.
cmake_minimum_required(VERSION 3.25)
include("${CMAKE_CURRENT_LIST_DIR}/rules.cmake")

function(expect_fault fault file text)
  check_file(faults "${root}" "${file}" "${text}\n")
  if(NOT faults MATCHES "${fault}")
    message(SEND_ERROR "in ${file}, «${text}» should have been refused with «${fault}», not «${faults}»")
  endif()
endfunction()

function(expect_good file text)
  check_file(faults "${root}" "${file}" "${text}\n")
  if(faults)
    message(SEND_ERROR "in ${file}, «${text}» should have been let pass: ${faults}")
  endif()
endfunction()

# Dependencies of layers.
expect_fault("no arrow" src/core/x.cpp "#include \"otpd/telemetry/log.hpp\"")
expect_fault("no arrow" src/net/x.cpp "#include \"otpd/http/request.hpp\"")
expect_fault("no arrow" src/http/x.cpp "#include \"otpd/net/on_strand.hpp\"")
expect_fault("no arrow" src/store/x.cpp "#include \"otpd/net/https_client.hpp\"")
expect_fault("no arrow" src/otp/x.cpp "#include \"otpd/store/memory_store.hpp\"")
expect_fault("no arrow" include/otpd/otp/x.hpp "#include \"otpd/bridgexapi/client.hpp\"")
expect_fault("no arrow" src/api/x.cpp "#include \"otpd/bridgexapi/client.hpp\"")
expect_fault("no arrow" src/api/x.cpp "#include \"otpd/app/settings.hpp\"")
expect_fault("shares no code" stub/src/x.cpp "#include \"otpd/core/money.hpp\"")
expect_fault("shares no code" src/app/x.cpp "#include \"bridgexapi_stub/server.hpp\"")
expect_good(src/otp/x.cpp "#include \"otpd/store/store.hpp\"\n#include \"otpd/bridgexapi/gateway.hpp\"")
expect_good(src/store/x.cpp "#include \"otpd/net/on_strand.hpp\"")
expect_good(src/main.cpp "#include \"otpd/app/program.hpp\"")

# Libraries.
expect_fault("not for otp" src/otp/x.cpp "#include <boost/json/value.hpp>")
expect_fault("not for otp" src/otp/x.cpp "#include <boost/beast/http.hpp>")
expect_fault("not for otp" src/otp/x.cpp "#include <sqlite3.h>")
expect_fault("not for core" src/core/x.cpp "#include <boost/asio/awaitable.hpp>")
expect_fault("not for http" src/http/x.cpp "#include <prometheus/counter.h>")
expect_good(src/boost/x.cpp "#include <boost/asio/impl/src.hpp>")
expect_good(src/app/x.cpp "#include <toml++/toml.h>")

# Private headers.
expect_fault("its own folder" src/app/x.cpp "#include \"connection.hpp\"")
expect_fault("its own folder" src/api/x.cpp "#include \"../http/connection.hpp\"")
expect_fault("public header" include/otpd/http/x.hpp "#include \"connection.hpp\"")
expect_good(src/http/x.cpp "#include \"connection.hpp\"")
expect_good(src/store/x.cpp "#include \"state/bytes.hpp\"")
expect_good(src/store/engine/x.cpp "#include \"state/bytes.hpp\"")
expect_good(src/store/state/x.cpp "#include \"store_time.hpp\"")
expect_fault("its own folder" src/api/x.cpp "#include \"state/bytes.hpp\"")
expect_fault("its own folder" src/store/engine/x.cpp "#include \"../state/bytes.hpp\"")
expect_fault("no I/O" src/store/engine/x.cpp "#include <boost/asio/awaitable.hpp>")
expect_fault("no I/O" src/store/engine/x.cpp "#include \"otpd/store/store.hpp\"")
expect_fault("no I/O" src/store/state/x.cpp "#include <sqlite3.h>")
expect_good(src/store/engine/x.cpp "#include \"otpd/store/admission.hpp\"")
expect_good(src/api/x.cpp "#include \"version.hpp\"")

# Folders of otp.
expect_fault("comes after limits" src/otp/limits/x.cpp "#include \"send/send_state.hpp\"")
expect_fault("does not name" src/otp/other/x.cpp "#include \"send/send_state.hpp\"")
expect_good(src/otp/verify/x.cpp "#include \"limits/limiter.hpp\"")
expect_good(src/otp/x.cpp "#include \"verify/guess_checks.hpp\"")

# Forbidden words.
expect_fault("handler that logs" src/http/x.cpp "asio::co_spawn(e, f(), asio::detached)")
expect_fault("cancel_after" src/net/x.cpp "using namespace asio::experimental::awaitable_operators")
expect_fault("strand" src/store/x.cpp "std::shared_mutex guard")
expect_fault("strand" include/otpd/store/x.hpp "std::scoped_lock const lock(guard)")
expect_fault("timer" src/app/x.cpp "std::this_thread::sleep_for(1s)")
expect_fault("obeys TZ" src/app/x.cpp "gmtime_r(&time, &parts)")
expect_fault("make it an issue" src/app/x.cpp "// TODO: later")
expect_good(src/app/x.cpp "// nothing is detached here, and no std::mutex either")
expect_good(stub/src/x.cpp "std::mutex guard")
expect_fault("strand" src/telemetry/x.cpp "std::mutex guard")
expect_good(src/telemetry/line_queue.cpp "std::lock_guard const held(guard)")
expect_fault("timer" src/telemetry/line_queue.cpp "std::this_thread::sleep_for(1s)")

# Hops.
expect_fault("on_strand" src/store/x.cpp "asio::post(strand, f)")
expect_fault("on_strand" src/api/x.cpp "boost::asio::dispatch(strand, f)")
expect_fault("on_strand" src/otp/x.cpp "asio::bind_executor(strand, f)")
expect_good(src/net/x.cpp "asio::post(strand, f)")
expect_good(src/store/backend/memory_backend.cpp "#include \"backend/memory_backend.hpp\"\nasio::dispatch(guard, f)")

# Own header first.
expect_fault("own header" src/core/purpose.cpp "#include \"otpd/core/encoding.hpp\"\n#include \"otpd/core/purpose.hpp\"")
expect_good(src/core/purpose.cpp "// why\n#include \"otpd/core/purpose.hpp\"")
