#pragma once

/// The events of one verification, in one piece of memory: a step reads few of them and adds one, and they
/// are looked at one by one only when somebody asks for them.

#include "otpd/store/verification.hpp"
#include "store_time.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace otpd::store {

struct event_record {
    event_kind what = event_kind::admitted;
    counter_time after{}; ///< the verification was admitted
    std::string details;
};

class event_log {
public:
    event_log() = default;
    /// What kept() and added() gave, one after the other. They have to stay as long as this and its copies.
    explicit event_log(std::string_view kept) noexcept : kept_(kept) {}

    void add(event_kind what, counter_time after, std::string_view details);
    /// Gives the first event other details, if it is an `admitted`.
    void retell_admission(std::string_view details);

    [[nodiscard]] std::size_t size() const noexcept;
    [[nodiscard]] std::size_t count(event_kind what) const noexcept;
    [[nodiscard]] bool has(event_kind what) const noexcept { return count(what) > 0; }
    /// The details of the last one of that kind; empty when there is none.
    [[nodiscard]] std::string last_details(event_kind what) const;
    /// In the order in which they were added.
    [[nodiscard]] std::vector<event_record> all() const;

    [[nodiscard]] std::string_view kept() const noexcept { return kept_; }
    [[nodiscard]] std::string_view added() const noexcept { return added_; }

private:
    template <class Visit>
    void for_each_event(Visit visit) const;

    std::string_view kept_; ///< the first ones
    std::string added_;     ///< one without details needs no memory of its own
};

} // namespace otpd::store
