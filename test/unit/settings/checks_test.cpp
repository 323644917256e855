// Settings that are valid individually but unsafe or impossible together.

#include "support.hpp"

#include <chrono>

using namespace settings_test;

BOOST_AUTO_TEST_SUITE(setting_checks)

BOOST_AUTO_TEST_CASE(the_reference_services_sample_starts) {
    good(with_dotenv("BRIDGEXAPI_API_KEY=your_api_key_here\n"
                     "BRIDGEXAPI_BASE_URL=https://hi.bridgexapi.io\n"
                     "DEFAULT_CALLER_ID=BRIDGEXAPI\nOTP_LENGTH=6\nOTP_TTL_SECONDS=300\n"
                     "OTP_SEND_COOLDOWN_SECONDS=45\nOTP_MAX_ATTEMPTS=5\nDEBUG_OTP=true\n"));
}

BOOST_AUTO_TEST_CASE(an_api_key_is_required) {
    BOOST_TEST(fault({}) == "bridgexapi.api_key is required: set BRIDGEXAPI_API_KEY in the "
                            "environment or in .env, or BRIDGEXAPI_API_KEY_FILE to a file that "
                            "holds it");
    BOOST_TEST(contains(fault(sources({{"OTPD_BRIDGEXAPI_API_KEY", ""}})), "is required"));
}

BOOST_AUTO_TEST_CASE(the_operator_has_a_token_of_its_own_and_a_listener_to_show_it_at) {
    std::string const token = "0123456789abcdef";
    good(sources({{"OTPD_ADMIN_TOKEN", token}, {"API_AUTH_TOKEN", token + "0"}}));
    BOOST_TEST(fault(sources({{"OTPD_ADMIN_TOKEN", token}, {"API_AUTH_TOKEN", token}})) ==
               "admin.token is auth.token, too: the operator's neither sends nor verifies, give it "
               "one of its own");
    BOOST_TEST(fault(sources({{"OTPD_ADMIN_TOKEN", token}, {"OTPD_ADMIN_LISTEN", ""}})) ==
               "admin.token needs admin.listen, where it is asked for: set it, or leave the token "
               "empty");
    for (auto const& text : {token.substr(1), "0 " + token, std::string(1025, 'x')}) {
        auto const line = fault(sources({{"OTPD_ADMIN_TOKEN", text}}));
        BOOST_TEST(contains(line, "must be empty or 16 to 1024 visible ASCII characters"));
        BOOST_TEST(!contains(line, text));
    }
}

BOOST_AUTO_TEST_CASE(a_code_lives_ten_minutes_at_most) {
    good(sources({{"OTP_TTL_SECONDS", "30"}}));
    good(sources({{"OTP_TTL_SECONDS", "600"}}));
    for (auto const* text : {"29", "601"})
        BOOST_TEST(fault(sources({{"OTP_TTL_SECONDS", text}})) ==
                   "otp.ttl_seconds = \"" + std::string(text) +
                       "\" (OTP_TTL_SECONDS in the environment): must be a whole number from 30 to "
                       "600 seconds");
}

BOOST_AUTO_TEST_CASE(short_codes_must_be_accepted_in_words) {
    BOOST_TEST(
        fault(sources({{"OTP_LENGTH", "5"}})) ==
        "otp.length = 5 with otp.guesses_per_day = 20 can be guessed with a chance of 0.0006, "
        "over otp.accepted_guess_risk = 0.0001: use longer codes or fewer guesses, or raise "
        "otp.accepted_guess_risk to accept it");
    BOOST_TEST(contains(fault(sources({{"OTP_LENGTH", "4"}})), "chance of 0.006,"));
    good(sources({{"OTP_LENGTH", "5"}, {"OTPD_OTP_ACCEPTED_GUESS_RISK", "0.0006"}}));
    good(sources({{"OTP_LENGTH", "4"}, {"OTPD_OTP_ACCEPTED_GUESS_RISK", "0.006"}}));
    good(sources({{"OTP_LENGTH", "5"},
                  {"OTPD_OTP_GUESSES_PER_DAY", "1"},
                  {"OTPD_OTP_ACCEPTED_GUESS_RISK", "0.00022"}}));
    good(sources({{"OTP_LENGTH", "6"}, {"OTPD_OTP_GUESSES_PER_DAY", "40"}})); // exactly 1e-4
}

