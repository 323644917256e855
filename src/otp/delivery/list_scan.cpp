#include "delivery/list_scan.hpp"

#include "delivery/upstream_time.hpp"

namespace otpd::otp {

namespace {

/// Two messages made at about the same time may stand in either order; a page may repeat the end of the
/// one before, when new messages came meanwhile.
constexpr std::chrono::seconds disorder_max{2};

} // namespace

void list_scan::add(bridgexapi::delivery_page const& page, std::int64_t asked) {
    auto const listed = static_cast<std::int64_t>(page.reports.size());
    bool const first = pages_++ == 0;
    seen_ += listed;
    // An upstream that states no total is read as if it stated what it listed: less than what was seen
    // says nothing, nor does a first page that is full and claims to be all.
    bool const full = listed >= asked;
    bool const says_more = page.total > seen_;
    bool const says_all = page.total == seen_ && !(first && full);
    exhausted_ = listed == 0 || says_all || (!says_more && !full);
    if (says_more && !full && listed > 0) cap_ = listed;
    for (auto const& each : page.reports)
        note_time(read_upstream_time(each.created_at));
}

void list_scan::note_time(std::optional<wall_time> made) noexcept {
    if (!made || (oldest_ && *made > *oldest_ + disorder_max)) ordered_ = false;
    if (made && (!oldest_ || *made < *oldest_)) oldest_ = made;
}

bool list_scan::covers(wall_time time) const noexcept {
    return exhausted_ || (ordered_ && oldest_ && *oldest_ < time);
}

} // namespace otpd::otp
