# What the fuzzed parsers are made of, for the fuzz preset alone: the libraries as a whole would cost another ten minutes
# of compiling, most of it for coroutines that no target reaches. The ordinary builds link the libraries themselves.
set(core_sources decimal encoding gsm_alphabet json_text language_tag numbering_plan passcode
  phone_number purpose random secret trace utc)
set(http_sources address_range address_text client_address credentials framing_fault problem proxy_header request request_id
  request_parser request_target response router)
set(net_sources origin public_address response_reader)
set(store_sources location
  state/event_list state/journal_list state/number_codec state/number_state state/override_list state/packed_receipt state/record state/shared_state
  state/dictionary)
set(bridgexapi_sources error_class json_fields replies requests enum_names)
set(otp_sources crypto/hmac crypto/key_ring crypto/sealer delivery/followed_text send/message)
set(webhook_sources endpoint_url)
set(api_sources authenticator caller decimal fault_list fields free_text hook_message hook_signature idempotency_key json_body query)
set(app_sources settings/checks settings/dotenv settings/keys settings/load settings/notations settings/print
  settings/purposes settings/sources settings/table_checks settings/tables settings/toml settings/values)
set(boost_sources asio beast json)

add_library(fuzzed_parsers STATIC EXCLUDE_FROM_ALL)
foreach(layer core http net store bridgexapi otp webhook api app boost)
  foreach(source IN LISTS ${layer}_sources)
    set(file "${CMAKE_SOURCE_DIR}/src/${layer}/${source}.cpp")
    target_sources(fuzzed_parsers PRIVATE "${file}")
    # As in the library.
    set(alone ON)
    if(NOT layer STREQUAL "boost")
      get_source_file_property(alone "${file}" DIRECTORY "${CMAKE_SOURCE_DIR}/src/${layer}"
        SKIP_UNITY_BUILD_INCLUSION)
    endif()
    if(alone)
      otpd_compile_alone("${file}")
    endif()
  endforeach()
endforeach()
# Test code is not optimised otherwise. The prefix keeps CMake from dropping an option that was there before.
target_compile_options(fuzzed_parsers PRIVATE SHELL:-O1)
target_include_directories(fuzzed_parsers PUBLIC "${CMAKE_SOURCE_DIR}/include" PRIVATE
  "${CMAKE_SOURCE_DIR}/src/store" "${CMAKE_SOURCE_DIR}/src/otp" "${CMAKE_SOURCE_DIR}/src/app")
target_compile_definitions(fuzzed_parsers PUBLIC $<TARGET_PROPERTY:boost_compiled,INTERFACE_COMPILE_DEFINITIONS>)
target_link_libraries(fuzzed_parsers PUBLIC Boost::headers Boost::url OpenSSL::SSL OpenSSL::Crypto Threads::Threads
  phonenumber tomlplusplus::tomlplusplus SQLite::SQLite3 PRIVATE otpd_version otpd_options)