BOOST_AUTO_TEST_CASE(guesses_of_devices_are_no_greater_risk_than_those_of_strangers_may_be) {
    good(sources({{"OTPD_OTP_DEVICE_GUESSES_PER_DAY", "50"}})); // exactly 1e-4
    BOOST_TEST(
        fault(sources({{"OTPD_OTP_DEVICE_GUESSES_PER_DAY", "51"}})) ==
        "otp.length = 6 with otp.device_guesses_per_day = 51 can be guessed with a chance of "
        "0.000102, over otp.accepted_guess_risk = 0.0001: use longer codes or fewer guesses, or "
        "raise otp.accepted_guess_risk to accept it");
    good(sources(
        {{"OTPD_OTP_DEVICE_GUESSES_PER_DAY", "100"}, {"OTPD_OTP_ACCEPTED_GUESS_RISK", "0.0002"}}));
}

BOOST_AUTO_TEST_CASE(a_verification_is_known_as_long_as_its_code_is_valid) {
    good(sources({{"OTPD_OTP_RECORD_SECONDS", "300"}}));
    BOOST_TEST(fault(sources({{"OTPD_OTP_RECORD_SECONDS", "299"}})) ==
               "otp.record_seconds = 299 is less than otp.ttl_seconds: make it at least 300");
}

BOOST_AUTO_TEST_CASE(the_proxy_protocol_needs_proxies_to_trust) {
    good(sources(
        {{"OTPD_SERVER_PROXY_PROTOCOL", "true"}, {"OTPD_SERVER_TRUSTED_PROXIES", "10.0.0.1"}}));
    good(sources({{"OTPD_SERVER_TRUSTED_PROXIES", "10.0.0.1"}}));
    BOOST_TEST(fault(sources({{"OTPD_SERVER_PROXY_PROTOCOL", "true"}})) ==
               "server.proxy_protocol = true closes every connection without "
               "server.trusted_proxies: name the proxies there");
}

BOOST_AUTO_TEST_CASE(failures_that_take_their_time_fit_into_a_request) {
    good(sources({{"OTPD_OTP_UNIFORM_FAILURES_MS", "10000"}}));
    names const slow{{"OTPD_OTP_UNIFORM_FAILURES_MS", "5000"},
                     {"OTPD_SERVER_REQUEST_TIMEOUT_MS", "5000"},
                     {"BRIDGEXAPI_TIMEOUT", "1"}};
    BOOST_TEST(fault(sources(slow)) ==
               "server.request_timeout_ms = 5000 would cut off failed checks, which take "
               "otp.uniform_failures_ms: make it more than 5000");
}

BOOST_AUTO_TEST_CASE(weak_secrets_are_refused_with_every_store) {
    for (auto const* secret : {"change-me-in-production", "short"}) {
        auto const line = fault(sources({{"OTP_HMAC_SECRET", secret}}));
        BOOST_TEST(line ==
                   "otp.hmac_secret (OTP_HMAC_SECRET in the environment): must be empty or 32 "
                   "to 1024 random bytes, 8 of them different, not the well-known default "
                   "(make one: openssl rand -hex 32)");
    }
}

BOOST_AUTO_TEST_CASE(debug_codes_stay_on_loopback) {
    BOOST_TEST(fault(sources(on_network({{"DEBUG_OTP", "1"}}))) ==
               "otp.debug = true shows every code to whoever reaches server.listen = 0.0.0.0:8000: "
               "listen on 127.0.0.1 or turn it off");
    good(sources({{"DEBUG_OTP", "1"}, {"OTPD_SERVER_LISTEN", "[::1]:8000"}}));
}

