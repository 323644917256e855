// The service on an SQLite file: what it acknowledged is there after SIGKILL, the file is its own, and a
// disk without room closes it until there is room again.

#include "eventually.hpp"
#include "service_fixture.hpp"

#include <sys/resource.h>

#include <fstream>
#include <future>
#include <map>
#include <random>
#include <set>

using namespace otpd::test;

namespace {

environment on_file(temporary_directory const& directory, environment const& weaker) {
    environment settings{{"OTPD_STORE_URL", "sqlite:" + directory.path() + "/otpd.db"},
                         {"OTP_HMAC_SECRET", "a-secret-of-more-than-32-bytes-for-all-runs"}};
    return settings | weaker;
}

/// What a client knows of one number: only what it was answered.
struct acknowledged {
    std::string code;                ///< of the send; empty while that was not answered
    int attempts_left = 5;           ///< as last answered
    bool guess_unanswered = false;   ///< one was asked and may or may not have been counted
    bool used = false;               ///< the right code was answered with 200
    bool use_unanswered = false;     ///< the right code was asked
    std::vector<std::string> faults; ///< answers that should not have been
};
using knowledge = std::map<std::string, acknowledged>;

void expect_status(acknowledged& of, raw_reply const& reply, unsigned status) {
    if (reply.status != status)
        of.faults.push_back(std::to_string(reply.status) + ": " + reply.body);
}

/// Sends, guesses wrongly up to twice, and uses every second code, number after number until the server
/// is gone.
knowledge work_until_killed(std::uint16_t port, unsigned long long first_number) {
    knowledge known;
    try {
        http_client client(port);
        for (unsigned long long n = 0;; ++n) {
            auto const number = std::to_string(first_number + n);
            auto& state = known[number];
            auto const sent = client.ask(service_fixture::send_request(number));
            expect_status(state, sent, 200);
            if (sent.status != 200) continue;
            state.code = std::string(object_of(sent).at("debug_code").as_string());
            for (unsigned long long guess = 0; guess < n % 3; ++guess) {
                state.guess_unanswered = true;
                auto const reply =
                    client.ask(service_fixture::verify_request(number, wrong_code(state.code)));
                state.guess_unanswered = false;
                expect_status(state, reply, 400);
                if (reply.status == 400)
                    state.attempts_left = object_of(reply).at("attempts_left").to_number<int>();
            }
            if (n % 2 == 0) continue;
            state.use_unanswered = true;
            auto const used = client.ask(service_fixture::verify_request(number, state.code));
            state.use_unanswered = false;
            expect_status(state, used, 200);
            state.used = used.status == 200;
        }
    } catch (std::exception const&) {
        return known; // the connection broke: what was asked last is not answered
    }
}

struct killed_service {
    temporary_directory directory;
    stub_process stub{STUB_PROGRAM, trusted_authority::get().loopback, stub_options{api_key, {}}};
    environment settings = on_file(directory, service_fixture::upstream_at(stub.url()));

    /// Everything acknowledged still holds, asked of a service that was started after the kill.
    void check_kept(http_client& client, std::string const& number, acknowledged const& known) {
        auto send = [&] { return client.ask(service_fixture::send_request(number)); };
        auto verify = [&](std::string const& code) {
            return client.ask(service_fixture::verify_request(number, code));
        };
        for (auto const& fault : known.faults)
            BOOST_ERROR(fault);
        if (known.code.empty()) {
            // Perhaps nothing happened. But where an SMS went out, room had been made for it before.
            if (!stub.messages(number).empty()) check_outcome(send(), 429, "cooldown_active");
            return;
        }
        check_outcome(send(), 429, "cooldown_active");
        BOOST_TEST(stub.messages(number).size() == 1U);
        if (known.used) {
            check_outcome(verify(known.code), 404, "no_active_otp");
            return;
        }
        if (known.use_unanswered) {
            auto const status = verify(known.code).status; // used up by now, if not before
            BOOST_TEST((status == 200 || status == 404));
            check_outcome(verify(known.code), 404, "no_active_otp");
            return;
        }
        auto const wrong = verify(wrong_code(known.code, 1));
        check_outcome(wrong, 400, "invalid_code");
        if (wrong.status == 400) {
            auto const left = object_of(wrong).at("attempts_left").to_number<int>();
            BOOST_TEST(left <= known.attempts_left - 1);
            BOOST_TEST(left >= known.attempts_left - (known.guess_unanswered ? 2 : 1));
        }
        check_outcome(verify(known.code), 200);
        check_outcome(verify(known.code), 404, "no_active_otp");
    }
};

} // namespace

BOOST_AUTO_TEST_SUITE(service_on_sqlite)

