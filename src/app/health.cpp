#include "health.hpp"

namespace otpd::app {

namespace asio = boost::asio;

namespace {

constexpr std::chrono::seconds kept_for{1};
/// Longer than any store takes: the store's own timeout is shorter, or a call is already in
/// progress.
constexpr std::chrono::seconds timeout{10};

} // namespace

health::health(asio::any_io_executor const& executor, store::store& store,
               bridgexapi::client const& sends, bridgexapi::client const& questions)
    : store_(store), sends_(sends), questions_(questions), pings_(executor, kept_for),
      counts_(executor, kept_for) {}

asio::awaitable<std::optional<std::string_view>> health::why_not_ready() {
    if (is_draining_) co_return "draining";
    pings::question const ask = [this] { return store_.ping(); };
    std::monostate const of_all;
    auto const answer = co_await pings_.get(of_all, ask, deadline::in(timeout));
    if (!answer || !*answer) co_return "the store does not answer";
    if (sends_.known_dead() || questions_.known_dead()) co_return "the upstream cannot be reached";
    co_return std::nullopt;
}

asio::awaitable<std::optional<std::uint64_t>> health::live_codes() {
    counts::question const ask = [this] { return store_.live_codes(); };
    std::monostate const of_all;
    auto const answer = co_await counts_.get(of_all, ask, deadline::in(timeout));
    if (!answer || !*answer) co_return std::nullopt;
    co_return **answer;
}

} // namespace otpd::app
