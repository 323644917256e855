# Allowed includes, and where certain words may be used (docs/architecture.md). layering.cmake
# checks the whole tree; self_test.cmake shows that each rule finds violations.

# The layers, and what each may include besides its own headers: a layer, or one header of a layer.
# `app` combines everything and may include anything; nothing includes `app`.
set(layers core telemetry net http store bridgexapi otp webhook api app web otpctl)
set(may_include_core "")
set(may_include_telemetry core)
set(may_include_net core)
set(may_include_http core telemetry)
set(may_include_store core telemetry net/on_strand.hpp net/run_on.hpp net/tls_context.hpp)
set(may_include_bridgexapi core telemetry net)
# The domain uses interfaces only, never their implementations.
set(store_interface store/store.hpp store/admission.hpp store/budget.hpp store/inspection.hpp store/journal.hpp store/limits.hpp store/overrides.hpp
  store/scores.hpp
  store/shared_secrets.hpp store/verification.hpp)
set(may_include_otp core telemetry ${store_interface} bridgexapi/types.hpp bridgexapi/gateway.hpp net/on_strand.hpp net/run_on.hpp
  net/single_flight.hpp)
set(may_include_webhook core telemetry net otp/verification_event.hpp)
set(may_include_api core http otp ${store_interface} bridgexapi/types.hpp)
set(may_include_app core telemetry net http store bridgexapi otp webhook api)
set(may_include_web api/web_assets.hpp)
# A program of its own: it knows the service by its API.
set(may_include_otpctl core)

# Libraries by the prefix of their headers' names, and the layers that may use them. Other libraries
# are allowed everywhere.
set(libraries boost/asio boost/beast boost/json boost/redis boost/url boost/program_options libpq openssl sqlite3 toml++
  prometheus phonenumbers)
set(users_of_boost/asio net http store bridgexapi otp webhook api app otpctl)
set(users_of_boost/beast net http api otpctl)
set(users_of_boost/json http bridgexapi webhook api app otpctl)
set(users_of_boost/redis store)
set(users_of_boost/url net store bridgexapi webhook api app otpctl)
set(users_of_boost/program_options app otpctl)
set(users_of_libpq store)
set(users_of_openssl core net store otp webhook api)
set(users_of_sqlite3 store)
set(users_of_toml++ app)
set(users_of_prometheus telemetry)
set(users_of_phonenumbers core)

# Folders of a layer that must not use what the layer may use: they contain only rules and data.
set(pure_folders "^src/store/(engine|state)/")
set(impure_headers "^(boost/(asio|beast|json|redis|url)|sqlite3|libpq|otpd/(net|telemetry)/|otpd/store/(store|backend)\\.hpp)")

# The folders of otp. Each may include those before it. The files that combine them are in no
# folder.
set(folders_of_otp crypto journal events limits money delivery routing send verify verifications)

# Words that are forbidden in our code, and the reasons.
set(forbidden_words
  detached awaitable_operators awaited_choice mutex_type lock_type sleeping c_calendar)
set(pattern_of_detached "[^a-z_]detached[^a-z_]")
set(why_not_detached "swallows exceptions: give co_spawn a handler that logs")
set(pattern_of_awaitable_operators "awaitable_operators")
set(why_not_awaitable_operators "|| reports a failure as a timeout: use cancel_after")
set(pattern_of_awaited_choice "co_await \\([^;]*[^;?]\\?[^;?]")
set(why_not_awaited_choice "GCC 12 destroys the chosen awaitable twice: choose before")
set(pattern_of_mutex_type "std::[a-z_]*mutex")
set(why_not_mutex_type "state belongs to a strand")
set(pattern_of_lock_type "std::(lock_guard|unique_lock|scoped_lock|shared_lock|condition_variable)")
set(why_not_lock_type "state belongs to a strand")
# These files may use locks: they share data with a thread that runs no context.
set(may_lock src/telemetry/line_queue.hpp src/telemetry/line_queue.cpp)
set(pattern_of_sleeping "(sleep_for|sleep_until|[^a-z_]usleep|[^a-z_]sleep) *\\(")
set(why_not_sleeping "it stops a thread that serves everybody: use a timer")
set(pattern_of_c_calendar "(gmtime|localtime|mktime|timegm|strftime|put_time)(_r)? *\\(")
set(why_not_c_calendar "it obeys TZ, which may count leap seconds: use core/utc.hpp and <chrono>")

