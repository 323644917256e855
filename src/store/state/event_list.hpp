#pragma once

/// The events of one verification, packed: a step reads few of them and adds one. They are taken
/// apart only when somebody asks for them.

#include "otpd/store/verification.hpp"
#include "store_time.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace otpd::store::state {

struct event_record {
    event_type type = event_type::admitted;
    duration after{}; ///< the verification was admitted; >= 0
    std::string details;

    friend bool operator==(event_record const&, event_record const&) = default;
};

class event_list {
public:
    event_list() = default;
    /// What kept() and added() gave, one after the other; nothing when it is something else. The
    /// bytes have to stay as long as this and its copies.
    static std::optional<event_list> read(std::string_view kept);

    void add(event_type type, duration after, std::string_view details);
    /// Gives the first event other details, if it is an `admitted`.
    void change_admission(std::string_view details);

    [[nodiscard]] std::size_t size() const noexcept { return size_; }
    [[nodiscard]] std::size_t count(event_type type) const noexcept;
    /// The details of the last one of that kind; empty when there is none.
    [[nodiscard]] std::string last_details(event_type type) const;
    /// In the order in which they were added.
    [[nodiscard]] std::vector<event_record> all() const;

    [[nodiscard]] std::string_view kept() const noexcept { return kept_; }
    [[nodiscard]] std::string_view added() const noexcept { return added_; }

private:
    template <class Visit>
    void for_each(Visit visit) const;

    std::string_view kept_; ///< the first ones
    std::string added_;
    std::size_t size_ = 0;
};

} // namespace otpd::store::state