BOOST_AUTO_TEST_CASE(the_network_needs_a_token) {
    for (auto const* listen : {"0.0.0.0:8000", "[::]:8000", "10.1.2.3:80", "otpd.example:80"})
        BOOST_TEST(
            fault(sources({{"OTPD_SERVER_LISTEN", listen}, {"OTPD_MONEY_DAILY_CAP", "25"}})) ==
            "auth.token or a [[client]] is required with server.listen = " + std::string(listen) +
                ": set API_AUTH_TOKEN, or listen on 127.0.0.1");
    good(sources(on_network()));
    good(sources({{"OTPD_SERVER_LISTEN", "localhost:0"}}));
}

BOOST_AUTO_TEST_CASE(on_the_network_the_operator_has_chosen_what_may_be_spent) {
    auto const on = [](std::string const& listen, std::string const& config) {
        return with_config(config,
                           {{"OTPD_SERVER_LISTEN", listen}, {"API_AUTH_TOKEN", good_secret}});
    };
    auto const everywhere = [&](std::string const& config) { return on("0.0.0.0:8000", config); };
    auto const budget = [](std::string const& key, std::string const& mode) {
        return "[[budget]]\nname = \"b\"\nkey = \"" + key + "\"\nperiod = \"month\"\ncap = 900\n" +
               "mode = \"" + mode + "\"\n";
    };
    for (auto const& config :
         {std::string(), budget("total", "observe"), budget("client", "enforce")})
        BOOST_TEST(fault(everywhere(config)) ==
                   "money.daily_cap or an enforced [[budget]] of key total is required with "
                   "server.listen = 0.0.0.0:8000: set OTPD_MONEY_DAILY_CAP to what may be spent in "
                   "a UTC day, in the account's currency (0: without a cap), or listen on "
                   "127.0.0.1");
    good(everywhere("[money]\ndaily_cap = 25\n"));
    good(everywhere("[money]\ndaily_cap = 0\n"));
    good(everywhere(budget("total", "enforce")));
    for (auto const* const loopback : {"127.0.0.1:8000", "[::1]:0", "localhost:0"})
        good(on(loopback, ""));
}

BOOST_AUTO_TEST_CASE(limits_are_off_on_loopback_only) {
    good(sources({{"OTPD_LIMITS_ENABLED", "false"}}));
    BOOST_TEST(fault(sources(on_network({{"OTPD_LIMITS_ENABLED", "false"}}))) ==
               "limits.enabled = false lets anyone who reaches server.listen = 0.0.0.0:8000 send "
               "without limit: listen on 127.0.0.1 or enable them");
}

BOOST_AUTO_TEST_CASE(the_upstream_is_reached_over_tls) {
    BOOST_TEST(
        fault(sources({{"BRIDGEXAPI_BASE_URL", "http://sms.example"}})) ==
        "bridgexapi.base_url = \"http://sms.example\" (BRIDGEXAPI_BASE_URL in the environment): "
        "must be an https URL without user, query and fragment (http for loopback addresses "
        "only)");
    auto const line = fault(sources({{"BRIDGEXAPI_BASE_URL", "https://u:s3cr3t@sms.example"}}));
    BOOST_TEST(!contains(line, "s3cr3t"));
    auto const query = fault(sources({{"BRIDGEXAPI_BASE_URL", "https://sms.example?key=s3cr3t"}}));
    BOOST_TEST(!contains(query, "s3cr3t"));
}

BOOST_AUTO_TEST_CASE(the_default_route_is_an_allowed_one) {
    BOOST_TEST(
        fault(sources({{"DEFAULT_ROUTE_ID", "6"}})) ==
        "otp.default_route_id = 6 is not in otp.allowed_routes: add it there or choose another");
    good(sources({{"DEFAULT_ROUTE_ID", "6"}, {"OTPD_OTP_ALLOWED_ROUTES", "6"}}));
}

BOOST_AUTO_TEST_CASE(a_replaced_secret_is_not_the_present_one) {
    auto const line = fault(sources(
        {{"OTP_HMAC_SECRET", good_secret}, {"OTPD_OTP_PREVIOUS_HMAC_SECRETS", good_secret}}));
    BOOST_TEST(contains(line, "otp.previous_hmac_secrets holds otp.hmac_secret itself"));
    BOOST_TEST(!contains(line, good_secret));
}