BOOST_FIXTURE_TEST_CASE(nothing_acknowledged_is_lost_by_sigkill, killed_service) {
    constexpr int rounds = 12;
    constexpr unsigned clients = 8;
    constexpr unsigned seed =
        20261124; // any: it makes the moments repeatable as far as they can be
    std::mt19937 random(seed);
    std::size_t numbers = 0;
    std::size_t guesses = 0;
    std::size_t uses = 0;
    for (int round = 0; round < rounds; ++round) {
        std::vector<std::future<knowledge>> working;
        {
            otpd_process otpd(OTPD_PROGRAM, settings);
            for (unsigned c = 0; c < clients; ++c)
                working.push_back(std::async(std::launch::async, work_until_killed, otpd.port(),
                                             31'612'000'000ULL + 100'000ULL * c +
                                                 1'000ULL * static_cast<unsigned>(round)));
            std::this_thread::sleep_for(std::chrono::milliseconds(20 + random() % 200));
            otpd.process().signal(SIGKILL);
            BOOST_TEST(otpd.process().wait() == 128 + SIGKILL);
        }
        otpd_process otpd(OTPD_PROGRAM, settings);
        http_client client(otpd.port());
        for (auto& each : working)
            for (auto const& [number, known] : each.get())
                BOOST_TEST_CONTEXT("round " << round << ", number " << number) {
                    check_kept(client, number, known);
                    if (!known.code.empty()) ++numbers;
                    if (known.attempts_left < 5) ++guesses;
                    if (known.used) ++uses;
                }
        BOOST_TEST(otpd.stop() == 0);
        BOOST_TEST(otpd.process().errors() == "");
    }
    BOOST_TEST_MESSAGE(numbers << " sends, " << guesses << " with wrong guesses, " << uses
                               << " used codes were acknowledged before a kill");
    BOOST_TEST(numbers >= static_cast<std::size_t>(rounds));
}

BOOST_AUTO_TEST_CASE(a_second_service_on_the_file_ends_with_one_line) {
    temporary_directory const directory;
    service_fixture service(on_file(directory, {}));
    temporary_directory const elsewhere;
    environment settings = on_file(directory, service_fixture::upstream_at(service.stub.url()));
    settings["OTPD_SERVER_LISTEN"] = "127.0.0.1:0";
    settings["OTPD_ADMIN_LISTEN"] = "127.0.0.1:0";
    child_process second(OTPD_PROGRAM, {}, settings, elsewhere);
    BOOST_TEST(second.wait() == 1);
    BOOST_TEST(second.errors() ==
               "otpd: store: " + directory.path() + "/otpd.db is in use by another process\n");
    auto const number = service.fresh_number();
    check_outcome(service.verify(number, service.sent_code(number)), 200); // not disturbed
}

// A file cannot grow beyond what the process may write, which is what a full disk is to SQLite.
BOOST_AUTO_TEST_CASE(a_disk_without_room_closes_the_service_until_there_is_some) {
    temporary_directory const directory;
    service_fixture service(on_file(directory, {}));
    auto const number = service.fresh_number();
    auto const code = service.sent_code(number);
    rlimit const little{192 * 1024, RLIM_INFINITY}; // more than the log of this test
    rlimit before{};
    BOOST_REQUIRE(::prlimit(service.otpd.process().id(), RLIMIT_FSIZE, &little, &before) == 0);
    unsigned status = 200;
    for (int i = 0; i < 100 && status == 200; ++i)
        status = service.send(service.fresh_number()).status;
    BOOST_TEST(status == 503U);
    auto const requests = service.stub.requests().size();
    check_outcome(service.send(service.fresh_number()), 503, "store_unavailable");
    check_outcome(service.verify(number, wrong_code(code)), 503, "store_unavailable");
    check_outcome(service.verify(number, code), 503, "store_unavailable");
    check_outcome(service.client.ask(get("/readyz")), 503);
    BOOST_TEST(service.client.ask(get("/livez")).status == 200U);
    BOOST_TEST(service.stub.requests().size() == requests); // nothing went to the upstream
    BOOST_TEST(service.otpd.events("store_lost").size() == 1U);

    rlimit enough = little;
    enough.rlim_cur = before.rlim_cur;
    BOOST_REQUIRE(::prlimit(service.otpd.process().id(), RLIMIT_FSIZE, &enough, nullptr) == 0);
    eventually([&] { return service.client.ask(get("/readyz")).status == 200; });
    check_outcome(service.verify(number, wrong_code(code)), 400, "invalid_code");
    check_outcome(service.verify(number, code), 200);
    BOOST_TEST(service.otpd.events("store_ready").size() == 2U);
}

// R16: neither codes nor numbers are in the file or its log.
BOOST_AUTO_TEST_CASE(the_file_holds_no_code_and_no_number) {
    temporary_directory const directory;
    service_fixture service(on_file(directory, {}));
    auto const number = service.fresh_number();
    auto const code = service.sent_code(number);
    std::string all;
    for (auto const* const name : {"/otpd.db", "/otpd.db-wal"}) {
        std::ifstream in(directory.path() + name, std::ios::binary);
        all.append(std::istreambuf_iterator<char>(in), {});
    }
    BOOST_TEST(all.find("cooldown") != std::string::npos); // these are the right files
    BOOST_TEST(all.find(number) == std::string::npos);
    BOOST_TEST(all.find(code) == std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()
