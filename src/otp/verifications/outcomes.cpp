#include "otpd/otp/outcomes.hpp"

#include "otpd/core/encoding.hpp"
#include "otpd/core/purpose.hpp"
#include "otpd/otp/timeline.hpp"
#include "otpd/telemetry/log.hpp"
#include "scope.hpp"
#include "seconds.hpp"

#include <utility>

namespace otpd::otp {

namespace asio = boost::asio;

namespace {

/// Empty: unknown.
std::string country_of(store::verification const& found) {
    for (auto const& event : found.events) {
        if (event.type != store::event_type::admitted) continue;
        for (auto const& [name, value] : read_details(event.details))
            if (auto const* const text = std::get_if<std::string>(&value);
                text != nullptr && name == "country")
                return *text;
    }
    return {};
}

} // namespace

asio::awaitable<outcome<store::cancel_outcome>> outcomes::end(store::cancellation request) const {
    auto const answer = co_await store_.cancel(std::move(request));
    if (!answer) co_return failure{errc::store_unavailable, retry_soon};
    if (*answer == store::cancel_outcome::absent) co_return failure{errc::verification_not_found};
    if (*answer == store::cancel_outcome::ended) co_return failure{errc::verification_ended};
    co_return *answer;
}

void outcomes::publish(event_type type, caller const& caller, std::string id,
                       store::cancel_outcome const& ended) const {
    verification_event event;
    event.type = type;
    event.at = ended.at;
    event.verification_id = std::move(id);
    event.request_id = caller.request_id;
    event.trace = caller.trace;
    event.client = caller.client->name;
    event.reference = ended.reference;
    observers_.on_event(event);
}

asio::awaitable<outcome<std::monostate>> outcomes::cancel(caller caller, std::string id) const {
    auto const at = keys_.open(id);
    if (!at) co_return failure{errc::verification_not_found};
    store::cancellation request{*at, scope_prefix(*caller.client), caller.trace};
    auto const ended = co_await end(std::move(request));
    if (!ended) co_return ended.error();
    log_.info("otp_canceled", {{"request_id", caller.request_id},
                               {"trace_id", caller.trace},
                               {"verification_id", to_hex(at->id)},
                               {"client", caller.client->name}});
    publish(event_type::canceled, caller, std::move(id), *ended);
    co_return std::monostate();
}

asio::awaitable<outcome<std::monostate>> outcomes::report(caller caller, std::string id,
                                                          bool is_verified) const {
    auto const at = keys_.open(id);
    if (!at) co_return failure{errc::verification_not_found};
    auto const found = co_await store_.find(*at);
    if (!found) co_return failure{errc::store_unavailable, retry_soon};
    if (!*found) co_return failure{errc::verification_not_found};
    store::cancellation request{*at, scope_prefix(*caller.client).append(purpose::hook_prefix),
                                caller.trace};
    if (is_verified)
        request.verified = store::score_slot{country_of(**found), store::score_hour(now_.wall())};
    auto const ended = co_await end(std::move(request));
    if (!ended) co_return ended.error();
    log_.info("otp_outcome", {{"request_id", caller.request_id},
                              {"trace_id", caller.trace},
                              {"verification_id", to_hex(at->id)},
                              {"client", caller.client->name},
                              {"outcome", is_verified ? "verified" : "failed"}});
    publish(is_verified ? event_type::verified : event_type::canceled, caller, std::move(id),
            *ended);
    co_return std::monostate();
}

} // namespace otpd::otp
