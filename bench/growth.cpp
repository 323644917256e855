// How the cost of a send and of a check grows with the number of live codes, and what it is like to be
// served while all of them expire at once. The domain and the memory store, without sockets: what
// remains is what could grow.
//
// Prints one JSON object a line. Ratios are taken within one run; rounds alternate between the sizes.

#include "otpd/otp/service.hpp"
#include "otpd/store/memory_store.hpp"
#include "otpd/telemetry/log.hpp"
#include "otpd/telemetry/metrics.hpp"
#include "unread_gateway.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

using namespace otpd;
using namespace std::chrono_literals;
namespace asio = boost::asio;

namespace {

using nanoseconds = std::chrono::nanoseconds;

class turned_clock final : public clock {
public:
    [[nodiscard]] steady_time now() const noexcept override {
        return std::chrono::steady_clock::now() + ahead_.load();
    }
    [[nodiscard]] wall_time wall() const noexcept override { return {}; }
    void turn(nanoseconds by) noexcept { ahead_ = ahead_.load() + by; }

private:
    std::atomic<nanoseconds> ahead_{nanoseconds::zero()};
};

/// An upstream that costs nothing.
class free_gateway final : public test::unread_gateway {
public:
    asio::awaitable<bridgexapi::send_outcome> send_sms(bridgexapi::sms, deadline) override {
        co_return bridgexapi::accepted{};
    }
};

/// One service with its store, on one thread.
struct bench {
    explicit bench(std::size_t live) {
        while (next_number < live)
            send();
    }

