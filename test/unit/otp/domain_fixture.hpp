#pragma once

/// The domain on a memory store that can be switched off, with a scripted upstream and a manual
/// clock.

#include "backend/memory_backend.hpp"
#include "coroutines.hpp"
#include "domain_parts.hpp"
#include "fake_gateway.hpp"
#include "log_capture.hpp"
#include "manual_clock.hpp"
#include "otpd/core/encoding.hpp"
#include "otpd/otp/operations.hpp"
#include "otpd/telemetry/log.hpp"
#include "otpd/telemetry/metrics.hpp"

#include <boost/asio/strand.hpp>
#include <boost/test/unit_test.hpp>

#include <memory>
#include <optional>
#include <string>

namespace otpd::test {

inline otp::policy without_cooldown() {
    otp::policy rules;
    rules.cooldown.base = std::chrono::seconds(0);
    return rules;
}

/// Dutch mobile numbers that share all but their last four digits.
inline std::string neighbour(int last_four) {
    return std::to_string(31651860000 + last_four);
}

inline otp::route_step step(int route_id) {
    otp::route_step one;
    one.route_id = route_id;
    return one;
}

/// A store that can be switched off for each step.
class switchable_store final : public store::store {
public:
    explicit switchable_store(store& inner) : inner_(inner) {}
    bool admits = true, settles = true, replaces_reservation = true, checks = true, finds = true;
    bool releases = true;
    bool loses_admissions = false; ///< makes them, and loses the answer
    bool loses_checks = false;
    bool loses_settlements_of_hedges = false;
    /// Made before the next settlement of a second message.
    std::optional<otpd::store::delivery_update> update_before_hedge;
    int times_looked = 0; ///< calls of find()

    boost::asio::awaitable<otpd::store::result<otpd::store::admit_outcome>>
    admit(otpd::store::admission request) override {
        if (!admits) co_return otpd::store::fault::not_executed;
        auto answer = co_await inner_.admit(std::move(request));
        if (loses_admissions) co_return otpd::store::fault::unknown;
        co_return answer;
    }
    boost::asio::awaitable<otpd::store::result<otpd::store::settle_outcome>>
    settle(otpd::store::settlement request) override {
        if (!settles) co_return otpd::store::fault::unknown;
        if (request.is_hedge && update_before_hedge)
            (co_await inner_.update(*update_before_hedge)).value();
        bool const is_lost = request.is_hedge && loses_settlements_of_hedges;
        auto answer = co_await inner_.settle(std::move(request));
        if (is_lost) co_return otpd::store::fault::unknown;
        co_return answer;
    }
    boost::asio::awaitable<otpd::store::result<otpd::store::replace_outcome>>
    replace_reservation(otpd::store::reservation_replacement request) override {
        if (!replaces_reservation) co_return otpd::store::fault::not_executed;
        co_return co_await inner_.replace_reservation(std::move(request));
    }
    boost::asio::awaitable<otpd::store::result<otpd::store::update_outcome>>
    update(otpd::store::delivery_update request) override {
        return inner_.update(std::move(request));
    }
    boost::asio::awaitable<otpd::store::result<std::vector<std::int64_t>>>
    spent(std::vector<otpd::store::budget_key> budgets) override {
        return inner_.spent(std::move(budgets));
    }
    boost::asio::awaitable<otpd::store::result<otpd::store::score_answer>>
    scores(otpd::store::score_read request) override {
        return inner_.scores(std::move(request));
    }
    boost::asio::awaitable<otpd::store::result<otpd::store::check_outcome>>
    check_code(otpd::store::check request) override {
        if (!checks) co_return otpd::store::fault::not_executed;
        auto answer = co_await inner_.check_code(std::move(request));
        if (loses_checks) co_return otpd::store::fault::unknown;
        co_return answer;
    }
    boost::asio::awaitable<otpd::store::result<std::optional<otpd::store::verification>>>
    find(otpd::store::verification_address at) override {
        ++times_looked;
        if (!finds) co_return otpd::store::fault::not_executed;
        co_return co_await inner_.find(at);
    }
    boost::asio::awaitable<otpd::store::result<otpd::store::cancel_outcome>>
    cancel(otpd::store::cancellation request) override {
        return inner_.cancel(std::move(request));
    }
    boost::asio::awaitable<otpd::store::result<otpd::store::released>>
    release_number(otpd::store::release request) override {
        if (!releases) co_return otpd::store::fault::unknown;
        co_return co_await inner_.release_number(request);
    }
    boost::asio::awaitable<otpd::store::result<otpd::store::inspected>>
    inspect(otpd::store::inspection request) override {
        if (!finds) co_return otpd::store::fault::not_executed;
        co_return co_await inner_.inspect(std::move(request));
    }
    boost::asio::awaitable<otpd::store::result<std::uint64_t>> live_codes() override {
        return inner_.live_codes();
    }
    boost::asio::awaitable<otpd::store::result<std::monostate>> ping() override {
        return inner_.ping();
    }

private:
    store& inner_;
};

/// A Dutch mobile number.
inline constexpr char const* one_number = "31651860670";

/// Loading the plans takes longer than most tests.
inline numbering_plan const& shared_plan() {
    static numbering_plan const plan;
    return plan;
}

/// The same request from that device.
template <class Request>
Request with_device(std::string const& device, Request request) {
    request.caller.device = secret_string(device);
    return request;
}

struct domain_fixture {
    explicit domain_fixture(otp::policy rules = {})
        : domain(otp::make_operations(std::move(rules), deps())) {}