# Explicit changes of the executor. State is reached only through net::on_strand; the following
# files do something else.
set(hops "(asio::(post|dispatch|defer|co_spawn) *\\(|bind_executor *\\()")
set(may_hop
  src/http/server.cpp        # its own strand
  src/http/connection_list.cpp # starts connections and learns of their end
  src/http/client_socket.cpp # is told from outside to leave, to drain or to abort
  src/http/connection.cpp    # answers after the handlers that are ready
  src/store/backend/memory_backend.cpp # starts and stops the sweeper
  src/store/backend/postgres/postgres_backend.cpp # starts and stops its connections and the sweeper
  src/store/backend/redis/link.cpp # greets the server while the connection runs
  src/store/backend/redis/redis_backend.cpp # starts and stops its connections; carries a batch each
  src/store/backend/sqlite/sqlite_backend.cpp # to its own thread and back
  src/store/batched_store.cpp # forms batches after the handlers that are ready
  src/bridgexapi/route_gates.cpp # a reload gives each gate other options
  src/otp/to_the_end.hpp # a coroutine that cannot be cancelled, on the caller's own executor
  src/otp/send/admission_undo.cpp # its own loop, on the caller's executor
  src/otp/journal/journal.cpp # its own loop; requests and the tracker report entries to it
  src/otp/delivery/delivery_tracker.cpp # its own loop; requests report messages to it
  src/otp/send/hedger.cpp # its own timer; requests report messages and events to it
  src/otp/events/event_waiters.cpp # requests report events to it
  src/otp/periodic.cpp # its own loop
  src/webhook/webhooks.cpp   # requests report events to it
  src/webhook/sender.cpp     # its own loops
  src/app/refused_prefixes.cpp # requests report events to it
  src/app/backtest/world.cpp # runs one operation after the other on a context of its own
  src/app/service.cpp        # a request begins the drain
  src/otpctl/exchange.cpp    # runs one request on a context of its own
  src/app/application.cpp)   # starts and stops the process

# layer_of(<result> <file>): the layer of a file of the repository; empty for src/boost, which
# compiles libraries.
function(layer_of result file)
  set(layer "")
  if(file MATCHES "^(include/otpd|src)/([a-z_]+)/")
    set(layer "${CMAKE_MATCH_2}")
    if(layer STREQUAL "boost")
      set(layer "")
    endif()
  elseif(file STREQUAL "src/main.cpp")
    set(layer app)
  elseif(file MATCHES "^web/")
    set(layer web)
  elseif(file MATCHES "^stub/")
    set(layer stub)
  endif()
  set(${result} "${layer}" PARENT_SCOPE)
endfunction()

# check_own_include(<result> <layer> <header>): the violation in including one of otpd's public
# headers, "store/store.hpp".
function(check_own_include result layer header)
  string(REGEX REPLACE "/.*" "" of "${header}")
  set(fault "")
  if(layer STREQUAL "stub")
    set(fault "includes otpd/${header}: the stub shares no code with otpd\n")
  elseif(NOT layer STREQUAL of AND NOT of IN_LIST may_include_${layer} AND NOT header IN_LIST may_include_${layer})
    set(fault "includes otpd/${header}: no arrow goes from ${layer} there\n")
  endif()
  set(${result} "${fault}" PARENT_SCOPE)
endfunction()

# The same for a library's header.
function(check_library_include result layer header)
  set(fault "")
  foreach(library IN LISTS libraries)
    string(FIND "${header}" "${library}" position)
    if(position EQUAL 0 AND NOT layer IN_LIST users_of_${library})
      set(fault "includes <${header}>: not for ${layer}\n")
    endif()
  endforeach()
  set(${result} "${fault}" PARENT_SCOPE)
endfunction()