    phone_number number(std::uint64_t n) {
        return *phone_number::parse(std::to_string(31'600'000'000 + n));
    }

    [[nodiscard]] otp::caller who() const {
        otp::caller asking;
        asking.from = &client;
        return asking;
    }

    template <class T>
    T run(asio::awaitable<T> operation) {
        std::optional<T> result;
        asio::co_spawn(context, std::move(operation), [&](std::exception_ptr thrown, T value) {
            if (thrown) std::rethrow_exception(thrown);
            result = std::move(value);
        });
        context.restart();
        context.run();
        return *std::move(result);
    }

    void send() {
        otp::send_request request{who(), number(next_number++), login};
        if (!run(domain.send(std::move(request), deadline::in(1h))))
            throw std::runtime_error("a send was refused");
    }
    /// A wrong guess at a number that has had none.
    void check() {
        otp::verify_request request{who(), number(next_guess++), login, guess};
        auto const answer = run(domain.verify(std::move(request)));
        if (answer || (answer.error().code != otp::errc::invalid_code &&
                       answer.error().code != otp::errc::no_active_otp))
            throw std::runtime_error("a check went wrong");
    }

    asio::io_context context{1};
    turned_clock clock;
    store::memory_store store{context.get_executor(), clock, [] {
                                  store::memory_options options;
                                  options.items_max = 100'000'000;
                                  return options;
                              }()};
    free_gateway gateway;
    openssl_random random;
    otp::key_ring keys{secret_string(std::string(32, 'k')), {}, secret_string()};
    telemetry::logger log;
    telemetry::metrics metrics{telemetry::metrics_options{}};
    numbering_plan plan;
    otp::client client;
    otp::service domain{[] {
                            otp::policy rules;
                            rules.ttl = 600s;
                            rules.destinations.checked = false; // costs the same whatever is live
                            rules.pumping.enabled = false;
                            return rules;
                        }(),
                        {store, gateway, keys, plan, clock, random, log, metrics}};
    purpose login = *purpose::parse("login");
    passcode guess = *passcode::parse("000000");
    std::uint64_t next_number = 0;
    std::uint64_t next_guess = 0;
};

double median(std::vector<double> values) {
    std::ranges::nth_element(values,
                             values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2));
    return values[values.size() / 2];
}

/// Nanoseconds for each of `count` operations.
template <class Operation>
double cost(std::size_t count, Operation operation) {
    auto const began = std::chrono::steady_clock::now();
    for (std::size_t i = 0; i < count; ++i)
        operation();
    auto const elapsed = std::chrono::steady_clock::now() - began;
    return std::chrono::duration<double, std::nano>(elapsed).count() / static_cast<double>(count);
}

struct size_result {
    std::vector<double> send;
    std::vector<double> check;
};

void measure_growth(std::vector<std::size_t> const& sizes) {
    constexpr int rounds = 9;
    constexpr std::size_t operations = 100; // few beside the smallest size
    std::vector<std::unique_ptr<bench>> services;
    services.reserve(sizes.size());
    for (auto const size : sizes)
        services.push_back(std::make_unique<bench>(size));
    std::vector<size_result> results(sizes.size());
    for (int round = 0; round < rounds; ++round)
        for (std::size_t i = 0; i < sizes.size(); ++i) {
            results[i].send.push_back(cost(operations, [&] { services[i]->send(); }));
            results[i].check.push_back(cost(operations, [&] { services[i]->check(); }));
        }
    double const send_base = median(results[0].send);
    double const check_base = median(results[0].check);
    for (std::size_t i = 0; i < sizes.size(); ++i) {
        double const send = median(results[i].send);
        double const check = median(results[i].check);
        std::printf(R"({"bench":"growth","live_codes":%zu,"send_us":%.2f,"check_us":%.2f,)"
                    R"("send_ratio":%.2f,"check_ratio":%.2f})"
                    "\n",
                    sizes[i], send / 1000, check / 1000, send / send_base, check / check_base);
    }
}

struct latencies {
    std::vector<double> microseconds;
    void print(char const* phase) {
        std::ranges::sort(microseconds);
        auto at = [&](double q) {
            return microseconds[static_cast<std::size_t>(
                q * static_cast<double>(microseconds.size() - 1))];
        };
        std::printf(
            R"({"bench":"mass_expiry","phase":"%s","checks":%zu,"p50_us":%.1f,"p99_us":%.1f,)"
            R"("p999_us":%.1f,"max_us":%.1f})"
            "\n",
            phase, microseconds.size(), at(0.5), at(0.99), at(0.999), at(1));
    }
};

/// Checks one after the other until `enough` says so, each timed from its start to its answer while the
/// sweeper shares the thread.
template <class Enough>
asio::awaitable<void> check_until(bench& service, latencies& into, Enough enough) {
    while (!enough()) {
        otp::verify_request request{service.who(), service.number(service.next_guess++ % 1000),
                                    service.login, service.guess};
        auto const began = std::chrono::steady_clock::now();
        co_await service.domain.verify(std::move(request));
        into.microseconds.push_back(
            std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now() - began)
                .count());
    }
}

void measure_mass_expiry(std::size_t codes) {
    bench service(codes);
    latencies quiet;
    latencies busy;
    auto rethrow = [](std::exception_ptr thrown) {
        if (thrown) std::rethrow_exception(thrown);
    };
    auto long_enough = [&] { return quiet.microseconds.size() >= 100'000; };
    asio::co_spawn(service.context, check_until(service, quiet, long_enough), rethrow);
    service.context.restart();
    service.context.run();

    service.clock.turn(601s);
    bool swept = false;
    auto sweep = [&]() -> asio::awaitable<void> {
        co_await service.store.sweep();
        swept = true;
    };
    auto const began = std::chrono::steady_clock::now();
    asio::co_spawn(service.context, sweep, rethrow);
    asio::co_spawn(service.context, check_until(service, busy, [&] { return swept; }), rethrow);
    service.context.restart();
    service.context.run();
    auto const elapsed = std::chrono::steady_clock::now() - began;
    quiet.print("before");
    busy.print("during");
    std::printf(R"({"bench":"mass_expiry","codes":%zu,"swept_in_ms":%.0f,"items_left":%llu})"
                "\n",
                codes, std::chrono::duration<double, std::milli>(elapsed).count(),
                static_cast<unsigned long long>(service.store.usage().items));
}

} // namespace

int main(int argc, char** argv) {
    std::size_t const largest = argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 1'000'000;
    if (largest < 10'000) {
        static_cast<void>(std::fputs("usage: bench_growth [LIVE_CODES, at least 10000]\n", stderr));
        return 2;
    }
    measure_growth({1000, largest / 10, largest});
    measure_mass_expiry(largest);
}
