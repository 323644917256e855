#include "journal/journal_slots.hpp"

#include <algorithm>
#include <utility>

namespace otpd::otp {

void journal_slots::begin(store::journal_id own) {
    own_ = own;
    is_new_ = true;
    allowed_ = next_ = 0;
    free_ = {};
    own_used_ = 0;
    for (auto at = waiting_.begin(); at != waiting_.end();) {
        bool const is_of_old = entries_.contains(at->ticket);
        if (is_of_old) waiting_by_ticket_.erase(at->ticket);
        at = is_of_old ? waiting_.erase(at) : std::next(at);
    }
    entries_.clear();
    taken_.clear();
    emptied_.clear();
    in_flight_.clear();
}

// --- entries ------------------------------------------------------------------------------------

std::optional<store::journal_place> journal_slots::reserve(journal_ticket ticket, id const& of) {
    std::uint32_t slot = next_;
    if (!free_.empty()) {
        slot = free_.top();
        free_.pop();
    } else if (next_ < allowed_) {
        ++next_;
    } else {
        return std::nullopt;
    }
    ++own_used_;
    store::journal_place const at{own_, slot};
    entries_.emplace(ticket, known_entry{at, of});
    return at;
}

void journal_slots::wait(change made) {
    auto const ticket = made.ticket;
    waiting_.push_back(std::move(made));
    waiting_by_ticket_[ticket] = std::prev(waiting_.end());
}

void journal_slots::put(journal_ticket ticket, id const& of, std::string text,
                        store::duration retention) {
    change made{ticket, of, std::move(text), retention};
    auto const found = waiting_by_ticket_.find(ticket);
    if (found != waiting_by_ticket_.end())
        *found->second = std::move(made);
    else
        wait(std::move(made));
}

void journal_slots::erase(journal_ticket ticket) {
    auto const found = waiting_by_ticket_.find(ticket);
    if (found != waiting_by_ticket_.end()) {
        waiting_.erase(found->second);
        waiting_by_ticket_.erase(found);
    }
    auto const entry = entries_.find(ticket);
    if (entry != entries_.end()) wait({ticket, entry->second.of, {}, {}});
}

void journal_slots::free(journal_ticket ticket) {
    auto const found = entries_.find(ticket);
    if (found == entries_.end()) return;
    auto const at = found->second.at;
    entries_.erase(found);
    if (at.journal == own_) {
        --own_used_;
        free_.push(at.slot);
        return;
    }
    auto const journal = taken_.find(at.journal);
    if (journal == taken_.end()) return;
    --journal->second.used;
    note_if_done(at.journal);
}

std::optional<store::journal_place> journal_slots::place_of(journal_ticket ticket) const {
    auto const found = entries_.find(ticket);
    if (found == entries_.end()) return std::nullopt;
    return found->second.at;
}

std::vector<store::journal_write> journal_slots::next_writes() {
    std::vector<store::journal_write> writes;
    if (!in_flight_.empty()) return writes;
    while (!waiting_.empty() && writes.size() < store::journal_page_max) {
        auto& next = waiting_.front();
        auto const ticket = next.ticket;
        auto entry = entries_.find(ticket);
        if (entry == entries_.end() && !next.text.empty()) {
            if (reserve(ticket, next.of))
                entry = entries_.find(ticket);
            else if (allowed_ < slots_max_)
                break; // the next claim allows more
            else
                ++left_out_;
        }
        if (entry != entries_.end()) {
            writes.push_back({entry->second.at, next.of, next.text, next.retention});
            in_flight_.push_back(std::move(next));
        }
        waiting_by_ticket_.erase(ticket);
        waiting_.pop_front();
    }
    return writes;
}

void journal_slots::written(bool is_done) {
    for (; !in_flight_.empty(); in_flight_.pop_back()) {
        auto const& last = in_flight_.back();
        if (is_done) {
            if (last.text.empty()) free(last.ticket);
        } else if (!waiting_by_ticket_.contains(last.ticket)) { // otherwise a later one replaces it
            waiting_.push_front(last);
            waiting_by_ticket_[last.ticket] = waiting_.begin();
        }
    }
}

// --- journals -----------------------------------------------------------------------------------

bool journal_slots::wants_slots() const noexcept {
    auto const needed = own_used_ + waiting_.size();
    return allowed_ < slots_max_ && needed > allowed_ / 2;
}

store::journal_claim journal_slots::claim() const {
    store::journal_claim request;
    request.holder = own_;
    request.begins = is_new_;
    request.slots = allowed_ == 0 ? slots_first_ : allowed_;
    if (allowed_ > 0 && wants_slots()) request.slots = 2 * allowed_;
    request.slots = std::min(request.slots, slots_max_);
    request.emptied = emptied_;
    request.passed = passed_;
    return request;
}

bool journal_slots::has_lost_one(store::journals_held const& answer) const {
    return std::ranges::any_of(taken_, [&](auto const& entry) {
        bool const is_held =
            std::ranges::find(answer, entry.first, &store::held_journal::id) != answer.end();
        return !is_held && std::ranges::find(emptied_, entry.first) == emptied_.end() &&
               std::ranges::find(passed_, entry.first) == passed_.end();
    });
}

std::vector<store::held_journal> journal_slots::held(store::journals_held const& answer) {
    std::vector<store::held_journal> fresh;
    is_new_ = false;
    for (auto const& entry : answer) {
        if (entry.id == own_)
            allowed_ = std::min(entry.slots, slots_max_);
        else if (taken_.try_emplace(entry.id).second)
            fresh.push_back(entry);
    }
    auto const is_gone = [&](store::journal_id const& journal_id) {
        bool const is_held =
            std::ranges::find(answer, journal_id, &store::held_journal::id) != answer.end();
        if (!is_held) taken_.erase(journal_id);
        return !is_held;
    };
    std::erase_if(emptied_, is_gone);
    std::ranges::for_each(passed_, is_gone); // and is not taken again
    return fresh;
}

void journal_slots::adopt(journal_ticket ticket, store::journal_place const& at, id const& of) {
    auto const journal = taken_.find(at.journal);
    if (journal == taken_.end()) return;
    ++journal->second.used;
    entries_.emplace(ticket, known_entry{at, of});
}

void journal_slots::pass(store::journal_id const& journal) {
    auto const found = taken_.find(journal);
    if (found != taken_.end()) found->second.has_passed = true;
}

void journal_slots::adopted(store::journal_id const& journal) {
    auto const found = taken_.find(journal);
    if (found == taken_.end()) return;
    found->second.is_complete = true;
    note_if_done(journal);
}

void journal_slots::note_if_done(store::journal_id const& journal) {
    auto const& state = taken_.at(journal);
    if (state.used > 0 || !state.is_complete) return;
    if (!state.has_passed) return emptied_.push_back(journal);
    if (passed_.size() == store::journals_max) passed_.erase(passed_.begin());
    passed_.push_back(journal);
}

} // namespace otpd::otp
