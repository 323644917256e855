/// Two instances under load while the server is killed, stopped, paused, filled and made read-only: whatever
/// happens, no code is accepted twice, no sixth guess is evaluated and no send goes out without its
/// reservation.

#include "redis_fixture.hpp"

#include <boost/asio/strand.hpp>

using namespace otpd::test;
using namespace otpd;
namespace asio = boost::asio;

namespace {

/// What the clients of one number have been answered.
struct tally {
    int admitted = 0;
    int wrong = 0;
    int verified = 0;
};

/// Sends one code to each number, guesses wrongly too often and then rightly too often, over either
/// instance, and goes on to the next number.
class load {
public:
    load(driven_redis_store& first, driven_redis_store& second) : instances_{&first, &second} {
        for (std::uint32_t client = 0; client < clients; ++client)
            asio::co_spawn(asio::make_strand(context_), work(client), [this](std::exception_ptr e) {
                if (e) threw_ = true;
            });
        for (int i = 0; i < 2; ++i)
            threads_.emplace_back([this] { context_.run(); });
    }
    ~load() { stop(); }
    load(load const&) = delete;
    load& operator=(load const&) = delete;

    [[nodiscard]] std::uint64_t verified() const noexcept { return verified_; }
    [[nodiscard]] std::uint64_t numbers() const noexcept { return numbers_; }
    [[nodiscard]] std::uint64_t faults() const noexcept { return faults_; }
    [[nodiscard]] std::uint64_t violations() const noexcept {
        return violations_ + (threw_ ? 1 : 0);
    }
    void stop() {
        stopping_ = true;
        threads_.clear();
    }

private:
    static constexpr std::uint32_t clients = 32;

    asio::awaitable<void> work(std::uint32_t client) {
        for (std::uint32_t n = 0; !stopping_; ++n)
            co_await one_number(client * 10'000'000 + n, *instances_[n % 2],
                                *instances_[(n + 1) % 2]);
    }
    asio::awaitable<void> one_number(std::uint32_t phone, driven_redis_store& first,
                                     driven_redis_store& second) {
        tally seen;
        for (std::uint32_t i = 0; i < 2; ++i) {
            auto request = send_of(phone, 111, 2 * phone + i);
            auto const answer = co_await (i == 0 ? first : second)->admit(std::move(request));
            note(answer);
            if (is<store::admitted>(answer)) ++seen.admitted;
        }
        for (std::uint32_t i = 0; i < attempts_max - 1; ++i) {
            auto const answer = co_await guess(i % 2 == 0 ? first : second, phone, 222);
            if (is<store::wrong>(answer)) ++seen.wrong;
        }
        if (phone % 2 == 0) // every second one is used up by guessing
            for (std::uint32_t i = 0; i < attempts_max; ++i) {
                auto const answer = co_await guess(first, phone, 333);
                if (is<store::wrong>(answer)) ++seen.wrong;
            }
        for (std::uint32_t i = 0; i < 3; ++i) {
            auto const answer = co_await guess(i % 2 == 0 ? second : first, phone, 111);
            if (is<store::verified>(answer)) ++seen.verified;
        }
        bool const exhausted_code_accepted =
            phone % 2 == 0 && seen.verified > 0 && seen.wrong >= static_cast<int>(attempts_max);
        if (seen.admitted > 1 || seen.verified > 1 || seen.wrong > static_cast<int>(attempts_max) ||
            exhausted_code_accepted)
            ++violations_;
        verified_ += static_cast<std::uint64_t>(seen.verified);
        ++numbers_;
    }
    asio::awaitable<store::result<store::check_outcome>>
    guess(driven_redis_store& at, std::uint32_t phone, std::uint32_t code) {
        auto request = guess_of(phone, code);
        auto answer = co_await at->check_code(std::move(request));
        note(answer);
        co_return answer;
    }
    template <class Answer>
    void note(Answer const& answer) {
        if (answer.has_error()) ++faults_;
    }

    std::array<driven_redis_store*, 2> instances_;
    asio::io_context context_;
    std::atomic<bool> stopping_{false};
    std::atomic<bool> threw_{false};
    std::atomic<std::uint64_t> verified_{0};
    std::atomic<std::uint64_t> numbers_{0};
    std::atomic<std::uint64_t> faults_{0};
    std::atomic<std::uint64_t> violations_{0};
    std::vector<std::jthread> threads_;
};

store::redis_options as_deployed(std::string const& url) {
    auto options = redis_at(url);
    options.timeout = 250ms;
    options.connections = 2;
    return options;
}

struct fixture {
    redis_process server{redis_setup{.tcp = true,
                                     .turned_clock = "",
                                     .more = {"--appendonly", "yes", "--appendfsync", "always"}}};
    driven_redis_store first{as_deployed(server.url())};
    driven_redis_store second{as_deployed(server.url())};
    load clients{first, second};

    fixture() { wait_for_progress(); }
    ~fixture() {
        clients.stop();
        BOOST_TEST(clients.violations() == 0U);
        BOOST_TEST(!first.failed());
        BOOST_TEST(!second.failed());
    }

    /// Some more codes are verified.
    void wait_for_progress() const {
        auto const before = clients.verified();
        eventually([&] { return clients.verified() > before + 200; });
    }
    /// Waits until the fault is felt, ends it, and waits for both instances.
    template <class End>
    void recover(End end, std::chrono::milliseconds felt_for = 300ms) {
        auto const before = clients.faults();
        eventually([&] { return clients.faults() > before + 50; });
        std::this_thread::sleep_for(felt_for); // the fault itself, not a wait for something
        end();
        auto const ended = std::chrono::steady_clock::now();
        eventually([&] { return first.answers() && second.answers(); });
        std::chrono::duration<double> const took = std::chrono::steady_clock::now() - ended;
        BOOST_TEST_MESSAGE("recovered after " << took.count() << " s; " << clients.numbers()
                                              << " numbers, " << clients.faults() << " faults");
        wait_for_progress();
    }
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(redis_under_load, fixture)

BOOST_AUTO_TEST_CASE(killed_and_started_again) {
    for (int i = 0; i < 3; ++i) {
        server.kill();
        recover([this] { server.start(); });
    }
}

BOOST_AUTO_TEST_CASE(stopped_for_ten_seconds) {
    server.freeze();
    recover([this] { server.thaw(); }, 10s);
}

BOOST_AUTO_TEST_CASE(clients_paused) {
    server.ask({"CLIENT", "PAUSE", "1000", "ALL"});
    recover([] {}, 1s);
}

BOOST_AUTO_TEST_CASE(scripts_flushed) {
    for (int i = 0; i < 20; ++i) {
        server.ask({"SCRIPT", "FLUSH"});
        wait_for_progress();
    }
}

BOOST_AUTO_TEST_CASE(out_of_memory) {
    server.ask({"CONFIG", "SET", "maxmemory", "1"});
    recover([this] { server.ask({"CONFIG", "SET", "maxmemory", "0"}); });
}

BOOST_AUTO_TEST_CASE(read_only) {
    server.ask({"REPLICAOF", "127.0.0.1", "1"});
    recover([this] { server.ask({"REPLICAOF", "NO", "ONE"}); });
}

BOOST_AUTO_TEST_SUITE_END()
