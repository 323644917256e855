// otpd with codes already in its store: bench_filled [otpd's own arguments]
//
// - BENCH_CODES=N     how many, for the N numbers from 31620000001 on (those that loads/check.lua
//   requests); at most 30,000,000
// - BENCH_SPREAD_MS   over how much time their expiries are spread; 0: all at the same moment
//
// It is the whole program except for the creation of the store. Each code comes from
// otp::sender::send() under the program's own policy and keys, without HTTP and with an upstream
// that answers immediately. The store therefore contains the same as after that many requests. The
// store's clock stands still meanwhile: all codes have the same age at the first request, however
// long the filling took.

#include "app/program.hpp"
#include "app/wiring.hpp"
#include "domain_parts.hpp"
#include "otpd/core/numbering_plan.hpp"
#include "otpd/otp/operations.hpp"
#include "otpd/telemetry/log.hpp"
#include "otpd/telemetry/metrics.hpp"
#include "unread_gateway.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <stdexcept>
#include <string>

namespace otpd::bench {

namespace asio = boost::asio;
using std::chrono::nanoseconds;

namespace {

/// Stands still until it is released. From then on it is behind by the time that it stood still.
class held_clock final : public clock {
public:
    explicit held_clock(clock const& real) : real_(real), held_at_(real.now()) {}

    [[nodiscard]] steady_time now() const noexcept override {
        auto const behind = behind_.load(std::memory_order_relaxed);
        return behind < nanoseconds::zero() ? held_at_ : real_.now() - behind;
    }
    [[nodiscard]] wall_time wall() const noexcept override { return real_.wall(); }

    /// Call before the release, on the thread that fills.
    void move(nanoseconds by) noexcept { held_at_ += by; }
    void let_go() noexcept { behind_ = real_.now() - held_at_; }

private:
    clock const& real_;
    steady_time held_at_;
    std::atomic<nanoseconds> behind_{nanoseconds(-1)};
};

/// Accepts every message immediately, with as much data in the reply as BridgeXAPI's.
class prompt_gateway final : public test::unread_gateway {
public:
    asio::awaitable<bridgexapi::send_outcome> send_sms(bridgexapi::sms, deadline) override {
        auto const nth = std::to_string(1'000'000 + ++count_);
        bridgexapi::accepted out;
        out.order_id = nth;
        out.bx_message_id = "BX-" + nth + "-d5efc36fd1d19d27";
        out.cost = price;
        co_return out;
    }
    static constexpr money price = money::from_micros(91'000);

private:
    std::uint64_t count_ = 0;
};

class nobody final : public otp::observer, public otp::delivery_follower {
public:
    [[nodiscard]] bool wants(otp::event_type) const noexcept override { return false; }
    void on_event(otp::verification_event const&) noexcept override {}
    void follow(otp::followed_message) noexcept override {}
    asio::awaitable<std::optional<otp::delivery_view>> last_report(std::string) override {
        co_return std::nullopt;
    }
};

std::uint64_t number_from(char const* name) {
    char const* const text = std::getenv(name);
    return text == nullptr ? 0 : std::strtoull(text, nullptr, 10);
}

/// The domain around a store while it is filled.
class filling {
public:
    filling(asio::io_context& context, app::settings const& settings, store::store& into,
            held_clock& now)
        : context_(context), clock_(now), keys_(app::keys_of(settings.otp, random_)),
          event_waiters_(context.get_executor(), 1),
          domain_(
              otp::make_operations(app::policy_of(settings),
                                   {into, gateway_, gateway_, keys_, plan_, clock_, random_, log_,
                                    metrics_, prices_, stats_, nobody_, event_waiters_, nobody_})) {
        for (auto const& route : app::policy_of(settings).allowed_routes)
            prices_.of_route[route] = prompt_gateway::price;
    }

    void run(std::uint64_t codes, nanoseconds spread) {
        bool done = false;
        std::exception_ptr failure;
        asio::co_spawn(context_, send_all(codes, spread), [&](std::exception_ptr thrown) {
            failure = thrown;
            done = true;
        });
        while (!done)
            context_.run_one();
        context_.restart();
        if (failure) std::rethrow_exception(failure);
    }

private:
    asio::awaitable<void> send_all(std::uint64_t codes, nanoseconds spread) {
        constexpr std::uint64_t before_first = 31'620'000'000;
        constexpr std::chrono::seconds patience{30};
        auto const step = spread / static_cast<std::int64_t>(codes);
        for (std::uint64_t i = 1; i <= codes; ++i) {
            otp::caller caller;
            caller.client = &client_;
            caller.address = "127.0.0.1";
            otp::send_request request{
                caller, *phone_number::parse(std::to_string(before_first + i)), login_};
            auto const sent =
                co_await domain_.sender.send(std::move(request), deadline::in(patience));
            if (!sent)
                throw std::runtime_error("send " + std::to_string(i) + " of the filling failed");
            clock_.move(step);
        }
    }

    asio::io_context& context_;
    held_clock& clock_;
    openssl_random random_;
    otp::key_ring keys_;
    numbering_plan plan_;
    prompt_gateway gateway_;
    telemetry::logger log_;
    telemetry::metrics metrics_{telemetry::metrics_options{}};
    test::known_prices prices_;
    test::known_stats stats_;
    nobody nobody_;
    otp::event_waiters event_waiters_;
    otp::client client_;
    otp::operations domain_;
    purpose login_ = *purpose::parse("login");
};

std::unique_ptr<store::backend> filled(asio::any_io_executor const& executor,
                                       app::settings const& settings, clock const& now,
                                       store::observer& observer) {
    auto const codes = number_from("BENCH_CODES");
    if (codes == 0) return app::make_store(executor, settings, now, observer);
    static std::optional<held_clock> behind; // lives as long as the store may read it
    behind.emplace(now);
    auto out = app::make_store(executor, settings, *behind, observer);
    auto& context = static_cast<asio::io_context&>(
        boost::asio::query(executor, boost::asio::execution::context));
    auto const spread = std::chrono::milliseconds(number_from("BENCH_SPREAD_MS"));
    filling(context, settings, *out, *behind).run(codes, spread);
    behind->let_go();
    return out;
}

} // namespace
} // namespace otpd::bench

int main(int argc, char** argv) {
    return otpd::app::run_program(argc, argv, otpd::bench::filled);
}
