#pragma once

/// A session, what its instance remembers of the numbers that are asked for over it, and the steps of the
/// store: each is one script.

#include "session.hpp"
#include "shadow.hpp"
#include "wire.hpp"

#include <boost/asio/awaitable.hpp>

namespace otpd::store::redis {

class lane {
public:
    lane(boost::asio::any_io_executor const& executor, session_options const& options,
         session_events events, std::size_t remembered_max)
        : session_(executor, options, std::move(events)), remembered_(remembered_max) {}

    [[nodiscard]] session& link() noexcept { return session_; }

    // All of these run on the session's strand.
    boost::asio::awaitable<result<admit_outcome>> admit(admission request);
    boost::asio::awaitable<result<settle_outcome>> settle(settlement request);
    boost::asio::awaitable<result<rebook_outcome>> rebook(rebooking request);
    boost::asio::awaitable<result<update_outcome>> update(delivery_update request);
    boost::asio::awaitable<result<check_outcome>> check_code(check request);
    boost::asio::awaitable<result<std::optional<verification>>> find(verification_address at);
    boost::asio::awaitable<result<cancel_outcome>> cancel(cancellation request);
    boost::asio::awaitable<result<std::vector<std::int64_t>>> spent(std::vector<budget_key> of);
    boost::asio::awaitable<result<std::uint64_t>> live_codes();
    boost::asio::awaitable<result<std::monostate>> probe();

private:
    /// The guesses of a number that the server may not know of.
    [[nodiscard]] seen_guesses untold(number_key const& number) const;
    admitted take_admission(admission const& request, reader& answer);
    check_outcome judge(check const& request, reader& answer);
    verified take_right(check const& request, reader& answer);
    wrong take_wrong(check const& request, reader& answer);

    session session_;
    shadow remembered_; // on the session's strand
};

} // namespace otpd::store::redis
