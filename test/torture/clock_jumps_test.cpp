// The wall clock jumps by hours in both directions while the service works. Codes must keep their
// lifetime, and no cooldown or count of guesses may be reset.

#include "integration/service/service_fixture.hpp"
#include "ordinary_requests.hpp"
#include "scenario.hpp"
#include "support/eventually.hpp"
#include "support/test_stores.hpp"

#include <fcntl.h>
#include <unistd.h>

using namespace otpd::test;

namespace {

/// Changed while the program runs (turned_clock.c).
class turned_clock_file {
public:
    turned_clock_file() { turn(std::chrono::hours(0)); }
    void turn(std::chrono::microseconds by) const {
        std::int64_t const count = by.count();
        int const file = ::open(path().c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
        auto const written = ::pwrite(file, &count, sizeof count, 0);
        ::close(file);
        if (written != sizeof count) throw std::runtime_error("cannot turn the clock");
    }
    [[nodiscard]] environment settings() const {
        environment with{{"LD_PRELOAD", TURNED_CLOCK_LIBRARY}, {"TURNED_CLOCK", path()}};
        if (is_sanitized) with["ASAN_OPTIONS"] = "verify_asan_link_order=0";
        return with;
    }

private:
    [[nodiscard]] std::string path() const { return directory_.path() + "/clock"; }
    temporary_directory directory_;
};

/// An upstream whose certificates stay valid across the jumps.
struct lasting_upstream {
    static certificate_profile lasting(bool is_authority) {
        certificate_profile profile;
        profile.valid_from = std::chrono::hours(-1000);
        profile.valid_until = std::chrono::hours(1000);
        if (!is_authority) return profile;
        profile.common_name = "otpd test authority of lasting things";
        profile.alternative_names.clear();
        profile.authority = true;
        return profile;
    }
    identity authority{lasting(true)};
    identity loopback{lasting(false), authority};
    temporary_directory directory;
    std::string ca_file = directory.add("authority.pem", authority.certificate_pem());
};

constexpr std::chrono::hours jumps[] = {std::chrono::hours(5), std::chrono::hours(-7),
                                        std::chrono::hours(0), std::chrono::hours(49),
                                        std::chrono::hours(-49)};
constexpr std::chrono::seconds ttl{30}; // the minimum

using stores_of_this_clock = boost::mpl::list<on_memory, on_sqlite>;

} // namespace

BOOST_AUTO_TEST_SUITE(clock_jumps)

BOOST_AUTO_TEST_CASE_TEMPLATE(change_no_life_and_no_limit, Store, stores_of_this_clock) {
    scenario what{"clock jumps", "the wall clock jumps by hours, forward and backward"};
    Store store;
    turned_clock_file clock;
    environment settings = clock.settings() | store.settings();
    settings["OTP_TTL_SECONDS"] = std::to_string(ttl.count());
    settings["OTPD_SERVER_IDLE_TIMEOUT_MS"] = "120000"; // longer than the lifetime of a code
    lasting_upstream const upstream;
    settings["OTPD_BRIDGEXAPI_CA_FILE"] = upstream.ca_file;
    service_fixture service(settings, upstream.loopback);
    ordinary_requests beside(service.otpd.port(), [](timed_client& client, unsigned long long n) {
        auto const number = std::to_string(31'616'000'000ULL + n);
        auto const sent = client.ask(service_fixture::send_request(number));
        if (sent.status != 200) return "a send: " + sent.body;
        auto const code = std::string(object_of(sent).at("debug_code").as_string());
        auto const used = client.ask(service_fixture::verify_request(number, code));
        return used.status == 200 ? std::string() : "a check: " + used.body;
    });
    auto const began = std::chrono::steady_clock::now();
    auto const kept = service.fresh_number();
    auto const kept_code = service.sent_code(kept);
    for (std::size_t round = 0; round < rounds(20, 1); ++round) {
        for (auto const by : jumps) {
            auto const number = service.fresh_number();
            auto const code = service.sent_code(number);
            auto const first = service.verify(number, wrong_code(code));
            clock.turn(by);
            check_outcome(service.send(number), 429, "cooldown_active");
            auto const second = service.verify(number, wrong_code(code, 1));
            BOOST_TEST(object_of(second).at("attempts_left").to_number<int>() ==
                       object_of(first).at("attempts_left").to_number<int>() - 1);
            check_outcome(service.verify(number, code), 200); // not expired early
            check_outcome(service.verify(number, code), 404);
            what.add_rounds();
        }
    }
    if (std::chrono::steady_clock::now() - began < ttl / 2)
        check_outcome(service.verify(kept, wrong_code(kept_code)), 400, "invalid_code");
    if (runs_all_rounds()) { // it does not live longer either, with the clock two days back
        std::this_thread::sleep_until(began + ttl +
                                      std::chrono::seconds(1)); // waits for the code to expire
        check_outcome(service.verify(kept, kept_code), 404, "no_active_otp");
    }
    beside.stop();
    what.waited(beside.longest());
    BOOST_TEST(beside.first_fault() == "");
}

BOOST_AUTO_TEST_SUITE_END()