    otp::operations_dependencies deps() {
        return {store, gateway, gateway, keys,  shared_plan(), clock,   random,
                *log,  metrics, prices,  stats, deliveries,    waiters, event};
    }
    [[nodiscard]] otp::caller who() const {
        otp::caller asking;
        asking.client = &client;
        asking.address = "192.0.2.1";
        asking.request_id = "req-1";
        return asking;
    }
    [[nodiscard]] otp::send_request request(std::string const& to = one_number,
                                            char const* what = "login") const {
        return otp::send_request{who(), *phone_number::parse(to), *purpose::parse(what)};
    }
    otp::outcome<otp::sent> send(otp::send_request what) {
        return run(context,
                   domain.sender.send(std::move(what), deadline::in(std::chrono::seconds(30))));
    }
    otp::outcome<otp::sent> send() { return send(request()); }

    [[nodiscard]] otp::verify_request guess(std::string const& code,
                                            std::optional<std::string> id = {},
                                            std::string const& number = one_number,
                                            char const* what = "login") const {
        return otp::verify_request{who(), *phone_number::parse(number), *purpose::parse(what),
                                   *passcode::parse(code), std::move(id)};
    }
    otp::outcome<otp::verified> verify(otp::verify_request what) {
        return run(context, domain.verifier.verify(std::move(what)));
    }
    otp::outcome<otp::verified> verify(std::string const& code,
                                       std::optional<std::string> id = {}) {
        return verify(guess(code, std::move(id)));
    }
    otp::outcome<otp::verification_view> find(std::string id) {
        return run(context, domain.verifications.find(who(), std::move(id)));
    }
    otp::outcome<otp::verification_view> cancel(std::string id) {
        return run(context, domain.verifications.cancel(who(), std::move(id)));
    }
    /// Makes the device known to the number.
    void make_known(std::string const& device, std::string const& number = one_number) {
        auto const sent = send(with_device(device, request(number)));
        BOOST_TEST_REQUIRE(sent.has_value());
        BOOST_TEST_REQUIRE(
            verify(with_device(device, guess(gateway.last_code(), sent->id, number))).has_value());
    }
    [[nodiscard]] std::string wrong_code() const {
        return gateway.last_code() == "000000" ? "000001" : "000000";
    }
    /// The log so far; nothing can be logged afterwards.
    std::string logged() {
        log = nullptr; // waits for the queue
        return capture.text();
    }

    boost::asio::io_context context;
    manual_clock clock;
    otpd::store::memory_backend memory{context.get_executor(), clock,
                                       otpd::store::memory_options{}};
    switchable_store store{memory};
    fake_gateway gateway;
    otp::client client;
    otp::key_ring keys{secret_string(std::string(32, 'k')), {}, secret_string()};
    openssl_random random;
    log_capture capture;
    std::unique_ptr<telemetry::logger> log =
        std::make_unique<telemetry::logger>(capture, telemetry::level::trace, 1024);
    telemetry::metrics metrics{telemetry::metrics_options{"test", {}}};
    known_prices prices;
    known_stats stats;
    followed_messages deliveries;
    otp::event_waiters waiters{context.get_executor(), 16};
    event_list event;
    otp::operations domain;

    template <class T>
    T run(boost::asio::io_context& on, boost::asio::awaitable<T> operation) {
        return test::run(on, std::move(operation));
    }
};

} // namespace otpd::test
