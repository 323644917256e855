#pragma once

/// The whole service as deployed: otpd and bridgexapi-stub as separate programs, with HTTPS between
/// them and a certificate from an authority made for the test.

#include "support/certificates.hpp"
#include "support/http_client.hpp"
#include "support/otpd_process.hpp"
#include "support/stub_process.hpp"

#include <boost/test/unit_test.hpp>

#include <openssl/evp.h>

#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace otpd::test {

inline constexpr char const* api_key = "key-6f1d2c-of-the-account";

/// One authority for all tests of a program, and the file that makes otpd trust it.
struct trusted_authority {
    static trusted_authority const& get() {
        static trusted_authority const one;
        return one;
    }
    identity authority = make_authority();
    identity loopback{certificate_profile(), authority};
    temporary_directory directory;
    std::string ca_file = directory.add("authority.pem", authority.certificate_pem());
};

/// The rules of RFC 9457 and of this service for every error.
inline void check_problem(raw_reply const& reply) {
    BOOST_TEST_CONTEXT("problem " << reply.status << ' ' << reply.body) {
        BOOST_TEST(reply.field("Content-Type") == "application/problem+json");
        BOOST_TEST(reply.field("Cache-Control") == "no-store");
        auto const problem = object_of(reply);
        BOOST_TEST(problem.at("status").to_number<unsigned>() == reply.status);
        for (auto const* const name : {"type", "title", "detail", "code"})
            BOOST_TEST((problem.contains(name) && problem.at(name).is_string() &&
                        !problem.at(name).as_string().empty()),
                       "lacks " << name);
        BOOST_TEST(problem.at("instance").as_string() == reply.field("X-Request-Id"));
        if (reply.status == 429 || reply.status == 503)
            BOOST_TEST(std::stol(reply.field("Retry-After")) >= 1);
    }
}

/// Checks `status` and, for an error, `code`.
inline void check_outcome(raw_reply const& reply, unsigned status, std::string_view code = "") {
    BOOST_TEST(reply.status == status,
               "status " << reply.status << " instead of " << status << ": " << reply.body);
    if (reply.status >= 400) check_problem(reply);
    if (!code.empty() && reply.status >= 400)
        BOOST_TEST(object_of(reply).at("code").as_string() == code);
}

/// A code of the same length that differs from `code`; different for different `n` below 9.
inline std::string wrong_code(std::string code, int n = 0) {
    code.back() = static_cast<char>('0' + (code.back() - '0' + 1 + n % 9) % 10);
    return code;
}

/// The hash of a token, as in a [[client]].
inline std::string sha256_of(std::string const& text) {
    std::array<unsigned char, 32> digest{};
    EVP_Digest(text.data(), text.size(), digest.data(), nullptr, EVP_sha256(), nullptr);
    std::string hex;
    for (auto const byte : digest) {
        hex += "0123456789abcdef"[byte >> 4];
        hex += "0123456789abcdef"[byte & 15];
    }
    return hex;
}

inline environment operator|(environment stronger, environment const& weaker) {
    stronger.insert(weaker.begin(), weaker.end());
    return stronger;
}

class service_fixture {
public:
    /// `config` is the text of config.toml.
    explicit service_fixture(environment settings = {}, std::string_view config = {})
        : service_fixture(std::move(settings), trusted_authority::get().loopback, {}, "127.0.0.1",
                          config) {}
    /// With a stub that presents the certificate `shown` and is named `host` in the base URL.
    service_fixture(environment settings, identity const& shown,
                    std::vector<std::string> const& stub_arguments = {},
                    std::string const& host = "127.0.0.1", std::string_view config = {})
        : stub(STUB_PROGRAM, shown, stub_options{api_key, stub_arguments}),
          otpd(OTPD_PROGRAM, std::move(settings) | upstream_at(stub.url(host)), config),
          client(otpd.port()) {}
    /// Both programs must end cleanly and without complaints: no crash, no leak, no race.
    ~service_fixture() {
        otpd.process().signal(SIGTERM);
        stub.process().signal(SIGTERM);
        BOOST_TEST(otpd.process().wait() == expected_exit);
        BOOST_TEST(otpd.process().errors() == "");
        BOOST_TEST(stub.process().wait() == 0);
        BOOST_TEST(stub.process().errors() == "");
    }
    service_fixture(service_fixture const&) = delete;
    service_fixture& operator=(service_fixture const&) = delete;

    /// Debug codes on, timeouts for a slow machine, no limits that several numbers share (most
    /// tests use many numbers of one prefix), no spending cap, no pauses of routes, and no
    /// background requests to the upstream.
    static environment upstream_at(std::string const& url) {
        return {{"OTPD_LIMITS_CLIENT_1M", "0"},
                {"OTPD_LIMITS_PREFIX_1H", "0"},
                {"OTPD_LIMITS_COUNTRY_1H", "0"},
                {"OTPD_LIMITS_GLOBAL_1M", "0"},
                {"OTPD_LIMITS_GLOBAL_24H", "0"},
                {"OTPD_LIMITS_GUESSES_CLIENT_1M", "0"},
                {"OTPD_LIMITS_READS_CLIENT_1M", "0"},
                {"OTPD_PUMPING_ENABLED", "false"},
                {"OTPD_ROUTES_FAILURES_TO_OPEN", "1000"},
                {"OTPD_MONEY_DAILY_CAP", "0"},
                {"OTPD_MONEY_PRICE_LIFETIME_SECONDS", "0"},
                {"OTPD_MONEY_BALANCE_INTERVAL_SECONDS", "0"},
                {"OTPD_DELIVERY_ENABLED", "false"},
                {"BRIDGEXAPI_BASE_URL", url},
                {"BRIDGEXAPI_API_KEY", api_key},
                {"OTPD_BRIDGEXAPI_CA_FILE", trusted_authority::get().ca_file},
                {"OTPD_BRIDGEXAPI_TIMEOUT", "25"},
                {"OTPD_BRIDGEXAPI_CONNECT_TIMEOUT_MS", "20000"},
                {"DEBUG_OTP", "true"}};
    }

    /// A number that this fixture has not used.
    std::string fresh_number() { return std::to_string(first_number + ++numbers_); }

    static http_request send_request(std::string const& number) {
        return post("/send-otp", {{"phone_number", number}});
    }
    static http_request verify_request(std::string const& number, std::string const& code) {
        return post("/verify-otp", {{"phone_number", number}, {"code", code}});
    }
    raw_reply send(std::string const& number) { return client.ask(send_request(number)); }
    raw_reply verify(std::string const& number, std::string const& code) {
        return client.ask(verify_request(number, code));
    }
    /// Sends a code, which must work, and returns it.
    std::string sent_code(std::string const& number) {
        auto const reply = send(number);
        BOOST_REQUIRE_MESSAGE(reply.status == 200, reply.body);
        return std::string(object_of(reply).at("debug_code").as_string());
    }

    stub_process stub;
    otpd_process otpd;
    http_client client;
    int expected_exit = 0; ///< of otpd

private:
    // Dutch, which the stub has prices for.
    static constexpr unsigned long long first_number = 31612000000;

    unsigned long long numbers_ = 0;
};

} // namespace otpd::test
