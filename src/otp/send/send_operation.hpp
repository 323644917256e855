#pragma once

#include "otpd/core/deadline.hpp"
#include "routing/route_selector.hpp"
#include "send/code_factory.hpp"
#include "send/send_reports.hpp"
#include "send/send_results.hpp"
#include "send/send_state.hpp"
#include "send/store_steps.hpp"
#include "send/transmission.hpp"

#include <boost/asio/awaitable.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace otpd::otp {

/// The collaborators that all sends share.
struct send_parts {
    code_factory const& codes;
    route_selector const& routes;
    store_steps const& store;
    transmission const& upstream;
    send_results const& results;
    send_reports const& reports;
};

/// One send: the store admits it, the routes get the message one after the other until one may have
/// taken it, and the store settles it. It must not be cancelled: a message could be paid for that
/// is not recorded.
class send_operation {
public:
    /// The parts must outlive it.
    send_operation(send_parts const& parts, send_draft draft)
        : parts_(parts), send_{.draft = std::move(draft)} {}

    boost::asio::awaitable<outcome<sent>> run(deadline until);

    [[nodiscard]] send_state const& state() const noexcept { return send_; }
    /// The event of its transmission; nothing if it was not admitted.
    [[nodiscard]] std::optional<verification_event> const& event() const noexcept { return event_; }

private:
    /// Returns nothing if it was admitted.
    boost::asio::awaitable<std::optional<outcome<sent>>> admit(deadline until);
    boost::asio::awaitable<void> wait_for_first(store::result<store::admit_outcome>& answer,
                                                blocked_event const& blocked, deadline until);
    boost::asio::awaitable<outcome<sent>> refuse_all_routes(std::optional<failure> because);
    [[nodiscard]] std::optional<outcome<sent>> take(store::admit_outcome const& answer);
    [[nodiscard]] std::optional<verification_event>
    event_if_refused(store::admit_outcome const& answer) const;

    void begin_after(std::uint8_t step);
    bool advance();
    void report_since(std::size_t first) const;
    boost::asio::awaitable<bool> replace_reservation();
    void leave(step_report::result outcome, std::string_view why);

    boost::asio::awaitable<bridgexapi::send_outcome> transmit(deadline until);
    boost::asio::awaitable<void> settle(outcome<sent> const& result);

    send_parts const& parts_;
    send_state send_;
    std::optional<verification_event> event_;
};

} // namespace otpd::otp
