#include "bridgexapi_stub/service.hpp"

#include "control.hpp"

#include <boost/json/parse.hpp>

#include <algorithm>
#include <stdexcept>

namespace bridgexapi_stub {
namespace {

namespace json = boost::json;

json::value parse(std::string_view text) {
    boost::system::error_code error;
    auto value = json::parse(text, error);
    if (error) throw std::invalid_argument{"not JSON: " + error.message()};
    return value;
}

bool takes_effect(std::vector<fault> const& faults) {
    return std::all_of(faults.begin(), faults.end(),
                       [](fault const& one) { return one.takes_effect(); });
}

std::optional<std::string> vendor_reason(std::vector<fault> const& faults) {
    for (auto const& one : faults) {
        if (one.kind->name != "vendor") continue;
        auto const* reason = one.options.if_contains("reason");
        return std::string{reason && reason->is_string() ? std::string_view{reason->get_string()}
                                                         : "submit rejected"};
    }
    return std::nullopt;
}

} // namespace

service::service(service_options options)
    : options_{std::move(options)}, state_{fresh_state()}, recorder_{fresh_recorder()} {}

upstream_state service::fresh_state() const {
    upstream_state fresh;
    for (auto const& key : options_.api_keys) {
        account one;
        one.key = key;
        one.balance = options_.balance;
        fresh.accounts.push_back(std::move(one));
    }
    fresh.config.plan = options_.plan;
    fresh.messages.set_messages_max(options_.messages_max);
    return fresh;
}

recorder service::fresh_recorder() const {
    recorder fresh;
    fresh.enabled = options_.record;
    fresh.requests_max = options_.requests_max;
    return fresh;
}

service::admitted service::connection_opened() {
    std::lock_guard const lock{mutex_};
    ++recorder_.stats.connections_accepted;
    ++recorder_.stats.connections_open;
    changed_.notify_all();
    auto how = welcome::serve;
    if (auto const fault = faults_.take_connection()) {
        auto const* rst = fault->options.if_contains("rst");
        bool const hard = rst && rst->is_bool() && rst->get_bool();
        how = fault->kind->name == "stall" ? welcome::stall
              : hard                       ? welcome::refuse_reset
                                           : welcome::refuse;
    }
    return {++connections_, how};
}

void service::connection_closed(std::uint64_t bytes_left) {
    std::lock_guard const lock{mutex_};
    --recorder_.stats.connections_open;
    recorder_.stats.request_bytes += bytes_left;
    changed_.notify_all();
}

void service::tls_finished(bool succeeded, bool resumed) {
    std::lock_guard const lock{mutex_};
    auto& stats = recorder_.stats;
    ++(succeeded ? stats.tls_handshakes : stats.tls_failed);
    if (succeeded && resumed) ++stats.tls_resumed;
    changed_.notify_all();
}

exchange service::unparsable(connection_info const& connection, std::string_view why) {
    std::lock_guard const lock{mutex_};
    ++recorder_.stats.bad_requests;
    violation breach;
    breach.connection = connection.number;
    breach.code = "http";
    breach.text = why;
    recorder_.add(std::move(breach));
    changed_.notify_all();
    incoming nothing;
    nothing.keep_alive = false;
    return make_exchange(reply::error(400, "Invalid HTTP request received."), {}, nothing);
}

exchange service::handle(incoming request) {
    std::lock_guard const lock{mutex_};
    recorder_.stats.request_bytes += request.wire_bytes;
    auto out = control::is_for(request) ? make_exchange(control{*this}.handle(request), {}, request)
                                        : handle_api(std::move(request));
    changed_.notify_all();
    return out;
}

exchange service::too_large(incoming request) {
    std::lock_guard const lock{mutex_};
    auto const& refused = state_.config.of(refusal::body_too_large);
    violation breach;
    breach.connection = request.connection.number;
    breach.code = "body";
    breach.text = "a body over the limit";
    recorder_.add(std::move(breach));
    request.keep_alive = false;
    return make_exchange(reply::error(refused.status, refused.detail), {}, request);
}

exchange service::handle_api(incoming request) {
    api_request parsed{request};
    parsed.sequence = ++sequence_;
    auto const where = parsed.target.where;
    auto& stats = recorder_.stats;
    ++stats.requests;
    ++stats.by_endpoint[static_cast<std::size_t>(where)];
    recorder_.check_manners(request, where, parsed.body.has_value(), parsed.sequence);

    auto const faults = faults_.take(where, parsed.numbers());
    api_options options;
    options.commit = takes_effect(faults);
    options.vendor_reason = vendor_reason(faults);
    auto result = api{state_}.handle(parsed, options);
    stats.sms_accepted += result.accepted.size();
    announce(result.accepted);
    auto out = make_exchange(std::move(result.answer), faults, request);
    if (!recorder_.enabled) return out;

    recorded_request record;
    record.sequence = parsed.sequence;
    record.received_at =
        std::chrono::time_point_cast<std::chrono::microseconds>(std::chrono::system_clock::now());
    record.where = where;
    record.status = out.status;
    for (auto const& one : faults)
        record.faults.emplace_back(one.kind->name);
    record.accepted = std::move(result.accepted);
    record.order_id = result.order_id;
    record.raw = std::move(request);
    recorder_.add(std::move(record));
    return out;
}

void service::announce(std::vector<std::string> const& bx_message_ids) const {
    if (!options_.on_sms) return;
    for (auto const& id : bx_message_ids)
        if (auto const* message = state_.messages.find(id)) options_.on_sms(*message);
}

std::vector<recorded_request> service::requests() const {
    std::lock_guard const lock{mutex_};
    return {recorder_.requests().begin(), recorder_.requests().end()};
}

std::vector<recorded_request> service::requests(endpoint where) const {
    auto all = requests();
    std::erase_if(all, [where](recorded_request const& one) { return one.where != where; });
    return all;
}

std::vector<sms> service::messages() const {
    std::lock_guard const lock{mutex_};
    return {state_.messages.messages().begin(), state_.messages.messages().end()};
}

std::vector<violation> service::violations() const {
    std::lock_guard const lock{mutex_};
    return {recorder_.violations().begin(), recorder_.violations().end()};
}

stub_stats service::stats() const {
    std::lock_guard const lock{mutex_};
    return recorder_.stats;
}

delivery_state service::state_of(std::string_view bx_message_id) const {
    std::lock_guard const lock{mutex_};
    auto const* message = state_.messages.find(bx_message_id);
    return message ? message->state_at(state_.clock.now()) : delivery_state{};
}

std::uint64_t service::add_fault(std::string_view fault_as_json) {
    auto one = fault::parse(parse(fault_as_json));
    std::lock_guard const lock{mutex_};
    return faults_.add(std::move(one));
}

void service::clear_faults() {
    std::lock_guard const lock{mutex_};
    faults_.clear();
}

void service::freeze() {
    std::lock_guard const lock{mutex_};
    state_.clock.freeze();
}

void service::advance(std::chrono::microseconds by) {
    std::lock_guard const lock{mutex_};
    state_.clock.advance(by);
}

void service::configure(std::string_view changes_as_json) {
    auto const changes = parse(changes_as_json);
    std::lock_guard const lock{mutex_};
    control{*this}.apply_config(changes);
}

void service::reset() {
    std::lock_guard const lock{mutex_};
    control{*this}.reset();
}

bool service::wait_for(std::function<bool(stub_stats const&)> const& done,
                       std::chrono::milliseconds at_most) const {
    std::unique_lock lock{mutex_};
    return changed_.wait_for(lock, at_most, [&] { return done(recorder_.stats); });
}

} // namespace bridgexapi_stub
