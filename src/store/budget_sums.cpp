#include "budget_sums.hpp"

#include <algorithm>
#include <limits>
#include <string_view>

namespace otpd::store {

namespace {

bool is_of(std::string_view kept, budget_key const& key) noexcept {
    return kept.size() == key.name.size() + 1 + key.period.size() && kept.starts_with(key.name) &&
           kept[key.name.size()] == '@' && kept.ends_with(key.period);
}

template <class Sums>
auto* find_in(Sums& sums, budget_key const& of) noexcept {
    auto const found =
        std::ranges::find_if(sums, [&of](auto const& each) { return is_of(each.name, of); });
    return found == sums.end() ? nullptr : &*found;
}

} // namespace

std::int64_t changed_by(std::int64_t taken, std::int64_t change) noexcept {
    if (change > std::numeric_limits<std::int64_t>::max() - taken)
        return std::numeric_limits<std::int64_t>::max();
    return std::max<std::int64_t>(0, taken + change);
}

std::optional<duration> refusal_of(reservation const& what, budget_sum const* kept,
                                   std::int64_t taken, store_time now) noexcept {
    if (what.amount <= what.cap - taken) return std::nullopt;
    return kept == nullptr ? std::max(duration(1), what.keep) : until(kept->expires, now);
}

std::vector<budget_sum> const& budget_sums::all() const noexcept {
    static std::vector<budget_sum> const none;
    return kept_ ? *kept_ : none;
}

budget_sum const* budget_sums::find(budget_key const& of) const noexcept {
    return find_in(all(), of);
}

store_time budget_sums::next_expiry() const noexcept {
    auto next = store_time::max();
    for (auto const& each : all())
        next = std::min(next, each.expires);
    return next;
}

void budget_sums::drop_expired(store_time now) {
    if (!kept_) return;
    std::erase_if(*kept_, [now](auto const& each) { return each.expires <= now; });
    if (kept_->empty()) kept_.reset();
}

void budget_sums::put(budget_sum sum) {
    if (!kept_) kept_ = std::make_unique<std::vector<budget_sum>>();
    kept_->push_back(std::move(sum));
}

void budget_sums::take(reservation const& what, store_time now) {
    if (find(what.from) == nullptr)
        put(budget_sum{what.from.name + '@' + what.from.period, 0, now + what.keep});
    auto& kept = *find_in(*kept_, what.from);
    kept.taken = changed_by(kept.taken, what.amount);
}

void budget_sums::adjust(adjustment const& what) noexcept {
    auto* const kept = kept_ ? find_in(*kept_, what.of) : nullptr;
    if (kept != nullptr) kept->taken = changed_by(kept->taken, what.change);
}

} // namespace otpd::store
