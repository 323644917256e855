#include "metered_store.hpp"

#include <chrono>
#include <string_view>
#include <utility>

namespace otpd::app {

namespace asio = boost::asio;

namespace {

telemetry::span span_of(trace_context const& request, std::string_view name,
                        std::chrono::steady_clock::time_point began, bool succeeded) {
    telemetry::span step;
    step.context = child_of(request);
    step.parent = request.span;
    step.name = "store ";
    step.name += name;
    step.began = began;
    step.ended = std::chrono::steady_clock::now();
    step.attributes.push_back({"db.operation.name", std::string(name)});
    if (!succeeded) step.error = "store_unavailable";
    return step;
}

/// Awaits one operation, if it is allowed at all, and records its result. A step of a
/// request also becomes a span of its trace.
template <class T>
asio::awaitable<otpd::store::result<T>>
measure(telemetry::metrics& metrics, secrets_gate& gate, std::string_view name,
        asio::awaitable<otpd::store::result<T>> operation, telemetry::tracer* spans = nullptr,
        trace_context request = {}) {
    auto const began = std::chrono::steady_clock::now();
    otpd::store::result<T> answer = otpd::store::fault::not_executed;
    bool passes = gate.is_open();
    if (!passes) passes = co_await gate.passes();
    if (passes) answer = co_await std::move(operation);
    metrics.store_operation(name, answer.has_value(), std::chrono::steady_clock::now() - began);
    if (spans != nullptr && request.is_recorded)
        spans->record([&] { return span_of(request, name, began, answer.has_value()); });
    co_return answer;
}

} // namespace

asio::awaitable<otpd::store::result<otpd::store::admit_outcome>>
metered_store::admit(otpd::store::admission request) {
    auto const trace = request.trace;
    return measure(metrics_, gate_, "admit", inner_.admit(std::move(request)), &spans_, trace);
}

asio::awaitable<otpd::store::result<otpd::store::settle_outcome>>
metered_store::settle(otpd::store::settlement request) {
    auto const trace = request.trace;
    return measure(metrics_, gate_, "settle", inner_.settle(std::move(request)), &spans_, trace);
}

asio::awaitable<otpd::store::result<otpd::store::replace_outcome>>
metered_store::replace_reservation(otpd::store::reservation_replacement request) {
    auto const trace = request.trace;
    return measure(metrics_, gate_, "replace_reservation",
                   inner_.replace_reservation(std::move(request)), &spans_, trace);
}

asio::awaitable<otpd::store::result<otpd::store::update_outcome>>
metered_store::update(otpd::store::delivery_update request) {
    return measure(metrics_, gate_, "update", inner_.update(std::move(request)));
}

asio::awaitable<otpd::store::result<otpd::store::check_outcome>>
metered_store::check_code(otpd::store::check request) {
    auto const trace = request.trace;
    return measure(metrics_, gate_, "check_code", inner_.check_code(std::move(request)), &spans_,
                   trace);
}

asio::awaitable<otpd::store::result<std::optional<otpd::store::verification>>>
metered_store::find(otpd::store::verification_address at) {
    return measure(metrics_, gate_, "find", inner_.find(at));
}

asio::awaitable<otpd::store::result<otpd::store::cancel_outcome>>
metered_store::cancel(otpd::store::cancellation request) {
    auto const trace = request.trace;
    return measure(metrics_, gate_, "cancel", inner_.cancel(std::move(request)), &spans_, trace);
}

asio::awaitable<otpd::store::result<otpd::store::released>>
metered_store::release_number(otpd::store::release request) {
    return measure(metrics_, gate_, "release_number", inner_.release_number(request));
}

asio::awaitable<otpd::store::result<otpd::store::inspected>>
metered_store::inspect(otpd::store::inspection request) {
    return measure(metrics_, gate_, "inspect", inner_.inspect(std::move(request)));
}

asio::awaitable<otpd::store::result<std::vector<std::int64_t>>>
metered_store::spent(std::vector<otpd::store::budget_key> budgets) {
    return measure(metrics_, gate_, "spent", inner_.spent(std::move(budgets)));
}

asio::awaitable<otpd::store::result<otpd::store::score_answer>>
metered_store::scores(otpd::store::score_read request) {
    return measure(metrics_, gate_, "scores", inner_.scores(std::move(request)));
}

asio::awaitable<otpd::store::result<std::uint64_t>> metered_store::live_codes() {
    return measure(metrics_, gate_, "live_codes", inner_.live_codes());
}

asio::awaitable<otpd::store::result<std::monostate>> metered_store::ping() {
    return measure(metrics_, gate_, "ping", inner_.ping());
}

asio::awaitable<otpd::store::result<otpd::store::journals_held>>
metered_store::claim_journals(otpd::store::journal_claim request) {
    return measure(metrics_, gate_, "claim_journals", inner_.claim_journals(std::move(request)));
}

asio::awaitable<otpd::store::result<std::monostate>>
metered_store::write_journal(std::vector<otpd::store::journal_write> writes) {
    return measure(metrics_, gate_, "write_journal", inner_.write_journal(std::move(writes)));
}

asio::awaitable<otpd::store::result<std::vector<otpd::store::journal_entry>>>
metered_store::read_journal(otpd::store::journal_page page) {
    return measure(metrics_, gate_, "read_journal", inner_.read_journal(page));
}

asio::awaitable<otpd::store::result<std::vector<otpd::store::destination_override>>>
metered_store::overrides() {
    return measure(metrics_, gate_, "overrides", inner_.overrides());
}

asio::awaitable<otpd::store::result<otpd::store::override_outcome>>
metered_store::change_override(otpd::store::override_change request) {
    return measure(metrics_, gate_, "change_override", inner_.change_override(std::move(request)));
}

} // namespace otpd::app