# check_folder_of_otp(<result> <file> <header>): the violation in including a private header,
# "send/send_state.hpp".
function(check_folder_of_otp result file header)
  set(fault "")
  if(file MATCHES "^src/otp/([a-z]+)/")
    set(folder "${CMAKE_MATCH_1}")
    list(FIND folders_of_otp "${folder}" own)
    string(REGEX REPLACE "/.*" "" of "${header}")
    list(FIND folders_of_otp "${of}" other)
    if(own EQUAL -1)
      set(fault "is in a folder that folders_of_otp does not name\n")
    elseif(other GREATER own)
      set(fault "includes ${header}: ${of} comes after ${folder}\n")
    endif()
  endif()
  set(${result} "${fault}" PARENT_SCOPE)
endfunction()

# check_file(<result> <root> <file> <text>): one line for each rule that `text` breaks, as the
# contents of `file` below `root`.
function(check_file result root file text)
  set(faults "")
  if(text MATCHES "(TODO|FIXME|XXX|HACK)[^a-z]")
    string(APPEND faults "says ${CMAKE_MATCH_1}: do it, or make it an issue\n")
  endif()
  string(REGEX REPLACE "//[^\n]*" "" code "${text}")
  layer_of(layer "${file}")
  get_filename_component(directory "${file}" DIRECTORY)

  string(REGEX MATCHALL "#include [<\"][^>\"\n]+[>\"]" includes "${code}")
  foreach(include IN LISTS includes)
    string(REGEX REPLACE "#include [<\"]([^>\"]+)[>\"]" "\\1" header "${include}")
    if(file MATCHES "${pure_folders}" AND header MATCHES "${impure_headers}")
      string(APPEND faults "includes ${header}: this folder does no I/O\n")
    endif()
    if(header MATCHES "^otpd/(.+)")
      check_own_include(fault "${layer}" "${CMAKE_MATCH_1}")
      string(APPEND faults "${fault}")
    elseif(header MATCHES "^bridgexapi_stub/")
      if(NOT layer STREQUAL "stub")
        string(APPEND faults "includes ${header}: otpd shares no code with the stub\n")
      endif()
    elseif(include MATCHES "\"")
      check_folder_of_otp(fault "${file}" "${header}")
      string(APPEND faults "${fault}")
      if(file MATCHES "^include/")
        string(APPEND faults "includes \"${header}\": a public header includes public headers\n")
      elseif(NOT header STREQUAL "version.hpp" AND (header MATCHES "\\.\\./" OR
          NOT (EXISTS "${root}/${directory}/${header}" OR EXISTS "${root}/src/${layer}/${header}")))
        string(APPEND faults "includes \"${header}\": not a header of its own folder, nor one below its layer's\n")
      endif()
    elseif(layer IN_LIST layers)
      check_library_include(fault "${layer}" "${header}")
      string(APPEND faults "${fault}")
    endif()
  endforeach()

  if(layer IN_LIST layers)
    foreach(word IN LISTS forbidden_words)
      if(word MATCHES "^(mutex|lock)_type$" AND file IN_LIST may_lock)
        continue()
      endif()
      if(code MATCHES "${pattern_of_${word}}")
        string(APPEND faults "has ${CMAKE_MATCH_0}: ${why_not_${word}}\n")
      endif()
    endforeach()
    if(NOT layer STREQUAL "net" AND NOT file IN_LIST may_hop AND code MATCHES "${hops}")
      string(APPEND faults "has ${CMAKE_MATCH_0}: go through net::on_strand\n")
    endif()
  endif()

  # A source that includes its own header first proves that the header compiles on its own;
  # header_check covers the others.
  string(REGEX REPLACE "^src/([a-z_]+)/([a-z_]+/)?([a-z_]+)\\.cpp$" "\\1/\\3" name "${file}")
  string(REGEX REPLACE "cpp$" "hpp" beside "${file}") # a private header is the source's own
  if(NOT EXISTS "${root}/${beside}" AND EXISTS "${root}/include/otpd/${name}.hpp" AND NOT code MATCHES "^[ \n]*#include \"otpd/${name}\\.hpp\"")
    string(APPEND faults "does not begin with its own header\n")
  endif()
  set(${result} "${faults}" PARENT_SCOPE)
endfunction()
