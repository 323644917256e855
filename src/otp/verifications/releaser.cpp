#include "otpd/otp/release.hpp"
#include "otpd/telemetry/log.hpp"
#include "otpd/telemetry/metrics.hpp"
#include "seconds.hpp"
#include "to_the_end.hpp"

#include <algorithm>
#include <string_view>
#include <utility>

namespace otpd::otp {

namespace asio = boost::asio;

asio::awaitable<outcome<store::released>> releaser::release(release_request request) {
    return run_to_the_end(release_to_the_end(std::move(request)));
}

/// A release that the store did leaves its line in the log, even if its caller has left.
asio::awaitable<outcome<store::released>> releaser::release_to_the_end(release_request request) {
    if (std::ranges::find(clients_, request.client) == clients_.end())
        co_return failure{errc::client_not_found};
    store::release const asked{keys_.hash(request.client, request.number), request.what};
    auto const answer = co_await store_.release_number(asked);
    if (!answer) {
        if (answer.error() == store::fault::unknown) report(request, nullptr);
        co_return failure{errc::store_unavailable, retry_soon};
    }
    report(request, &*answer);
    co_return *answer;
}

/// Writes warnings, which the usual levels of the log keep. Without `done` the store may have done
/// it.
void releaser::report(release_request const& request, store::released const* done) const {
    bool const is_unlock = request.what == store::release_part::locks;
    auto const phone = request.number.masked();
    auto const forgotten = done != nullptr ? *done : store::released();
    std::string_view const outcome = done != nullptr ? "done" : "unknown";
    if (is_unlock)
        log_.warn("number_unlocked", {{"request_id", request.caller.request_id},
                                      {"trace_id", request.caller.trace},
                                      {"by", request.caller.client->name},
                                      {"client", request.client},
                                      {"phone", phone},
                                      {"reason", request.reason},
                                      {"outcome", outcome},
                                      {"wrong_guesses", forgotten.wrong_guesses},
                                      {"failures_in_a_row", forgotten.failures_in_a_row}});
    else
        log_.warn("devices_forgotten", {{"request_id", request.caller.request_id},
                                        {"trace_id", request.caller.trace},
                                        {"by", request.caller.client->name},
                                        {"client", request.client},
                                        {"phone", phone},
                                        {"reason", request.reason},
                                        {"outcome", outcome},
                                        {"devices", forgotten.devices}});
    metrics_.number_released(is_unlock ? "locks" : "devices");
}

} // namespace otpd::otp
