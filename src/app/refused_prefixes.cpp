#include "refused_prefixes.hpp"

#include <boost/asio/post.hpp>
#include <boost/asio/strand.hpp>

#include <algorithm>
#include <exception>
#include <utility>

namespace otpd::app {

namespace asio = boost::asio;

namespace {

/// More are not counted: a table of the heaviest loses nothing by that.
constexpr std::size_t waiting_max = 1024;

} // namespace

void prefix_table::count(refused_prefix const& one) {
    auto const is_quiet = [&one](refused_prefix const& refused_prefix) {
        return one.last_at - refused_prefix.last_at > quiet_max;
    };
    auto entry = std::ranges::find(entries_, one.prefix, &refused_prefix::prefix);
    if (entry != entries_.end() && !is_quiet(*entry)) {
        entry->refused += one.refused;
        entry->limits = one.limits;
        entry->last_at = std::max(entry->last_at, one.last_at);
        return;
    }
    if (entry == entries_.end() && entries_.size() < size_max) {
        entries_.push_back(one);
        return;
    }
    // A prefix that is in the table has counted itself since it was quiet. Any other may have been
    // displaced, with as many as any that was.
    bool const is_new = entry == entries_.end();
    if (is_new) entry = std::ranges::find_if(entries_, is_quiet);
    if (one.last_at - displaced_at_ > quiet_max) displaced_max_ = 0;
    if (entry == entries_.end()) {
        entry = std::ranges::min_element(entries_, {}, &refused_prefix::refused);
        displaced_max_ = std::max(displaced_max_, entry->refused);
        displaced_at_ = std::max(displaced_at_, entry->last_at);
    }
    auto const inherited = is_new ? displaced_max_ : 0;
    *entry = one;
    entry->refused += inherited;
    entry->over_by_at_most = inherited;
}

std::vector<refused_prefix> prefix_table::heaviest(wall_time now) const {
    auto list = entries_;
    std::erase_if(list, [now](auto const& entry) { return now - entry.last_at > quiet_max; });
    std::ranges::sort(list, std::ranges::greater(), &refused_prefix::refused);
    return list;
}

refused_prefixes::refused_prefixes(asio::any_io_executor const& executor)
    : strand_(asio::make_strand(executor)) {}

void refused_prefixes::on_event(otp::verification_event const& event) noexcept {
    if (event.type != otp::event_type::blocked || event.error == "cooldown_active") return;
    if (++waiting_ > waiting_max) {
        --waiting_;
        return;
    }
    try {
        refused_prefix one{event.number_prefix, event.country, 1,       0,
                           event.limits,        event.at,      event.at};
        asio::post(strand_, [this, one = std::move(one)] {
            --waiting_;
            table_.count(one);
        });
    } catch (std::exception const&) { // no memory: this one is not counted
        --waiting_;
    }
}

asio::awaitable<std::vector<refused_prefix>> refused_prefixes::heaviest(wall_time now) {
    auto read = [this, now] { return table_.heaviest(now); };
    co_return co_await net::on_strand(strand_, std::move(read));
}

} // namespace otpd::app
