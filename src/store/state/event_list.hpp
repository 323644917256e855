#pragma once

/// The events of one verification, packed. A step reads few of them and adds one, so they are
/// unpacked only on demand.

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
    duration after{}; ///< since the admission of the verification; >= 0
    std::string details;

    friend bool operator==(event_record const&, event_record const&) = default;
};

class event_list {
public:
    event_list() = default;
    /// Reads kept() followed by added(); returns nothing if the bytes are malformed. The bytes must
    /// live as long as this object and its copies.
    static std::optional<event_list> read(std::string_view kept);

    void add(event_type type, duration after, std::string_view details);
    /// Changes the details of the first event if it is an `admitted`.
    void change_admission(std::string_view details);

    [[nodiscard]] std::size_t size() const noexcept { return size_; }
    [[nodiscard]] std::size_t count(event_type type) const noexcept;
    /// The details of the last event of this type; empty if there is none.
    [[nodiscard]] std::string last_details(event_type type) const;
    /// The time of the last event of this type; 0 if there is none.
    [[nodiscard]] duration last_time(event_type type) const noexcept;
    /// In the order of their addition.
    [[nodiscard]] std::vector<event_record> all() const;

    [[nodiscard]] std::string_view kept() const noexcept { return kept_; }
    [[nodiscard]] std::string_view added() const noexcept { return added_; }

private:
    template <class Visit>
    void for_each(Visit visit) const;

    std::string_view kept_; ///< the first events
    std::string added_;
    std::size_t size_ = 0;
};

} // namespace otpd::store::state