BOOST_AUTO_TEST_CASE(a_call_upstream_fits_into_a_request_and_into_the_drain) {
    good(sources({{"BRIDGEXAPI_TIMEOUT", "25"}}));
    BOOST_TEST(fault(sources({{"BRIDGEXAPI_TIMEOUT", "25.001"}})) ==
               "server.drain_timeout_ms = 25000 would cut off sends at shutdown that "
               "bridgexapi.timeout allows: make it at least 25001");
    BOOST_TEST(faults(sources({{"BRIDGEXAPI_TIMEOUT", "31"}})).size() == 2U);
    BOOST_TEST(
        fault(sources({{"OTPD_SERVER_REQUEST_TIMEOUT_MS", "19999"}})) ==
        "server.request_timeout_ms = 19999 would cut off calls that bridgexapi.timeout allows: "
        "make it at least 20000");
}

BOOST_AUTO_TEST_CASE(replaced_secrets_of_a_lasting_store_need_a_key_for_numbers) {
    for (std::string const url :
         {"sqlite:/x.db", "redis://127.0.0.1", "unix:/run/x.sock", "postgres://127.0.0.1/otp"}) {
        names rotating{{"OTPD_STORE_URL", url},
                       {"OTP_HMAC_SECRET", good_secret},
                       {"OTPD_OTP_PREVIOUS_HMAC_SECRETS", letters_from('A')}};
        BOOST_TEST(fault(sources(rotating))
                       .starts_with("otp.number_key_secret is required with "
                                    "otp.previous_hmac_secrets and store.url = "));
        rotating.emplace("OTPD_OTP_NUMBER_KEY_SECRET", letters_from('A'));
        good(sources(rotating));
    }
    good(sources(
        {{"OTP_HMAC_SECRET", good_secret}, {"OTPD_OTP_PREVIOUS_HMAC_SECRETS", letters_from('A')}}));
}

BOOST_AUTO_TEST_CASE(a_certificate_for_the_store_and_its_key_go_together) {
    names const certificate{{"OTPD_STORE_CERTIFICATE_FILE", "/c.pem"}};
    names const its_key{{"OTPD_STORE_KEY_FILE", "/k.pem"}};
    auto both = certificate;
    both.insert(its_key.begin(), its_key.end());
    good(sources(both));
    std::string const advice =
        ": set both (in store.url of PostgreSQL sslcert and sslkey), or neither";
    BOOST_TEST(fault(sources(certificate)) ==
               "store.certificate_file without store.key_file" + advice);
    BOOST_TEST(fault(sources(its_key)) == "store.key_file without store.certificate_file" + advice);

    auto const with_url = [](std::string const& options, names all) {
        all.emplace("OTPD_STORE_URL", "postgres://127.0.0.1/otp?" + options);
        all.emplace("OTP_HMAC_SECRET", good_secret);
        return sources(std::move(all));
    };
    good(with_url("sslcert=/c.pem&sslkey=/k.pem", {}));
    good(with_url("sslcert=/c.pem", its_key));
    BOOST_TEST(fault(with_url("sslcert=/c.pem", {})) ==
               "store.certificate_file without store.key_file" + advice);
    BOOST_TEST(fault(with_url("sslkey=/k.pem", {})) ==
               "store.key_file without store.certificate_file" + advice);
}

BOOST_AUTO_TEST_CASE(two_listeners_need_two_addresses) {
    BOOST_TEST(contains(fault(sources({{"OTPD_ADMIN_LISTEN", "127.0.0.1:8000"}})),
                        "admin.listen = 127.0.0.1:8000 is server.listen too"));
    good(sources({{"OTPD_ADMIN_LISTEN", "127.0.0.1:0"}, {"OTPD_SERVER_LISTEN", "127.0.0.1:0"}}));
}

BOOST_AUTO_TEST_CASE(unsafe_settings_are_all_named_at_once) {
    BOOST_TEST(faults(sources({{"OTPD_SERVER_LISTEN", "0.0.0.0:8000"},
                               {"DEBUG_OTP", "1"},
                               {"OTP_LENGTH", "4"},
                               {"OTPD_LIMITS_ENABLED", "no"}}))
                   .size() == 5U);
}

BOOST_AUTO_TEST_SUITE_END()
